using System.Text.Json;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

/// <summary>A thousand cached objects hold one copy of what they all say.</summary>
public sealed class PooledJsonTests
{
    private static readonly DomainJson Pooled = new(PooledJson.Of(DomainJson.Default));

    [Fact]
    public void Equal_strings_and_names_of_members_are_one_string()
    {
        const string Json = """
            {"metadata":{"name":"fix","namespace":"shop","labels":{"team":"payments"}},
             "status":{"phase":"AwaitingApproval","conditions":[{"type":"Ready","status":"False","reason":"ApprovalMissing","message":"Waits for people.","lastTransitionTime":"2026-11-23T09:00:00Z"}]}}
            """;
        var (one, other) = (Read(Json), Read(Json));
        Assert.Same(one.Metadata.Namespace, other.Metadata.Namespace);
        Assert.Same(one.Metadata.Labels!.Keys.Single(), other.Metadata.Labels!.Keys.Single());
        Assert.Same(one.Status!.Conditions![0].Message, other.Status!.Conditions![0].Message);
        Assert.Same(one.Status.Phase, other.Status.Phase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("\"quoted\" \\ and\nbroken")]
    [InlineData("Genehmigt für José 承認 ✓ 😀")]
    [InlineData("null")]
    public void Every_text_reads_back_as_it_was_written(string text)
    {
        var patch = new EmergencyPatch { Metadata = new() { Name = text, Annotations = new Dictionary<string, string> { [text + "key"] = text } } };
        for (var i = 0; i < 2; i++)
        {
            var read = Read(JsonSerializer.Serialize(patch, Pooled.EmergencyPatch));
            Assert.Equal(text, read.Metadata.Name);
            Assert.Equal(text, read.Metadata.Annotations![text + "key"]);
        }
    }

    [Fact]
    public void Texts_that_take_the_same_place_in_the_table_are_never_mixed_up() => Assert.All(
        Enumerable.Range(0, 20_000).Select(i => $"text-{i}"),
        text => Assert.Equal(text, Read($$$"""{"metadata":{"name":"{{{text}}}"}}""").Metadata.Name));

    [Fact]
    public void Long_texts_and_missing_ones_are_read_as_ever()
    {
        var text = new string('x', PooledStringConverter.Longest + 1);
        Assert.Equal(text, Read($$$"""{"metadata":{"name":"{{{text}}}","namespace":null}}""").Metadata.Name);
        Assert.Null(Read("""{"metadata":{"name":"fix","namespace":null}}""").Metadata.Namespace);
    }

    private static EmergencyPatch Read(string json) => JsonSerializer.Deserialize(json, Pooled.EmergencyPatch)!;
}

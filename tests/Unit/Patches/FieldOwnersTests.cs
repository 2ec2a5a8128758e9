using System.Text.Json.Nodes;
using PatchOperator.Patches;
using Xunit;

namespace PatchOperator.Tests.Unit.Patches;

/// <summary>The API server's books, as it writes them.</summary>
public sealed class FieldOwnersTests
{
    private static readonly string[][] Replicas = [["f:spec", "f:replicas"]];
    private static readonly string[][] Marks = [["f:metadata", "f:annotations", "f:nginx.ingress.kubernetes.io/*"]];

    [Fact]
    public void The_last_of_the_others_who_wrote_the_field_is_named() => Assert.Equal("kube-controller-manager", FieldOwners.Of(
        Subject(
            Entry("patch-operator", "03:00:09", """{"f:spec":{"f:replicas":{}}}"""),
            Entry("kubectl", "03:00:01", """{"f:spec":{"f:replicas":{}}}"""),
            Entry("kube-controller-manager", "03:00:05", """{"f:spec":{"f:replicas":{}}}"""),
            Entry("kubelet", "03:00:08", """{"f:status":{"f:replicas":{}}}""")),
        Replicas));

    [Theory]
    [InlineData("""{"f:spec":{"f:template":{}}}""")]
    [InlineData("""{"f:status":{"f:replicas":{}}}""")]
    [InlineData("""{"f:spec":"f:replicas"}""")]
    [InlineData("null")]
    public void Who_wrote_other_fields_is_not(string fields) => Assert.Null(FieldOwners.Of(Subject(Entry("kubectl", "03:00:01", fields)), Replicas));

    [Theory]
    [InlineData("""{"metadata":{}}""")]
    [InlineData("""{"metadata":{"managedFields":"none"}}""")]
    [InlineData("""{"metadata":{"managedFields":[null,{},{"manager":7,"fieldsV1":{"f:spec":{"f:replicas":{}}}}]}}""")]
    public void Without_books_nobody_is(string subject) => Assert.Null(FieldOwners.Of(JsonNode.Parse(subject)!.AsObject(), Replicas));

    [Fact]
    public void A_star_stands_for_all_that_begin_so()
    {
        Assert.Equal("kubectl-annotate", FieldOwners.Of(Subject(Entry("kubectl-annotate", "03:00:01", """{"f:metadata":{"f:annotations":{".":{},"f:nginx.ingress.kubernetes.io/canary-weight":{}}}}""")), Marks));
        Assert.Null(FieldOwners.Of(Subject(Entry("cert-manager", "03:00:01", """{"f:metadata":{"f:annotations":{"f:cert-manager.io/issued":{}}}}""")), Marks));
    }

    [Fact]
    public void The_image_of_a_container_has_the_key_of_its_list_which_may_be_either() => Assert.Equal(
        [
            """f:spec/f:template/f:spec/f:initContainers/k:{"name":"php"}/f:image""",
            """f:spec/f:template/f:spec/f:containers/k:{"name":"php"}/f:image""",
        ],
        FieldOwners.Image(["spec", "template", "spec"], "php").Select(path => string.Join('/', path)));

    private static JsonObject Subject(params JsonNode[] entries) => new() { ["metadata"] = new JsonObject { ["managedFields"] = new JsonArray(entries) } };

    private static JsonObject Entry(string manager, string time, string fields) =>
        new() { ["manager"] = manager, ["operation"] = "Update", ["time"] = $"2026-11-23T{time}Z", ["fieldsType"] = "FieldsV1", ["fieldsV1"] = JsonNode.Parse(fields) };
}

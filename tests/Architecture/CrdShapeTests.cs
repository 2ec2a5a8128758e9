using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Architecture;

public sealed partial class CrdShapeTests
{
    public static TheoryData<string> Kinds => [Names.EmergencyPatchKind, Names.ModuleCompatibilityKind];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_printer_column_shows_a_field_that_exists(string kind)
    {
        var columns = CrdSchemas.Version(kind)["additionalPrinterColumns"]!.AsArray().Select(column => column!["jsonPath"]!.ToString()).ToList();
        Assert.NotEmpty(columns);
        Assert.All(columns.Except([".metadata.creationTimestamp"]), path => Assert.True(Exists(CrdSchemas.Schema(kind), path), path));
    }

    [Fact]
    public void The_columns_are_those_that_a_person_on_call_looks_for() => Assert.Equal(
        ["Severity", "Phase", "Weight", "Approved", "Deadline", "Reason", "Age"],
        CrdSchemas.Version(Names.EmergencyPatchKind)["additionalPrinterColumns"]!.AsArray().Select(column => column!["name"]!.ToString()));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_rule_says_what_is_wrong(string kind)
    {
        var rules = SchemaWalk.All(CrdSchemas.Schema(kind)).SelectMany(each => (each.Schema["x-kubernetes-validations"]?.AsArray() ?? []).Select(rule => (each.Path, Rule: rule!))).ToList();
        Assert.NotEmpty(rules);
        Assert.All(rules, each => Assert.False(string.IsNullOrWhiteSpace(each.Rule["message"]?.ToString()), $"{each.Path}: {each.Rule["rule"]}"));
    }

    /// <summary>The API server refuses a CRD whose rules could cost too much, and takes what has no bound for endless.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Everything_that_a_user_writes_has_a_bound(string kind)
    {
        var spec = CrdSchemas.Schema(kind)["properties"]!["spec"]!.AsObject();
        Assert.All(SchemaWalk.All(spec), each => Assert.True(IsBounded(each.Schema), each.Path));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_list_says_how_it_is_merged(string kind) => Assert.All(
        SchemaWalk.All(CrdSchemas.Schema(kind)).Where(each => each.Schema["type"]?.ToString() == "array"),
        each => Assert.True(each.Schema["x-kubernetes-list-type"] is not null, each.Path));

    /// <summary>Status written by a newer operator must not be refused by an older definition, or nothing could be recorded at all.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Status_has_no_enumerations_and_no_patterns(string kind) => Assert.All(
        SchemaWalk.All(CrdSchemas.Schema(kind)["properties"]!["status"]!.AsObject()),
        each => Assert.True(each.Schema["enum"] is null && each.Schema["pattern"] is null && each.Schema["maxLength"] is null, each.Path));

    private static bool IsBounded(JsonObject schema) => schema["type"]?.ToString() switch
    {
        "string" => schema["maxLength"] is not null || schema["enum"] is not null,
        "array" => schema["maxItems"] is not null,
        "object" => schema["additionalProperties"] is null || schema["maxProperties"] is not null,
        _ => true,
    };

    private static bool Exists(JsonObject schema, string jsonPath)
    {
        JsonObject? at = schema;
        foreach (Match part in PathPart().Matches(jsonPath))
        {
            at = at?["properties"]?[part.Groups["name"].Value] as JsonObject;
            if (part.Groups["filter"].Success)
            {
                at = at?["items"] as JsonObject;
                Assert.NotNull(at?["properties"]?[part.Groups["filter"].Value]);
            }
        }

        return at is not null;
    }

    [GeneratedRegex("""\.(?<name>[a-zA-Z]+)(\[\?\(@\.(?<filter>[a-zA-Z]+)=="[A-Za-z]+"\)\])?""")]
    private static partial Regex PathPart();
}

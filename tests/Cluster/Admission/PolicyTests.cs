using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>The second line, which holds while the webhooks are down: the chart's own expressions against writes that people try.</summary>
public sealed class PolicyTests
{
    private const string Patches = "emergencypatches";
    private const string Audit = Annotations.Audit;
    private const string Seal = Annotations.AuditSeal;
    private const string Fact = "patchoperator.io/fact-1";

    [Theory]
    [InlineData("a trail in a manifest", null, $$"""{"{{Audit}}":"[]"}""", "audit-seal are written by the operator alone")]
    [InlineData("a seal in a manifest", null, $$"""{"{{Seal}}":"{}"}""", "audit-seal are written by the operator alone")]
    [InlineData("an empty trail in a manifest", null, $$"""{"{{Audit}}":""}""", "audit-seal are written by the operator alone")]
    [InlineData("a trail for a patch without one", "{}", $$"""{"{{Audit}}":"[]"}""", "audit-seal are written by the operator alone")]
    [InlineData("an edited trail", $$"""{"{{Audit}}":"[1]"}""", $$"""{"{{Audit}}":"[2]"}""", "audit-seal are written by the operator alone")]
    [InlineData("an edited seal", $$"""{"{{Audit}}":"[1]","{{Seal}}":"a"}""", $$"""{"{{Audit}}":"[1]","{{Seal}}":"b"}""", "audit-seal are written by the operator alone")]
    [InlineData("a trail that a replace loses", $$"""{"{{Audit}}":"[1]"}""", "{}", "would get lost")]
    [InlineData("a trail that a replace without any annotations loses", $$"""{"{{Audit}}":"[1]"}""", null, "would get lost")]
    [InlineData("a seal that a replace loses", $$"""{"{{Audit}}":"[1]","{{Seal}}":"a"}""", $$"""{"{{Audit}}":"[1]"}""", "would get lost")]
    [InlineData("a fact that a replace loses", $$"""{"{{Fact}}":{{Quoted.Alices}}}""", "{}", "would get lost")]
    [InlineData("a fact in the name of another", "{}", $$"""{"{{Fact}}":{{Quoted.Alices}}}""", "are recorded facts")]
    [InlineData("a fact in the name of another in a manifest", null, $$"""{"{{Fact}}":{{Quoted.Alices}}}""", "are recorded facts")]
    [InlineData("a fact with the own name further behind", "{}", $$"""{"{{Fact}}":" {\"actor\":\"mallory@example.com\"}"}""", "are recorded facts")]
    [InlineData("a fact of somebody whose name only begins like the own", "{}", $$"""{"{{Fact}}":"{\"actor\":\"mallory@example.com.evil\"}"}""", "are recorded facts")]
    [InlineData("a fact made into one's own", $$"""{"{{Fact}}":{{Quoted.Alices}}}""", $$"""{"{{Fact}}":{{Quoted.Mine}}}""", "are recorded facts")]
    [InlineData("one's own fact, edited", $$"""{"{{Fact}}":{{Quoted.Mine}}}""", $$"""{"{{Fact}}":"{\"actor\":\"mallory@example.com\",\"command\":\"abort\"}"}""", "are recorded facts")]
    [InlineData("a genuine fact under a second name", $$"""{"{{Fact}}":{{Quoted.Alices}}}""", $$"""{"{{Fact}}":{{Quoted.Alices}},"patchoperator.io/fact-2":{{Quoted.Alices}}}""", "are recorded facts")]
    [InlineData("a manifest without annotations", null, null, null)]
    [InlineData("an ordinary manifest", null, """{"team":"payments"}""", null)]
    [InlineData("an approval", $$"""{"{{Audit}}":"[1]","{{Seal}}":"a","{{Fact}}":{{Quoted.Alices}}}""", $$"""{"{{Audit}}":"[1]","{{Seal}}":"a","{{Fact}}":{{Quoted.Alices}},"patchoperator.io/approve":"yes"}""", null)]
    [InlineData("what the webhook makes of a command", "{}", $$"""{"{{Fact}}":{{Quoted.Mine}}}""", null)]
    [InlineData("what the webhook makes of a creation", null, $$"""{"{{Fact}}":{{Quoted.Mine}}}""", null)]
    [InlineData("what the webhook makes of a backup", null, """{"patchoperator.io/restored-audit":"[1]","patchoperator.io/restored-audit-seal":"a"}""", null)]
    [InlineData("annotations that come and go", """{"a":"1"}""", """{"b":"2"}""", null)]
    [InlineData("an annotation with a name that begins alike", "{}", """{"patchoperator.io/auditor":"x"}""", null)]
    [InlineData("an annotation with a name that begins alike, taken away", """{"patchoperator.io/auditor":"x","patchoperator.io/facts":"y"}""", "{}", null)]
    public void Annotations_are_kept_by_the_policy_alone(string attempt, string? before, string? after, string? message)
    {
        // Null for a creation.
        var old = before is null ? null : Patch(before);
        var refusals = Refusals("mallory@example.com", Patches, old, Patch(after));
        Judge(attempt, refusals, message);
        Assert.Empty(Refusals(Gatehouse.Operator, Patches, old, Patch(after)));
    }

    [Theory]
    [InlineData("""{"team":"payments"}""", true)]
    [InlineData("""{"patchoperator.io/approve":"yes"}""", true)]
    [InlineData($$"""{"{{Audit}}":"[1]"}""", false)]
    [InlineData($$"""{"{{Fact}}":{{Quoted.Alices}}}""", false)]
    public void The_first_annotations_of_a_patch_are_judged_as_any(string after, bool isAllowed) =>
        Assert.Equal(isAllowed, Refusals("mallory@example.com", Patches, Patch(null), Patch(after)).Count == 0);

    [Fact]
    public void What_cannot_be_evaluated_is_denied() => Assert.All(PolicyUnderTest.All, policy => Assert.True(policy.FailsClosed));

    [Theory]
    [InlineData("\"", """{"actor":"\"","command":"approve"}""", true)]
    [InlineData("mallory\",\"x\":\"", """{"actor":"mallory","x":"","command":"approve"}""", false)]
    [InlineData("a\\b", """{"actor":"a\\b"}""", true)]
    [InlineData("a\\", """{"actor":"a\\"}""", true)]
    public void A_name_with_quotes_or_backslashes_is_the_same_name_in_a_fact_and_no_other(string user, string fact, bool isAllowed) =>
        Assert.Equal(isAllowed, Refusals(user, Patches, Patch("{}"), Patch(new JsonObject { [Fact] = fact }.ToJsonString())).Count == 0);

    [Theory]
    [InlineData("the same status", """{"phase":"Pending","step":{"index":1}}""", """{"phase":"Pending","step":{"index":1}}""", true)]
    [InlineData("no status before or after", null, null, true)]
    [InlineData("another phase", """{"phase":"Pending"}""", """{"phase":"Promoted"}""", false)]
    [InlineData("an approval more", """{"approvals":[]}""", """{"approvals":[{"by":"alice@example.com"}]}""", false)]
    [InlineData("a number deep inside", """{"step":{"index":1}}""", """{"step":{"index":2}}""", false)]
    [InlineData("a status taken away", """{"phase":"Pending"}""", null, false)]
    [InlineData("a status where there was none", null, """{"phase":"Promoted"}""", false)]
    public void The_status_is_kept_by_the_policy_alone(string attempt, string? before, string? after, bool isAllowed)
    {
        foreach (var resource in (string[])["emergencypatches/status", "modulecompatibilities/status"])
        {
            var refusals = Refusals("mallory@example.com", resource, Stored(before), Stored(after));
            Assert.True(isAllowed == (refusals.Count == 0), $"{attempt}, {resource}: {string.Join("; ", refusals)}");
            Assert.Empty(Refusals(Gatehouse.Operator, resource, Stored(before), Stored(after)));
        }

        static JsonObject Stored(string? status) => status is null ? Patch(null) : new JsonObject { ["metadata"] = new JsonObject(), ["status"] = JsonNode.Parse(status) };
    }

    [Fact]
    public void An_account_that_is_called_almost_like_the_operator_is_not_the_operator()
    {
        foreach (var user in (string[])[Gatehouse.Operator + "2", Gatehouse.Operator.ToUpperInvariant(), "system:serviceaccount:shop:patch-operator", "patch-operator", ""])
        {
            Assert.Single(Refusals(user, Patches, null, Patch($$"""{"{{Audit}}":"[]"}""")));
            Assert.Single(Refusals(user, "emergencypatches/status", Status("Pending"), Status("Promoted")));
        }
    }

    private static JsonObject Status(string phase) => new() { ["metadata"] = new JsonObject(), ["status"] = new JsonObject { ["phase"] = phase } };

    private static void Judge(string attempt, IReadOnlyList<string> refusals, string? message)
    {
        if (message is null)
        {
            Assert.True(refusals.Count == 0, $"{attempt}: {string.Join("; ", refusals)}");
        }
        else
        {
            Assert.True(refusals is [var told] && told.Contains(message, StringComparison.Ordinal), $"{attempt}: {string.Join("; ", refusals)}");
        }
    }

    private static IReadOnlyList<string> Refusals(string user, string resource, JsonObject? before, JsonObject after)
    {
        Assert.Equal(2, PolicyUnderTest.All.Count);
        return [.. PolicyUnderTest.All.Select(policy => policy.Refusal(user, resource, before, after)).OfType<string>()];
    }

    private static JsonObject Patch(string? annotations) => new() { ["metadata"] = annotations is null ? new JsonObject { ["name"] = "fix" } : new JsonObject { ["name"] = "fix", ["annotations"] = JsonNode.Parse(annotations) } };

    /// <summary>Facts as JSON strings inside JSON.</summary>
    private static class Quoted
    {
        public const string Mine = """ "{\"actor\":\"mallory@example.com\",\"command\":\"approve\"}" """;
        public const string Alices = """ "{\"actor\":\"alice@example.com\",\"command\":\"approve\"}" """;
    }
}

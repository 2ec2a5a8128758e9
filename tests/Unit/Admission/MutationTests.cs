using System.Text.Json.Nodes;
using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using Xunit;

namespace PatchOperator.Tests.Unit.Admission;

/// <summary>Writes as the API server hands them to the mutating webhook.</summary>
public sealed class MutationTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private static readonly FactKeys Keys = FactKeys.None.Renewed(Now.AddDays(-1), length => [.. Enumerable.Range(7, length).Select(i => (byte)(i * 37))]);
    private static readonly Dictionary<string, bool?> Rights = new(StringComparer.Ordinal) { [Verbs.Approve] = true, [Verbs.Abort] = true, [Verbs.BreakGlass] = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_dry_run_shows_no_sealed_fact_that_could_be_kept_for_later(bool isDryRun)
    {
        var decided = Decide(Patch(), Patch(annotations: ("patchoperator.io/break-glass", "now")), isDryRun);
        Assert.Null(decided.Decision.Refusal);
        Assert.Equal(!isDryRun, decided.Annotations.Keys.Any(Annotations.IsFact));
    }

    [Fact]
    public void A_replace_on_top_of_an_older_version_is_a_conflict_and_no_forgery()
    {
        var consumed = ("patchoperator.io/fact-1", "{}");
        var decided = Decide(Patch(version: "8"), Patch(version: "7", annotations: consumed));
        Assert.Null(decided.Decision.Refusal);
        Assert.Empty(decided.Denied);
        Assert.Empty(decided.Annotations);
        Assert.NotNull(Decide(Patch(version: "7"), Patch(version: "7", annotations: consumed)).Decision.Refusal);
        Assert.NotNull(Decide(Patch(version: "7"), Patch(version: null, annotations: consumed)).Decision.Refusal);
    }

    [Theory]
    [InlineData("abort", true)]
    [InlineData("approve", false)]
    public void However_many_facts_wait_an_abort_is_taken(string command, bool isTaken)
    {
        var waiting = Enumerable.Range(0, 40).Select(i => ($"patchoperator.io/fact-{i}", "{}")).ToArray();
        var decided = Decide(Patch(annotations: waiting), Patch(annotations: [.. waiting, ($"patchoperator.io/{command}", "now")]));
        Assert.Equal(isTaken, decided.Decision.Refusal is null);
    }

    [Fact]
    public void The_finalizer_that_a_replace_leaves_out_is_put_back()
    {
        Assert.True(Decide(Patch(finalizers: [Names.Finalizer, "x.io/y"]), Patch(finalizers: ["x.io/y"])).KeepsFinalizer);
        Assert.False(Decide(Patch(finalizers: [Names.Finalizer]), Patch(finalizers: ["x.io/y", Names.Finalizer])).KeepsFinalizer);
        Assert.False(Decide(Patch(), Patch()).KeepsFinalizer);
    }

    [Fact]
    public void From_a_patch_that_is_being_deleted_nobody_takes_the_finalizer()
    {
        var refusal = Decide(Patch(finalizers: [Names.Finalizer], isLeaving: true), Patch(finalizers: [], isLeaving: true)).Decision.Refusal;
        Assert.Equal(403, refusal!.Code);
        Assert.Contains("within ten minutes", refusal.Message, StringComparison.Ordinal);
        Assert.Null(Decide(Patch(finalizers: [Names.Finalizer, "x.io/y"], isLeaving: true), Patch(finalizers: [Names.Finalizer], isLeaving: true)).Decision.Refusal);
    }

    private static MutationDecision Decide(JsonObject before, JsonObject after, bool isDryRun = false) => MutationDesk.Decide(
        new AdmissionRequest
        {
            Id = "request-1",
            Resource = Names.EmergencyPatchPlural,
            Namespace = "shop",
            Name = "fix",
            IsCreate = false,
            IsDryRun = isDryRun,
            User = new AuthenticatedUser("alice@example.com", "uid-alice", []),
            Object = after,
            OldObject = before,
        },
        Rights,
        Keys,
        Now);

    private static JsonObject Patch(string? version = "1", string[]? finalizers = null, bool isLeaving = false, params (string Name, string Value)[] annotations)
    {
        var metadata = new JsonObject { ["name"] = "fix", ["namespace"] = "shop", ["uid"] = "patch-uid", ["annotations"] = new JsonObject(annotations.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.Value))) };
        if (version is not null)
        {
            metadata["resourceVersion"] = version;
        }

        if (finalizers is not null)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode?)f)]);
        }

        if (isLeaving)
        {
            metadata["deletionTimestamp"] = "2026-11-23T02:59:00Z";
        }

        return new JsonObject
        {
            ["apiVersion"] = "patchoperator.io/v1alpha1",
            ["kind"] = "EmergencyPatch",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["workloads"] = new JsonArray(new JsonObject { ["name"] = "web", ["deployment"] = "magento-web" }) },
        };
    }
}

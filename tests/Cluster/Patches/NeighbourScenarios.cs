using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Patches that wait for each other, or end each other, without anyone waking them by hand.</summary>
public sealed class NeighbourScenarios
{
    [Fact]
    public async Task An_end_that_the_API_server_took_and_answered_with_an_error_wakes_who_waits_for_it()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply("first", steps: """[{"weight":25,"hold":"10m"}]""");
        await town.ApproveAsync("first");
        await town.UntilServingAsync("first");
        town.Apply("second");
        await town.ApproveAsync("second");
        await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "WaitingForPatch", "the second waits");
        var ends = 0;
        using var error = town.Api.Faults.After(call => call is { IsWrite: true, Resource: "emergencypatches", Name: "first" } && town.Phase("first") == nameof(PatchPhase.Reverted) && Interlocked.Increment(ref ends) == 1
            ? new FaultAction.Fail(500, "InternalError")
            : null);
        town.Annotate(Commands.Abort, "make room", "first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
        Assert.True(ends > 0);
    }

    [Fact]
    public async Task A_later_patch_ends_the_earlier_one_that_it_supersedes_and_then_starts()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply("first", steps: """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "first");
        town.Annotate(Commands.Approve, "a", "first");
        await town.UntilAsync(() => town.Patch("first")?["status"]?["step"]?["readyAt"] is not null, "the first canary serves");
        town.Apply("second", spec: ""","supersedes":["first"]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "second");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal("Progressing", town.Phase("first"));
        town.Annotate(Commands.Approve, "b", "second");
        await town.UntilPhaseAsync(PatchPhase.Superseded, "first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
        Assert.Contains("second", town.Condition("Ready", "first")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_whose_promoted_successor_is_taken_back_holds_its_images_again()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply("first", steps: """[{"weight":50}]""", spec: ""","promotion":{"hold":"UntilAdopted"}""");
        await town.ApproveAsync("first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "first", 60);
        town.Apply("second", Town.Newer, steps: """[{"weight":50}]""", spec: ""","supersedes":["first"],"promotion":{"hold":"UntilAdopted"}""");
        await town.ApproveAsync("second");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
        await town.UntilPhaseAsync(PatchPhase.Superseded, "first");
        town.Annotate(Commands.Revert, "orders are missing", "second");
        await town.UntilPhaseAsync(PatchPhase.Reverted, "second", 60);
        await town.UntilPhaseAsync(PatchPhase.Promoted, "first");
        town.Edit(ResourceName.Deployments, "magento-web", d => d["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = Town.Stable);
        await town.UntilAsync(() => town.Image() == Town.Patched, "the vulnerable image is replaced again");
    }

    [Fact]
    public async Task A_patch_follows_as_soon_as_the_one_that_it_requires_is_promoted()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        await town.StartOperatorAsync();
        town.Apply("second", spec: ""","requires":["first"]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "second");
        town.Annotate(Commands.Approve, "b", "second");
        await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "RequiredPatchMissing", "it names what is missing");
        var first = town.Apply("first");
        first["spec"]!["workloads"]![0]!["deployment"] = "consumers";
        first["spec"]!["canary"]!["steps"] = Town.Json("""{"s":[{"weight":50}]}""")["s"]!.DeepClone();
        first["metadata"]!.AsObject().Remove("resourceVersion");
        town.Api.Store.Update(Town.Patches, first);
        await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "WaitingForRequired", "it waits");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "first");
        town.Annotate(Commands.Approve, "a", "first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "first", 60);
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
    }

    [Fact]
    public async Task Sharing_one_of_several_workloads_is_enough_to_wait()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        await town.StartOperatorAsync();
        town.Apply("other", steps: """[{"weight":50,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "other");
        town.Annotate(Commands.Approve, "a", "other");
        await town.UntilPhaseAsync(PatchPhase.Progressing, "other");
        town.ApplyUnit();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "b");
        await town.UntilAsync(() => town.Condition("Ready")?["reason"]?.GetValue<string>() == "WaitingForPatch", "the unit waits");
        Assert.Contains("other is running on Deployment magento-web", town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(Town.Stable, town.TemplateImage(ResourceName.CronJobs, "cron"));
        town.Annotate(Commands.Abort, "make room", "other");
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 90);
    }
}

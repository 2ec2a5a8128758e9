using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>What others get stuck in.</summary>
public sealed class NeverStuckScenarios
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Traffic_returns_although_no_status_can_be_written(bool measured)
    {
        await using var town = await Town.FoundAsync();
        var broken = false;
        using var fault = town.Api.Faults.Before(call => broken && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } ? new FaultAction.Fail(500, "InternalError", Message: "etcd is full") : null);
        town.Pods.Set(Town.Patched, PodBehaviour.ReadyIn(TimeSpan.FromSeconds(1)));
        await town.StartOperatorAsync();
        town.Apply(steps: $$"""[{"weight":50,"hold":"10m"}],"progressDeadline":"{{(measured ? "10m" : "8s")}}" """);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");

        // Either the canary is found bad by what it answers, or nothing can be measured at all and the deadline ends it.
        await town.UntilAsync(() => measured ? town.Patch()?["status"]?["step"]?["readyAt"] is not null : town.Deployment("magento-web-canary") is not null, "the run has begun");
        broken = true;
        town.Metrics.CanaryErrorRate = measured ? 0.5 : 0;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves");
        Assert.Equal("Progressing", town.Phase());
        broken = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 90);
    }

    [Fact]
    public async Task Traffic_returns_although_every_status_loses_its_race_and_the_races_do_not_fill_the_day()
    {
        await using var town = await Town.FoundAsync();
        var contested = false;
        using var fault = town.Api.Faults.Before(call => contested && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } ? new FaultAction.Fail(409, "Conflict") : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        contested = true;
        var mark = town.Api.Requests.Mark;
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 5);
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal("Progressing", town.Phase());
        Assert.InRange(town.Api.Requests.CountByVerbAndResource(mark)["update emergencypatches/status"], 2, 20);
        contested = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted);
    }

    [Fact]
    public async Task Answers_that_are_lost_while_no_watch_brings_anything_keep_no_bad_canary()
    {
        await using var town = await Town.FoundAsync();
        var writes = 0;
        var isLossy = false;
        using var fault = town.Api.Faults.After(call =>
            isLossy && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } && Interlocked.Increment(ref writes) % 2 == 1 ? new FaultAction.CloseConnectionAfter() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        town.Api.Faults.SilenceWatches();
        isLossy = true;
        town.Metrics.CanaryErrorRate = 0.5;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 15);
        Assert.Equal("Reverting", town.Phase());
        isLossy = false;
        town.Api.Faults.ResumeWatches();
        town.Api.Faults.DropWatches();
        await town.UntilPhaseAsync(PatchPhase.Reverted);
    }

    [Fact]
    public async Task Images_that_were_not_put_back_yet_since_an_answer_was_lost_are_no_drift()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        town.Pods.Set(Town.Newer, PodBehaviour.ImagePullBackOff("manifest unknown"));
        var writes = 0;
        var isLossy = false;
        using var fault = town.Api.Faults.After(call =>
            isLossy && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } && Interlocked.Increment(ref writes) == 1 ? new FaultAction.CloseConnectionAfter() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""", others: $$$"""
            ,{"name":"indexer","role":"Worker","statefulSet":"indexer","containers":[{"name":"php","image":"{{{Town.Newer}}}"}]}
            """);
        await town.ApproveAsync();
        await town.UntilAsync(() => town.PodsOf("indexer").Contains(Town.Newer), "the indexer is promoted");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        isLossy = true;
        town.Annotate(Commands.Abort, "the indexer does not start");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.DoesNotContain(town.Trail(), r => r.Action == "DriftDetected");
        Assert.Equal(Town.Stable, town.TemplateImage(ResourceName.StatefulSets, "indexer"));
    }

    [Fact]
    public async Task A_status_that_is_not_answered_keeps_no_traffic_waiting()
    {
        await using var town = await Town.FoundAsync();
        var isStuck = true;
        using var fault = town.Api.Faults.Before(call =>
            isStuck && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } && town.Patch()?["metadata"]!["annotations"]?[Annotations.CommandPrefix + Commands.Abort] is not null ? new FaultAction.Hang() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 5);
        Assert.Equal("Progressing", town.Phase());
        isStuck = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.Single(town.Trail(), r => r.Action == "Aborted");
    }

    [Fact]
    public async Task A_status_that_is_not_answered_keeps_no_verdict_waiting()
    {
        await using var town = await Town.FoundAsync();
        var isStuck = false;
        using var fault = town.Api.Faults.Before(call => isStuck && call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } ? new FaultAction.Hang() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        isStuck = true;
        var mark = town.Api.Requests.Mark;
        await town.UntilAsync(() => town.Api.Requests.Since(mark).Any(call => call is { Resource: "emergencypatches", Subresource: "status" }), "a status is under way");
        town.Metrics.CanaryErrorRate = 0.5;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 15);
        isStuck = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
    }

    [Fact]
    public async Task A_webhook_that_hangs_on_the_canary_keeps_no_bad_canary_its_traffic()
    {
        await using var town = await Town.FoundAsync();
        var isStuck = false;
        using var fault = town.Api.Faults.Before(call => isStuck && call is { Resource: "deployments", Name: "magento-web-canary", IsWrite: true } ? new FaultAction.Hang() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"3s"},{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        isStuck = true;
        var mark = town.Api.Requests.Mark;
        await town.UntilAsync(() => town.Api.Requests.Since(mark).Any(call => call is { Resource: "deployments", Name: "magento-web-canary", IsWrite: true }), "the next step's pods are asked for");
        town.Metrics.CanaryErrorRate = 0.5;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 9);
        isStuck = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
    }

    [Fact]
    public async Task A_record_whose_answer_is_lost_is_logged_once_all_the_same()
    {
        await using var town = await Town.FoundAsync();
        using var fault = town.Api.Faults.After(call => call is { Resource: "emergencypatches", Subresource: "", Verb: "patch" } && call.ContentType.Contains("merge-patch", StringComparison.Ordinal) ? new FaultAction.CloseConnectionAfter() : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"1s"}]""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => town.Trail() is [.., { Action: "Promoted" }] && town.Log.Any(line => line.Contains(" Promoting Promoted ", StringComparison.Ordinal)), "the trail is complete and told");
        Assert.All(town.Trail(), record => Assert.Single(town.Log, line => line.Contains($" Audit shop/fix {record.Sequence} {record.Action} ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Patches_that_wait_for_one_whose_workload_is_slow_to_be_written_keep_no_other_from_its_way_back()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        town.Api.Store.Create(Town.Patches, OfConsumers("slow"));
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "slow");
        var isStuck = true;
        using var fault = town.Api.Faults.Before(call => isStuck && call is { Resource: "deployments", IsWrite: true } && call.UserAgent.StartsWith(town.Instance, StringComparison.Ordinal) ? new FaultAction.Hang() : null);
        var mark = town.Api.Requests.Mark;
        town.Annotate(Commands.Approve, "CHG-20871", "slow");
        await town.UntilAsync(() => town.Api.Requests.Since(mark).Any(call => call is { Resource: "deployments", IsWrite: true } && call.UserAgent.StartsWith(town.Instance, StringComparison.Ordinal)), "it is stuck");
        var waiting = Enumerable.Range(1, 20).Select(i => $"waits-{i}").ToArray();
        foreach (var name in waiting)
        {
            town.Api.Store.Create(Town.Patches, OfConsumers(name));
        }

        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 5);
        isStuck = false;
        await town.UntilAsync(() => waiting.All(name => town.Phase(name) is not null), "each of those that waited had its turn");
        await town.UntilPhaseAsync(PatchPhase.Reverted);

        static JsonObject OfConsumers(string name) => Town.Json(Town.Manifest(name, steps: """[{"weight":50,"hold":"10m"}]""").ToJsonString().Replace("magento-web", "consumers", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_finalizer_that_is_taken_away_and_cannot_be_put_back_delays_no_deadline(bool isRefused)
    {
        await using var town = await Town.FoundAsync();
        var isKept = true;
        using var fault = town.Api.Faults.Before(call =>
            isKept && call is { Resource: "emergencypatches", Subresource: "", Verb: "patch" } && town.Patch()?["metadata"]!["finalizers"] is not JsonArray { Count: > 0 } && town.Phase() == "Progressing"
                ? isRefused ? new FaultAction.Fail(403, "Forbidden", Message: "policy: no changes of EmergencyPatches") : new FaultAction.Hang()
                : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}],"progressDeadline":"8s" """);
        town.Pods.Set(Town.Patched, PodBehaviour.ReadyIn(TimeSpan.FromMinutes(5)));
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is not null, "the run has begun");
        town.EditPatch("fix", patch => patch["metadata"]!.AsObject().Remove("finalizers"));
        await town.UntilAsync(() => town.Patch()!["status"]!["revert"] is not null, "the deadline has passed", 20);
        Assert.Equal("ProgressDeadlineExceeded", town.Patch()!["status"]!["revert"]!["reason"]!.GetValue<string>());
        isKept = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        await town.UntilAsync(() => town.Patch()!["metadata"]!["finalizers"] is JsonArray { Count: 1 }, "it is put back", 60);
    }

    [Fact]
    public async Task A_provider_that_throws_stops_neither_the_deadline_nor_an_abort()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["readyAt"] is not null, "the canary serves");
        town.Metrics.Throws = true;
        await town.UntilAsync(() => town.Condition("CanaryHealthy")?["reason"]?.GetValue<string>() == "MetricsUnavailable", "it is an outage like any other");
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
    }

    [Fact]
    public async Task A_promoted_patch_is_taken_back_by_command_and_stable_runs_what_it_ran()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        await town.StartOperatorAsync();
        town.ApplyUnit();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 90);
        town.Annotate(Commands.Revert, "orders are missing");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.All([.. town.PodsOf("web"), .. town.PodsOf("consumers"), .. town.PodsOf("indexer")], image => Assert.Equal(Town.Stable, image));
        Assert.False(town.CronIsSuspended);
        await town.UntilAsync(() => town.Deployment("magento-web")!["metadata"]!["annotations"]?[Annotations.PatchedBy] is null, "nothing is ours any more");
        await town.UntilAsync(
            () => town.Api.Store.Get(ResourceName.CronJobs, Town.Namespace, "cron")!["metadata"]!["managedFields"] is not JsonArray fields || fields.All(f => f!["manager"]!.GetValue<string>() != Names.FieldManager),
            "whoever ignores our fields sees the next change of the CronJob's suspension");
    }

    [Fact]
    public async Task After_a_restart_an_abort_needs_no_list_but_those_of_the_canary()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        await town.StartOperatorAsync();
        town.ApplyUnit(steps: """[{"weight":25,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["readyAt"] is not null, "the canary serves", 60);
        await town.KillOperatorAsync();
        var broken = true;
        using var fault = town.Api.Faults.Before(call => broken && call is { Resource: "cronjobs" or "statefulsets" or "jobs", IsWrite: false } ? new FaultAction.Fail(500, "InternalError", Message: "etcd is full") : null);
        await town.StartOperatorAsync();
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is null, "the canary is gone", 40);
        broken = false;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
    }

    [Fact]
    public async Task A_deleted_patch_goes_in_the_end_although_all_that_it_would_give_back_is_refused()
    {
        var clock = new FastClock(30);
        await using var town = await Town.FoundAsync(clock);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"0s"}]""", spec: ""","promotion":{"hold":"UntilAdopted"}""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        using var fault = town.Api.Faults.Before(call => call is { Resource: "deployments", IsWrite: true } ? new FaultAction.Fail(403, "Forbidden", Message: "policy: no changes of Deployments") : null);
        var deleted = clock.GetUtcNow();
        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        await town.UntilAsync(() => town.Patch() is null, "it is let go", 60);
        Assert.True(clock.GetUtcNow() - deleted >= new OperatorPolicy().FinalizeLimit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_patch_that_is_deleted_in_mid_run_goes_in_the_end_with_its_canary_although_no_status_can_be_written(bool isRouted)
    {
        var clock = new FastClock(30);
        await using var routed = await RoutedTown.SettleAsync(await Town.FoundAsync(clock));
        var (town, before) = (routed.Town, routed.Spec());
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"2h"}]""", traffic: isRouted ? RoutedTown.HttpRoute : "");
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is not null, "the run has begun");
        using var fault = town.Api.Faults.Before(call => call is { Resource: "emergencypatches", Subresource: "status", IsWrite: true } ? new FaultAction.Fail(500, "InternalError", Message: "etcd is full") : null);
        var deleted = clock.GetUtcNow();
        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        await town.UntilAsync(() => town.Patch() is null, "it is let go", 60);
        Assert.True(clock.GetUtcNow() - deleted >= new OperatorPolicy().FinalizeLimit);
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is null && routed.Service("web-canary") is null, "its canary is gone");
        Assert.Equal(before, routed.Spec());
    }

    [Fact]
    public async Task A_canary_that_crashes_and_still_serves_is_analysed_and_taken_back()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["readyAt"] is not null, "the canary serves");
        town.Pods.Set(Town.Patched, PodBehaviour.CrashLoopBackOff());
        town.Metrics.CanaryErrorRate = 0.5;
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal("AnalysisFailed", town.Patch()!["status"]!["revert"]!["reason"]!.GetValue<string>());
    }
}

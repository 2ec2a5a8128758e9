using System.Text.Json.Nodes;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The whole operator against the in-process API server: what is asserted is the state of the cluster.</summary>
public sealed class PatchScenarios
{
    [Fact]
    public async Task A_healthy_patch_is_approved_stepped_promoted_and_leaves_nothing_behind()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        var before = town.Pod();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        Assert.Equal(before, town.Pod());
        Assert.Equal("False", town.Condition("Approved")!["status"]!.GetValue<string>());

        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is not null, "the canary exists");
        var canary = town.Deployment("magento-web-canary")!;
        Assert.Equal("me", canary["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]![0]!["value"]!.GetValue<string>());
        await town.UntilPhaseAsync(PatchPhase.Promoted);

        Assert.Equal(Town.Patched, town.Image());
        Assert.Equal("nginx:1", town.Image("nginx"));
        Assert.Null(town.Deployment("magento-web-canary"));
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4 && town.Pod("canary").Count == 0, "only stable serves");
        Assert.Equal("ApprovedUnverified", town.Condition("Approved")!["reason"]!.GetValue<string>());
        await town.UntilAsync(() => town.Trail() is [.., { Action: "Promoted" }], "the trail is complete");
        await town.UntilAsync(() => town.Patch()!["status"]!["audit"] is { } audit && audit["stored"]?.GetValue<long>() == audit["sequence"]!.GetValue<long>(), "and known to be");
        Assert.Null(AuditChain.FindFault(town.Trail()));
        Assert.All(town.Trail(), record => Assert.Single(town.Events(record.Action), e => e["message"]!.GetValue<string>() == record.Detail));
        await town.UntilAsync(() => town.Patch()!["metadata"]!["annotations"]!["patchoperator.io/approve"] is null, "the command was taken away");
    }

    [Fact]
    public async Task A_bad_patch_is_reverted_with_its_evidence_and_stable_is_never_touched()
    {
        await using var town = await Town.FoundAsync();
        town.Metrics.CanaryErrorRate = 0.2;
        await town.StartOperatorAsync();
        var (pods, generation) = (town.Pod(), town.Deployment("magento-web")!["metadata"]!["generation"]!.GetValue<long>());
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Metrics.CanaryErrorRate = 0.2;
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilPhaseAsync(PatchPhase.Reverted);

        Assert.Equal(pods, town.Pod());
        Assert.Equal(generation, town.Deployment("magento-web")!["metadata"]!["generation"]!.GetValue<long>());
        var revert = town.Patch()!["status"]!["revert"]!;
        Assert.Equal("http-errors", revert["metric"]!.GetValue<string>());
        Assert.Equal("2%", revert["limit"]!.GetValue<string>());
        Assert.NotNull(revert["value"]);
        Assert.NotNull(revert["query"]);
        await town.UntilAsync(() => town.Trail() is [.., { Action: "Reverted" }], "the trail is complete");
        Assert.Equal("Warning", Assert.Single(town.Events("AnalysisFailed"))["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Deleting_the_patch_in_mid_run_returns_traffic_and_pods()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        var pods = town.Pod();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        await town.UntilAsync(() => town.Patch() is null, "the resource is gone");
        await town.UntilAsync(() => town.Pod().SequenceEqual(pods), "the pods are as before");
        Assert.Equal(4, town.ReadyPods("web").Count);
        Assert.Equal(Town.Stable, town.Image());
    }

    [Fact]
    public async Task A_deletion_that_orphans_leaves_no_canary_behind_all_the_same()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        var pods = town.Pod();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        await town.KillOperatorAsync();
        town.DeletePatch("orphan");
        await town.UntilAsync(() => town.Deployment("magento-web-canary")!["metadata"]!["ownerReferences"] is not System.Text.Json.Nodes.JsonArray { Count: > 0 }, "the garbage collector has cut the reference");
        await town.StartOperatorAsync();
        await town.UntilAsync(() => town.Patch() is null, "the resource is gone");
        await town.UntilAsync(() => town.Pod().SequenceEqual(pods), "the pods are as before");
    }

    [Fact]
    public async Task Canary_pods_leave_the_endpoints_before_they_end()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8, "half of the pods are canary");
        var servedWhileEnding = new List<string>();
        using var watch = town.Api.Store.Subscribe(change =>
        {
            if (change.Resource == ResourceName.Pods && change.Value["metadata"]!["deletionTimestamp"] is not null
                && town.ReadyPods("web").Contains(change.Value["metadata"]!["name"]!.GetValue<string>()))
            {
                lock (servedWhileEnding)
                {
                    servedWhileEnding.Add(change.Value["metadata"]!["name"]!.GetValue<string>());
                }
            }
        });
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Empty(servedWhileEnding);
    }

    [Fact]
    public async Task A_second_patch_on_the_same_workload_waits_names_the_first_and_follows_it()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply("first", steps: """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "first");
        town.Annotate(Commands.Approve, "a", "first");
        await town.UntilPhaseAsync(PatchPhase.Progressing, "first");
        town.Apply("second");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, "second");
        town.Annotate(Commands.Approve, "b", "second");
        await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "WaitingForPatch", "the second waits");
        Assert.Contains("first", town.Condition("Ready", "second")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        town.Annotate(Commands.Abort, "make room", "first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
        Assert.Equal("Reverted", town.Phase("first"));
    }

    [Fact]
    public async Task A_canary_that_cannot_pull_its_image_is_reverted_with_the_nodes_words()
    {
        await using var town = await Town.FoundAsync();
        town.Pods.Set(Town.Patched, TestKit.Controllers.PodBehaviour.ImagePullBackOff("manifest unknown"));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}],"progressDeadline":"2s" """);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Contains("manifest unknown", town.Patch()!["status"]!["revert"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_API_server_refuses_is_shown_and_taken_back_at_the_deadline()
    {
        await using var town = await Town.FoundAsync();
        using var quota = town.Api.Faults.Before(call => call is { Resource: "deployments", Verb: "patch", Name: "magento-web-canary" } ? new FaultAction.Fail(403, "Forbidden", Message: "exceeded quota: pods") : null);
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}],"progressDeadline":"12s" """);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Condition("Ready")?["message"]?.GetValue<string>().Contains("exceeded quota", StringComparison.Ordinal) == true, "the refusal is shown");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Contains("exceeded quota", town.Patch()!["status"]!["revert"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"deployment":"magento-web","containers":[{"name":"php","image":"registry.example.com/magento:2.4.8"}]}""", "SpecInvalid", "spec.workloads[0].containers[0].image")]
    [InlineData("""{"deployment":"nowhere","containers":[{"name":"php","image":"PATCHED"}]}""", "DeploymentNotFound", "nowhere")]
    [InlineData("""{"deployment":"magento-web","containers":[{"name":"sidecar","image":"PATCHED"}]}""", "ContainerNotFound", "sidecar")]
    public async Task Bad_input_is_named_in_a_condition_and_nothing_is_touched(string workload, string reason, string named)
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        var pods = town.Pod();
        var patch = town.Apply();
        var workloadJson = Town.Json(workload.Replace("PATCHED", Town.Patched, StringComparison.Ordinal));
        workloadJson["name"] = "web";
        patch["spec"]!["workloads"] = new JsonArray(workloadJson);
        patch["metadata"]!.AsObject().Remove("resourceVersion");
        town.Api.Store.Update(Town.Patches, patch);
        await town.UntilAsync(() => town.Condition("Accepted")?["reason"]?.GetValue<string>() == reason, $"Accepted is False because {reason}");
        Assert.Equal("False", town.Condition("Accepted")!["status"]!.GetValue<string>());
        Assert.Contains(named, town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        town.Annotate(Commands.Approve, "anyway");
        await Task.Delay(300);
        Assert.Equal("Blocked", town.Phase());
        Assert.Equal(pods, town.Pod());
    }

    [Fact]
    public async Task A_security_setting_that_no_code_acts_on_is_refused_by_name()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(spec: ""","approval":{"required":2,"accountable":["group:security-leads"]}""");
        await town.UntilAsync(() => town.Condition("Accepted")?["reason"]?.GetValue<string>() == "NotSupportedYet", "refused");
        Assert.Contains("spec.approval.required", town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("spec.approval.accountable", town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metrics_source_that_does_not_answer_blocks_the_patch_until_it_does()
    {
        await using var town = await Town.FoundAsync();
        town.Metrics.Canary = new TrackReading.Failed("http://prometheus.monitoring:9090: no such host.", Terminal: false);
        await town.StartOperatorAsync();
        town.Apply();
        await town.UntilAsync(() => town.Condition("Accepted")?["reason"]?.GetValue<string>() == "MetricsUnavailable", "blocked");
        Assert.Contains("prometheus.monitoring", town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_operator_asks_the_API_server_for_nothing()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        for (var i = 0; i < 20; i++)
        {
            town.Apply($"fix-{i}");
        }

        for (var i = 0; i < 20; i++)
        {
            await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, $"fix-{i}");
        }

        await Task.Delay(1000);
        var mark = town.Api.Requests.Mark;
        await Task.Delay(3000);
        Assert.Empty(town.Api.Requests.Since(mark).Where(r => r.UserAgent.StartsWith("patch-operator", StringComparison.Ordinal)).Select(r => r.ToString()));
    }
}

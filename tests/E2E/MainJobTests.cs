using PatchOperator.Domain.Audit;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Needs a real cluster: the main job, with real pods, real requests and a real Prometheus.</summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class MainJobTests
{
    private const double Rate = 60;

    [Fact]
    public async Task A_healthy_patch_is_approved_stepped_and_promoted_and_no_request_fails()
    {
        await using var shop = await Shop.OpenAsync("healthy");
        await using var prometheus = await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5));
        await using var shoppers = new Shoppers(shop.Address, Rate);
        await prometheus.WaitForPodsAsync(Shop.Replicas);
        var before = await shop.PodsAsync();
        await shop.PatchAsync(Shop.HealthyImage, Shop.Prometheus(prometheus.Address), Shop.PrometheusMetric);
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        Assert.Equal(before, await shop.PodsAsync());
        Assert.Equal("False", (await shop.ConditionAsync("Approved"))!["status"]!.GetValue<string>());

        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => (await shop.EndpointsAsync()).Count == Shop.Replicas + 1, "one canary pod serves beside four", 60);
        var columns = await Kubectl.RunAsync($"-n {shop.Namespace} get epatch");
        Assert.All((string[])["SEVERITY", "PHASE", "WEIGHT", "APPROVED", "DEADLINE", "REASON", "AGE"], c => Assert.Contains(c, columns, StringComparison.Ordinal));
        await shop.UntilAsync(async () => (await shop.EndpointsAsync()).Count == 2 * Shop.Replicas, "half of the pods are canary", 90);
        await shop.UntilAsync(async () => (await shop.PatchStateAsync())!["status"]!["step"]?["actualWeight"]?.GetValue<int>() == 50, "the weight is in the status", 30);
        await shop.UntilPhaseAsync("Promoted", 180);

        Assert.Equal(Shop.HealthyImage, await shop.ImageAsync());
        await shop.UntilAsync(async () => !await shop.HasCanaryAsync() && (await shop.EndpointsAsync()).Count == Shop.Replicas, "only stable is left", 30);
        Assert.Equal("Approved", (await shop.ConditionAsync("Approved"))!["reason"]!.GetValue<string>());
        Assert.Equal(OperatorUnderTest.Approver, (await shop.PatchStateAsync())!["status"]!["approvals"]![0]!["by"]!.GetValue<string>());
        await shop.UntilAsync(async () => await shop.TrailAsync() is [.., { Action: "Promoted" }], "the trail is complete", 10);
        var trail = await shop.TrailAsync();
        Assert.Null(AuditChain.FindFault(trail));
        Assert.Equal(["Requested", "Accepted", "ApprovalRecorded", "CanaryStarted", "StepStarted", "StepPassed", "StepStarted", "AnalysisPassed", "Promoted"], trail.Select(r => r.Action));
        foreach (var record in trail)
        {
            Assert.Contains(await shop.EventsAsync(record.Action), e => e["message"]!.GetValue<string>() == record.Detail);
        }

        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        Assert.NotEmpty(shoppers.From(Shop.HealthyVersion));
        ScenarioReport.Add("healthy, promoted", "Promoted; no request failed");
    }

    [Fact]
    public async Task A_patch_deleted_in_mid_run_leaves_traffic_and_pods_as_they_were()
    {
        await using var shop = await Shop.OpenAsync("deleted");
        await using var shoppers = new Shoppers(shop.Address, Rate);
        var before = await shop.PodsAsync();
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 50, hold: 10m}]");
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => (await shop.EndpointsAsync()).Count == 2 * Shop.Replicas, "half of the pods are canary", 90);
        await Kubectl.RunAsync($"-n {shop.Namespace} delete epatch fix --wait=false");
        await shop.UntilAsync(async () => await shop.PatchStateAsync() is null, "the resource is gone", 90);
        await shop.UntilAsync(async () => !await shop.HasCanaryAsync(), "the canary is gone", 30);
        Assert.Equal(before, await shop.PodsAsync());
        Assert.Equal(Shop.StableImage, await shop.ImageAsync());
        Assert.Equal(Shop.Replicas, (await shop.EndpointsAsync()).Count);
        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        ScenarioReport.Add("deleted in mid-run", "gone, traffic and pods as before; no request failed");
    }

    [Fact]
    public async Task An_operator_that_is_killed_in_mid_run_goes_on_where_it_was()
    {
        await using var shop = await Shop.OpenAsync("killed");
        await using var shoppers = new Shoppers(shop.Address, Rate);
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric);
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Progressing", 30);
        await OperatorUnderTest.KillAsync();
        await shop.UntilPhaseAsync("Promoting", 180);
        await OperatorUnderTest.KillAsync();
        await shop.UntilPhaseAsync("Promoted", 180);
        await shop.UntilAsync(async () => await shop.TrailAsync() is [.., { Action: "Promoted" }], "the trail is complete", 10);
        Assert.Equal(
            ["Requested", "Accepted", "ApprovalRecorded", "CanaryStarted", "StepStarted", "StepPassed", "StepStarted", "AnalysisPassed", "Promoted"],
            (await shop.TrailAsync()).Select(r => r.Action));
        Assert.Null(AuditChain.FindFault(await shop.TrailAsync()));
        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        ScenarioReport.Add("operator killed twice", "Promoted; no step twice, no request failed");
    }

    [Fact]
    public async Task A_crashing_canary_is_taken_back_at_the_deadline_with_the_nodes_words()
    {
        await using var shop = await Shop.OpenAsync("crashing");
        var before = await shop.PodsAsync();
        await shop.PatchAsync(Shop.CrashingImage, Shop.PodMetrics, Shop.PodMetricsMetric, deadline: "20s");
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", 120);
        Assert.Contains("exit code 3", (await shop.PatchStateAsync())!["status"]!["revert"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(before, await shop.PodsAsync());
        ScenarioReport.Add("canary never ready", "Reverted at the deadline with the container's exit code");
    }
}

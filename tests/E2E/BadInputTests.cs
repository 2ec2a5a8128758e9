using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Needs a real cluster: a spec that makes no sense is named in a condition, and nothing is touched.</summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class BadInputTests
{
    [Fact]
    public async Task Each_is_refused_by_name_and_nothing_is_touched()
    {
        await using var shop = await Shop.OpenAsync("input");
        await using var prometheus = await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5));
        var before = await shop.PodsAsync();
        var nowhere = new Uri("http://127.0.0.1:9");

        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, name: "no-deployment", deployment: "nowhere");
        // By the webhook, or by the CRD's own rule.
        Assert.Contains("spec.workloads[0].containers[0].image", await Kubectl.ApplyRefusedAsync(shop.Manifest("localhost/storefront:1.1", Shop.PodMetrics, Shop.PodMetricsMetric, name: "tag")), StringComparison.Ordinal);
        Assert.Contains("spec.canary.steps", await Kubectl.ApplyRefusedAsync(shop.Manifest(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 50}, {weight: 20}]", name: "weights")), StringComparison.Ordinal);
        await shop.PatchAsync(Shop.HealthyImage, Shop.Prometheus(nowhere), Shop.PrometheusMetric, name: "unreachable");
        await shop.PatchAsync(Shop.HealthyImage, Shop.Prometheus(prometheus.Address), "{name: broken, maxRate: \"2%\", failures: 'sum(', total: 'sum(up)'}", name: "promql");
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, name: "unsupported", extra: "  closure: {reviewWithin: 72h}");

        await RefusedAsync("no-deployment", "DeploymentNotFound", "nowhere");
        await RefusedAsync("unreachable", "MetricsUnavailable", "127.0.0.1:9");
        await RefusedAsync("promql", "QueryRejected", "sum(");
        await RefusedAsync("unsupported", "NotSupportedYet", "spec.closure.reviewWithin");
        Assert.Null(await shop.PatchStateAsync("tag"));
        Assert.Null(await shop.PatchStateAsync("weights"));
        Assert.Equal(before, await shop.PodsAsync());
        Assert.False(await shop.HasCanaryAsync());

        async Task RefusedAsync(string name, string reason, string named)
        {
            await shop.UntilAsync(async () => (await shop.ConditionAsync("Accepted", name))?["reason"]?.GetValue<string>() == reason, $"{name} is not accepted because {reason}", 60);
            var accepted = (await shop.ConditionAsync("Accepted", name))!;
            Assert.Equal("False", accepted["status"]!.GetValue<string>());
            Assert.Contains(named, accepted["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }
}

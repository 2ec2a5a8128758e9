using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>
/// Needs a real cluster and a real Prometheus: little traffic (10 requests a second, half of them to the canary), a preset's queries, and no
/// ceiling to help, so that only the comparison with stable tells a bad canary from a good one.
/// </summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class FailureRateTests(ITestOutputHelper output)
{
    private const double RequestsPerSecond = 10;
    private const string Metric = """{name: http-errors, preset: podMetrics, compareWith: Stable, minRequests: 30}""";

    /// <summary>Percent of failures, and the longest that it may take to see them, with Prometheus scraping every 5 s.</summary>
    [Theory]
    [InlineData(2, 480)]
    [InlineData(20, 60)]
    [InlineData(100, 30)]
    public async Task A_canary_that_fails_is_reverted_by_the_comparison_alone(int percent, int mostSeconds)
    {
        await using var shop = await Shop.OpenAsync($"fails-{percent}");
        await using var prometheus = await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5));
        await using var shoppers = new Shoppers(shop.Address, RequestsPerSecond);
        await prometheus.WaitForPodsAsync(Shop.Replicas);
        var image = Shop.ImageOf($"STOREFRONT_FAILS_{percent}");
        var version = $"1.1-fails-{percent}";
        await shop.PatchAsync(image, Shop.Prometheus(prometheus.Address), Metric, "[{weight: 50, hold: 20m}]");
        await shop.UntilPhaseAsync("AwaitingApproval", 60);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", mostSeconds + 60);

        var canary = shoppers.From(version);
        var firstFailure = canary.First(answer => !answer.IsGood).At;
        var seconds = (canary[^1].At - firstFailure).TotalSeconds;
        var answered = canary.Count(answer => answer.At >= firstFailure);
        output.WriteLine($"{percent} %: {seconds:0.0} s and {answered} canary requests from the first bad answer to the last one of the canary; {canary.Count(answer => !answer.IsGood)} of {canary.Count} were bad");

        var revert = (await shop.PatchStateAsync())!["status"]!["revert"]!;
        Assert.Equal(("AnalysisFailed", "http-errors"), (revert["reason"]!.GetValue<string>(), revert["metric"]!.GetValue<string>()));
        Assert.InRange(seconds, 0, mostSeconds);
        Assert.Equal(Shop.StableImage, await shop.ImageAsync());
        Assert.False(await shop.HasCanaryAsync());
        Assert.Empty(shoppers.FailuresExceptOf(version));
    }

    [Fact]
    public async Task A_canary_that_fails_no_more_often_than_stable_is_promoted()
    {
        await using var shop = await Shop.OpenAsync("both-3", Shop.ImageOf("STOREFRONT_STABLE_FAILS_3"));
        await using var prometheus = await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5));
        await using var shoppers = new Shoppers(shop.Address, RequestsPerSecond);
        await prometheus.WaitForPodsAsync(Shop.Replicas);
        var image = Shop.ImageOf("STOREFRONT_HEALTHY_FAILS_3");
        await shop.PatchAsync(image, Shop.Prometheus(prometheus.Address), Metric, "[{weight: 20, hold: 1m}, {weight: 50, hold: 2m}]");
        await shop.UntilPhaseAsync("AwaitingApproval", 60);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Promoted", 420);

        Assert.Equal(image, await shop.ImageAsync());
        var (canary, stable) = (shoppers.From("1.1-fails-3"), shoppers.From("1.0-fails-3"));
        output.WriteLine($"canary and promoted pods failed {canary.Count(answer => !answer.IsGood)} of {canary.Count}, stable {stable.Count(answer => !answer.IsGood)} of {stable.Count}");
        Assert.Contains(canary, answer => !answer.IsGood);
        Assert.Contains(stable, answer => !answer.IsGood);
    }

    [Fact]
    public async Task A_canary_that_no_visitor_meets_is_reverted_by_probes()
    {
        await using var shop = await Shop.OpenAsync("probes");
        await shop.PatchAsync(
            Shop.BadImage,
            "{podMetrics: {port: 9113}}",
            """{name: checkout, probe: checkout, compareWith: Stable, minRequests: 10}""",
            "[{weight: 20, hold: 20m}]",
            probes: """[{name: checkout, port: 8080, path: /checkout, every: 100ms, expect: {status: [200], maxLatency: 2s}}]""");
        await shop.UntilPhaseAsync("AwaitingApproval", 60);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", 120);

        var revert = (await shop.PatchStateAsync())!["status"]!["revert"]!;
        Assert.Equal(("AnalysisFailed", "checkout"), (revert["reason"]!.GetValue<string>(), revert["metric"]!.GetValue<string>()));
        Assert.Contains("last failure: status 500", revert["query"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.False(await shop.HasCanaryAsync());
    }
}

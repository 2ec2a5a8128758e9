using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Five shops, each with a namespace, a Prometheus and visitors of its own, and with another canary. Each gives a sentence on how it went, or throws.</summary>
public sealed class FailureRateShops : IAsyncLifetime
{
    private const double RequestsPerSecond = 10;
    private const string Metric = """{name: http-errors, preset: podMetrics, compareWith: Stable, minRequests: 30}""";

    /// <summary>The longest that it may take to see so many percent of failures, with Prometheus scraping every 5 s.</summary>
    private static readonly IReadOnlyDictionary<int, int> MostSeconds = new Dictionary<int, int> { [2] = 480, [20] = 60, [100] = 30 };

    private readonly Dictionary<int, Task<string>> failing = [];

    public Task<string> FailingAlike { get; private set; } = Task.FromResult("not begun");

    public Task<string> WithoutVisitors { get; private set; } = Task.FromResult("not begun");

    public Task<string> Failing(int percent) => failing[percent];

    public ValueTask InitializeAsync()
    {
        foreach (var percent in MostSeconds.Keys)
        {
            failing[percent] = Task.Run(() => FailAsync(percent));
        }

        FailingAlike = Task.Run(FailAlikeAsync);
        WithoutVisitors = Task.Run(ProbeAsync);
        return ValueTask.CompletedTask;
    }

    /// <summary>Nothing of a shop stays open, also of one that no test asked about.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll([.. failing.Values, FailingAlike, WithoutVisitors]).ContinueWith(_ => { }, TaskScheduler.Default);

    private static async Task<string> FailAsync(int percent)
    {
        await using var shop = await Shop.OpenAsync($"fails-{percent}");
        await using var prometheus = await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5));
        await using var shoppers = new Shoppers(shop.Address, RequestsPerSecond);
        await prometheus.WaitForPodsAsync(Shop.Replicas);
        var version = $"1.1-fails-{percent}";
        await shop.PatchAsync(Shop.ImageOf($"STOREFRONT_FAILS_{percent}"), Shop.Prometheus(prometheus.Address), Metric, "[{weight: 50, hold: 20m}]");
        await shop.UntilPhaseAsync("AwaitingApproval", 60);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", MostSeconds[percent] + 60);

        var canary = shoppers.From(version);
        var firstFailure = canary.First(answer => !answer.IsGood).At;
        var seconds = (canary[^1].At - firstFailure).TotalSeconds;
        var answered = canary.Count(answer => answer.At >= firstFailure);

        var revert = (await shop.PatchStateAsync())!["status"]!["revert"]!;
        Assert.Equal(("AnalysisFailed", "http-errors"), (revert["reason"]!.GetValue<string>(), revert["metric"]!.GetValue<string>()));
        Assert.InRange(seconds, 0, MostSeconds[percent]);
        Assert.Equal(Shop.StableImage, await shop.ImageAsync());
        Assert.False(await shop.HasCanaryAsync());
        Assert.Empty(shoppers.FailuresExceptOf(version));
        return $"{percent} %: {seconds:0.0} s and {answered} canary requests from the first bad answer to the last one of the canary; {canary.Count(answer => !answer.IsGood)} of {canary.Count} were bad";
    }

    private static async Task<string> FailAlikeAsync()
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
        Assert.Contains(canary, answer => !answer.IsGood);
        Assert.Contains(stable, answer => !answer.IsGood);
        return $"canary and promoted pods failed {canary.Count(answer => !answer.IsGood)} of {canary.Count}, stable {stable.Count(answer => !answer.IsGood)} of {stable.Count}";
    }

    private static async Task<string> ProbeAsync()
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
        return revert["query"]!.GetValue<string>();
    }
}

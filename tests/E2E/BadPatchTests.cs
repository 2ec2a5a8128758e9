using System.Globalization;
using PatchOperator.Domain.Audit;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Needs a real cluster: an image that fails a fifth of the checkouts. E2E_RUNS repeats each and prints how fast the traffic was gone.</summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class BadPatchTests(ITestOutputHelper output)
{
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("E2E_RUNS") ?? "1", CultureInfo.InvariantCulture);

    [Fact]
    public async Task It_is_reverted_by_what_Prometheus_scraped_and_stable_serves_throughout()
    {
        await RunAsync("bad-prom", withPrometheus: true, withPods: false, mostSeconds: 20);
    }

    [Fact]
    public async Task It_is_reverted_by_what_the_pods_themselves_say_and_stable_serves_throughout()
    {
        await RunAsync("bad-pods", withPrometheus: false, withPods: true, mostSeconds: 12);
    }

    [Fact]
    public async Task It_is_reverted_by_a_tripwire_on_the_pods_beside_Prometheus_and_stable_serves_throughout()
    {
        await RunAsync("bad-both", withPrometheus: true, withPods: true, mostSeconds: 12);
    }

    private async Task RunAsync(string name, bool withPrometheus, bool withPods, double mostSeconds)
    {
        var seconds = new List<double>();
        for (var run = 1; run <= Runs; run++)
        {
            await using var shop = await Shop.OpenAsync(name);
            await using var prometheus = withPrometheus ? await PrometheusServer.StartAsync(shop.Namespace, TimeSpan.FromSeconds(5)) : null;
            await using var shoppers = new Shoppers(shop.Address, 100);
            if (prometheus is not null)
            {
                await prometheus.WaitForPodsAsync(Shop.Replicas);
            }

            seconds.Add(await RevertAsync(shop, shoppers, prometheus, withPods));
            output.WriteLine($"{name} run {run}: {seconds[^1]:0.00} s from the first bad response to the canary's last; canary answered {shoppers.From(Shop.BadVersion).Count} requests, {shoppers.From(Shop.BadVersion).Count(a => !a.IsGood)} of them badly");
        }

        seconds.Sort();
        output.WriteLine($"{name}: min {seconds[0]:0.00} s, median {seconds[seconds.Count / 2]:0.00} s, max {seconds[^1]:0.00} s over {seconds.Count} runs");
        Assert.True(seconds[seconds.Count / 2] < mostSeconds, $"the median is {seconds[seconds.Count / 2]:0.00} s");
        ScenarioReport.Add(withPrometheus ? $"bad, reverted by Prometheus{(withPods ? " and a tripwire" : "")}" : "bad, reverted", $"Reverted; the canary's last response {seconds[seconds.Count / 2]:0.0} s after its first bad one");
    }

    private static async Task<double> RevertAsync(Shop shop, Shoppers shoppers, PrometheusServer? prometheus, bool withPods)
    {
        var (provider, metrics) = (prometheus, withPods) switch
        {
            (null, _) => (Shop.PodMetrics, Shop.PodMetricsMetric),
            (_, false) => (Shop.Prometheus(prometheus.Address), Shop.PrometheusMetric),
            (_, true) => (Shop.PrometheusAndPodMetrics(prometheus.Address), $"{Shop.PrometheusMetric.TrimEnd()}, {Shop.Tripwire}"),
        };
        var before = await shop.PodsAsync();
        await shop.PatchAsync(
            Shop.BadImage,
            provider,
            metrics,
            "[{weight: 20, hold: 60s}, {weight: 50, hold: 60s}]");
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", 120);

        Assert.Equal(before, await shop.PodsAsync());
        Assert.Equal(Shop.StableImage, await shop.ImageAsync());
        Assert.False(await shop.HasCanaryAsync());
        Assert.Equal(Shop.Replicas, (await shop.EndpointsAsync()).Count);
        var revert = (await shop.PatchStateAsync())!["status"]!["revert"]!;
        Assert.Equal("AnalysisFailed", revert["reason"]!.GetValue<string>());
        Assert.Contains(revert["metric"]!.GetValue<string>(), withPods && prometheus is not null ? ["http-errors", "tripwire"] : (string[])["http-errors"]);
        Assert.All((string[])["value", "limit", "query"], field => Assert.NotNull(revert[field]));
        Assert.Contains(await shop.EventsAsync("AnalysisFailed"), e => e["type"]!.GetValue<string>() == "Warning");
        await shop.UntilAsync(async () => await shop.TrailAsync() is [.., { Action: "Reverted" }], "the trail is complete", 10);
        Assert.Null(AuditChain.FindFault(await shop.TrailAsync()));
        Assert.Contains(await shop.TrailAsync(), r => r is { Action: "AnalysisFailed", To: "Reverting" });

        // Whatever failed, failed at the canary: stable served throughout.
        Assert.Empty(shoppers.FailuresExceptOf(Shop.BadVersion));
        var canary = shoppers.From(Shop.BadVersion);
        return (canary[^1].At - canary.First(a => !a.IsGood).At).TotalSeconds;
    }
}

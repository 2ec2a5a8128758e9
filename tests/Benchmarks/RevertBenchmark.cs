using System.Text.Json.Nodes;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;

namespace PatchOperator.Benchmarks;

/// <summary>
/// From the wish to go back (an abort, or the first bad number) to a canary without traffic, and to the end of the revert, while other things are
/// ill. The whole operator and a small cluster in this process: what is measured is the operator, not a network.
/// </summary>
internal static class RevertBenchmark
{
    public static async Task RunAsync(Arguments arguments)
    {
        var runs = arguments.Number("runs", 10);
        var many = arguments.Number("many", 50);
        Console.WriteLine("| case | runs | traffic gone: median | worst | reverted: median | worst |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
        await MeasureAsync("abort, all is well", runs, 1, _ => { }, abort: true);
        await MeasureAsync("abort, stable degraded (no pod ready, roll-out stuck)", runs, 1, Degrade, abort: true);
        await MeasureAsync("abort, Prometheus down", runs, 1, shop => shop.Metrics.Mode = MetricsMode.Down, abort: true);
        await MeasureAsync("abort, Prometheus hangs", runs, 1, shop => shop.Metrics.Mode = MetricsMode.Hanging, abort: true);
        await MeasureAsync("bad numbers at 1 s ticks", runs, 1, _ => { }, abort: false);
        await MeasureAsync($"abort of {many} runs at once", 1, many, _ => { }, abort: true);
        await MeasureAsync($"bad numbers in {many} runs at once", 1, many, _ => { }, abort: false);
    }

    private static async Task MeasureAsync(string title, int rounds, int shops, Action<RevertShop> makeIll, bool abort)
    {
        List<double> gone = [], reverted = [];
        for (var round = 0; round < rounds; round++)
        {
            await using var shop = await RevertShop.OpenAsync(shops);
            await shop.StartRunsAsync();
            makeIll(shop);

            // Whatever is ill has been seen, and a read of a source that hangs is under way.
            await Task.Delay(1500);
            var latencies = await shop.RevertAsync(abort);
            gone.AddRange(latencies.Select(l => l.Gone.TotalMilliseconds));
            reverted.AddRange(latencies.Select(l => l.Reverted.TotalMilliseconds));
        }

        Console.WriteLine($"| {title} | {gone.Count} | {Statistics.Median(gone):0} ms | {gone.Max():0} ms | {Statistics.Median(reverted):0} ms | {reverted.Max():0} ms |");
    }

    private static void Degrade(RevertShop shop)
    {
        foreach (var pod in shop.Api.Store.List(ResourceName.Deployments, RevertShop.Namespace).Where(d => !d["metadata"]!["name"]!.GetValue<string>().EndsWith("-canary", StringComparison.Ordinal)))
        {
            // Neither the pods that are there nor those of a new template get ready.
            shop.Pods.Set(RevertShop.Stable, PodBehaviour.NeverReady);
            pod["spec"]!["progressDeadlineSeconds"] = 1;
            pod["spec"]!["template"]!["metadata"]!["annotations"] = new JsonObject { ["restarted"] = "now" };
            shop.Api.Store.Update(ResourceName.Deployments, pod);
        }
    }
}

internal enum MetricsMode
{
    Good,
    Bad,
    Down,
    Hanging,
}

/// <summary>A source that says what it is told to, at the port behind which Prometheus is asked.</summary>
internal sealed class PlayedMetrics : IMetricProvider
{
    private int reads;

    public MetricsMode Mode { get; set; }

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        if (Mode is MetricsMode.Hanging)
        {
            await Task.Delay(request.Timeout, TimeProvider.System, ct);
        }

        var total = 400.0 + (50 * Interlocked.Increment(ref reads));
        TrackReading canary = Mode switch
        {
            MetricsMode.Good => new TrackReading.Counts(0, total),
            MetricsMode.Bad => new TrackReading.Counts(Math.Floor(total * 0.3), total),
            MetricsMode.Down => new TrackReading.Failed("connection refused", Terminal: false),
            MetricsMode.Hanging => new TrackReading.Failed($"no answer within {request.Timeout.TotalSeconds:0.#} s", Terminal: false),
        };
        return
        [
            .. request.Metrics.Select(m => new MetricReading
            {
                Metric = m.Name, Canary = canary, Stable = canary is TrackReading.Counts ? new TrackReading.Counts(0, 4 * total) : canary, SampledAt = TimeProvider.System.GetUtcNow(), CanaryQuery = m.Failures,
            }),
        ];
    }
}

/// <summary>When requests stopped reaching the canary and when the run was over, since the wish.</summary>
internal readonly record struct RevertLatency(TimeSpan Gone, TimeSpan Reverted);

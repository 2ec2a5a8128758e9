using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PatchOperator.Benchmarks;

/// <summary>
/// From the start of the process to its first write to a patch that waits for it (the finalizer, which the first reconcile attaches) and to the first
/// status, both as another client's watch sees them.
/// </summary>
internal static class StartBenchmark
{
    private const double BudgetMilliseconds = 300;

    private enum Lease
    {
        Off,
        Absent,
        Released,
    }

    public static async Task RunAsync(Arguments arguments)
    {
        var path = arguments.Required("operator");
        var kubeconfig = arguments.Required("kubeconfig");
        var runs = arguments.Number("runs", 10);
        var port = arguments.Number("port", 18300);
        await using var cluster = await Cluster.ConnectAsync(kubeconfig);
        await cluster.CreateDeploymentAsync("shop-0");

        Console.WriteLine($"{"lease",-10} {"first write: best",18} {"median",8} {"worst",8} {"first status: median",21} {"worst",8} {"CPU to status",14}   budget {BudgetMilliseconds} ms");
        foreach (var lease in Enum.GetValues<Lease>())
        {
            List<(double Write, double Status, double Cpu)> results = [];
            // The first run warms the page cache and is not counted; it also leaves a released lease behind.
            for (var run = 0; run <= runs; run++)
            {
                if (lease == Lease.Absent)
                {
                    await cluster.DeleteAsync(cluster.LeasePath);
                }

                var result = await RunOnceAsync(path, kubeconfig, cluster, port, lease != Lease.Off);
                if (run > 0)
                {
                    results.Add(result);
                }
            }

            var median = Statistics.Median(results.Select(r => r.Write));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{lease,-10} {results.Min(r => r.Write),15:0} ms {median,5:0} ms {results.Max(r => r.Write),5:0} ms {Statistics.Median(results.Select(r => r.Status)),18:0} ms {results.Max(r => r.Status),5:0} ms {Statistics.Median(results.Select(r => r.Cpu)),11:0} ms   {(median < BudgetMilliseconds ? "within" : "OVER")}"));
        }
    }

    private static async Task<(double Write, double Status, double Cpu)> RunOnceAsync(string path, string kubeconfig, Cluster cluster, int port, bool leaderElection)
    {
        await cluster.CreatePatchAsync("patch", "shop-0");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var changes = cluster.WatchPatchesAsync(patience.Token).GetAsyncEnumerator(patience.Token);
        var next = changes.MoveNextAsync();
        // The watch must be open before the operator begins.
        await Task.Delay(TimeSpan.FromMilliseconds(300));

        var clock = Stopwatch.StartNew();
        double? write = null;
        try
        {
            await using var process = OperatorProcess.Start(path, kubeconfig, cluster.Namespace, port, leaderElection);
            while (await next)
            {
                var at = clock.Elapsed.TotalMilliseconds;
                write ??= at;
                if (Phase(changes.Current) is not null)
                {
                    return (write.Value, at, process.CpuSeconds * 1000);
                }

                next = changes.MoveNextAsync();
            }
        }
        finally
        {
            await cluster.ForcePatchAwayAsync("patch");
        }

        throw new InvalidOperationException("The watch ended before the operator wrote a status");
    }

    private static string? Phase(JsonObject change) => change["object"]?["status"]?["phase"]?.GetValue<string>();
}

using System.Globalization;

namespace PatchOperator.Benchmarks;

/// <summary>What the operator costs while nothing happens: memory, CPU, requests to the API server.</summary>
internal static class IdleBenchmark
{
    private const double MegabytesBudget = 60;
    private const double CpuBudgetPercent = 1;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(8);

    public static async Task RunAsync(Arguments arguments)
    {
        var path = arguments.Required("operator");
        var kubeconfig = arguments.Required("kubeconfig");
        var patches = arguments.Number("patches", 1000);
        var deployments = arguments.Number("deployments", 100);
        var seconds = arguments.Number("seconds", 60);
        var port = arguments.Number("port", 18200);

        await using var cluster = await Cluster.ConnectAsync(kubeconfig);
        await Parallel.ForEachAsync(Enumerable.Range(0, deployments), async (i, _) => await cluster.CreateDeploymentAsync($"shop-{i}"));
        await Parallel.ForEachAsync(Enumerable.Range(0, patches), async (i, _) => await cluster.CreatePatchAsync($"patch-{i:0000}", $"shop-{i % deployments}"));

        await using (var first = OperatorProcess.Start(path, kubeconfig, cluster.Namespace, port))
        {
            await MeasureAsync($"after the intake of {patches} patches", first, cluster, seconds);
        }

        await using var second = OperatorProcess.Start(path, kubeconfig, cluster.Namespace, port);
        await MeasureAsync($"after a restart with {patches} idle patches", second, cluster, seconds);
    }

    private static async Task MeasureAsync(string title, OperatorProcess process, Cluster cluster, int seconds)
    {
        var settled = await SettleAsync(process);
        var before = await process.MetricsAsync();
        var cpu = process.CpuSeconds;
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        cpu = process.CpuSeconds - cpu;
        var after = await process.MetricsAsync();
        var percent = 100 * cpu / seconds;
        var rss = process.Megabytes("VmRSS");

        Console.WriteLine($"== {title}");
        Row("phases", string.Join(", ", (await cluster.PhasesAsync()).Select(p => $"{p.Key} {p.Value}")));
        Row("to settle", $"{settled.Seconds:0} s wall, {settled.CpuSeconds:0.00} s CPU, {before.Sum("patchoperator_reconciles_total"):0} reconciles");
        foreach (var (labels, count) in before.GrowthSince(new MetricsPage(new Dictionary<string, double>(), 0), "patchoperator_api_requests_total"))
        {
            Row("  requests by then", $"{count:0} {labels}");
        }

        Row("VmRSS", $"{rss:0.0} MB ({Verdict(rss < MegabytesBudget)}, budget {MegabytesBudget} MB); peak {process.Megabytes("VmHWM"):0.0} MB");
        Row("RssAnon / Pss", $"{process.Megabytes("RssAnon"):0.0} / {process.Megabytes("Pss"):0.0} MB");
        Row("CPU", $"{cpu:0.00} s in {seconds} s = {percent:0.00} % of a core ({Verdict(percent < CpuBudgetPercent)}, budget {CpuBudgetPercent} %)");
        Row("reconciles", $"{after.Sum("patchoperator_reconciles_total") - before.Sum("patchoperator_reconciles_total"):0} in {seconds} s");
        var requests = after.GrowthSince(before, "patchoperator_api_requests_total").ToArray();
        var leases = requests.Where(r => r.Labels.Contains("leases.", StringComparison.Ordinal)).Sum(r => r.Growth);
        Row("API requests", $"{(requests.Sum(r => r.Growth) - leases) * 60 / seconds:0.#} a minute, and {leases * 60 / seconds:0.#} a minute for the lease");
        foreach (var (labels, count) in requests)
        {
            Row("  while idle", $"{count:0} {labels}");
        }

        Row("metrics page", $"{after.Series.Count} series, {after.Bytes / 1024} kB, {after.Series.Keys.Count(k => k.StartsWith("patchoperator_patch_phase{", StringComparison.Ordinal))} of patch_phase");
        Row("threads / sockets", $"{process.Threads} / {process.Sockets}");
    }

    /// <summary>Until nothing but the lease has moved for a while.</summary>
    private static async Task<(double Seconds, double CpuSeconds)> SettleAsync(OperatorProcess process)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await process.IsReadyAsync())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        var last = -1.0;
        var lastCpu = 0.0;
        var since = started;
        while (true)
        {
            var reconciles = (await process.MetricsAsync()).Sum("patchoperator_reconciles_total");
            if (reconciles != last || reconciles == 0)
            {
                (last, lastCpu, since) = (reconciles, process.CpuSeconds, TimeProvider.System.GetTimestamp());
            }
            else if (TimeProvider.System.GetElapsedTime(since) >= Quiet)
            {
                return (TimeProvider.System.GetElapsedTime(started, since).TotalSeconds, lastCpu);
            }

            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMinutes(5))
            {
                throw new InvalidOperationException($"Not idle after five minutes: {reconciles} reconciles and still going");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private static string Verdict(bool within) => within ? "within" : "OVER";

    private static void Row(string name, string value) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {value}"));
}

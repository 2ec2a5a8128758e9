using PatchOperator.Domain.Rollout.Replay;

namespace PatchOperator.Cli.Analysis;

internal enum CountsForm
{
    /// <summary>Told apart by the first lines: see <see cref="CountsForms.Of"/>.</summary>
    Auto,

    /// <summary>Each line has what came in since the line before.</summary>
    PerTick,

    /// <summary>Each line has all since the run began.</summary>
    Cumulative,
}

internal static class CountsForms
{
    private const int FewestTicks = 20;

    // A sum of ticks is many times its largest one. It starts at about one tick's size, with room for an unlucky first; a rate that climbs starts far above what it climbs by.
    private const double Growth = 10;
    private const double FirstTick = 2;
    private const double Agreement = 0.9;

    /// <summary>
    /// Cumulative counts never fall, and add up: failures and totals of both tracks. Counts per tick go up and down; and where traffic only climbs, as 10, 11, 12, it climbs by little.
    /// With too little to tell, counts are per tick, which is what the format says.
    /// </summary>
    public static CountsForm Of(IReadOnlyList<SampleLine> lines)
    {
        var judged = 0;
        var sums = 0;
        foreach (var series in lines.GroupBy(line => (line.Run, line.Metric)))
        {
            ReplayCounts[] canary = [.. series.Select(line => line.Sample.Canary).OfType<ReplayCounts>()];
            ReplayCounts[] stable = [.. series.Select(line => line.Sample.Stable).OfType<ReplayCounts>()];
            if (Falls(canary) || Falls(stable))
            {
                return CountsForm.PerTick;
            }

            if (canary.Length > FewestTicks)
            {
                judged++;
                sums += AddsUp(canary) && AddsUp(stable) ? 1 : 0;
            }
        }

        return judged > 0 && sums >= judged * Agreement ? CountsForm.Cumulative : CountsForm.PerTick;
    }

    private static bool Falls(ReplayCounts[] counts) => counts.Zip(counts.Skip(1)).Any(pair => Falls(pair.First, pair.Second));

    private static bool AddsUp(ReplayCounts[] counts)
    {
        if (counts.Length == 0 || counts[^1].Total <= 0)
        {
            // A track without requests looks the same either way.
            return true;
        }

        var ticks = counts.Zip(counts.Skip(1), (before, now) => now.Total - before.Total).ToArray();
        return ticks.Length > 0
            && counts[^1].Total >= Growth * ticks.Max()
            && counts[0].Total <= FirstTick * (ticks.Average() + 1);
    }

    /// <summary>What came in between two cumulative counts; after a counter began again, all that it shows.</summary>
    public static ReplayCounts? Since(ReplayCounts? before, ReplayCounts? now) =>
        now is not { } counts || before is not { } known || Falls(known, counts) ? now : counts - known;

    private static bool Falls(ReplayCounts? before, ReplayCounts? now) => now?.Total < before?.Total || now?.Failures < before?.Failures;
}

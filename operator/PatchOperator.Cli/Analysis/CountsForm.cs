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
    private const int FewestPairs = 20;

    /// <summary>
    /// Cumulative counts never fall and mostly rise; counts per tick go up and down. With too little to tell, counts are per tick.
    /// </summary>
    public static CountsForm Of(IEnumerable<SampleLine> lines)
    {
        var last = new Dictionary<(string Run, string? Metric), ReplaySample>();
        var (pairs, rises) = (0, 0);
        foreach (var line in lines)
        {
            var key = (line.Run, line.Metric);
            if (last.TryGetValue(key, out var before))
            {
                if (Falls(before.Canary, line.Sample.Canary) || Falls(before.Stable, line.Sample.Stable))
                {
                    return CountsForm.PerTick;
                }

                pairs++;
                rises += line.Sample.Canary?.Total > before.Canary?.Total || line.Sample.Stable?.Total > before.Stable?.Total ? 1 : 0;
            }

            last[key] = line.Sample;
        }

        return pairs >= FewestPairs && rises * 2 >= pairs ? CountsForm.Cumulative : CountsForm.PerTick;
    }

    /// <summary>What came in between two cumulative counts; after a counter began again, all that it shows.</summary>
    public static ReplayCounts? Since(ReplayCounts? before, ReplayCounts? now) =>
        now is not { } counts || before is not { } known || Falls(known, counts) ? now : counts - known;

    private static bool Falls(ReplayCounts? before, ReplayCounts? now) => now?.Total < before?.Total || now?.Failures < before?.Failures;
}

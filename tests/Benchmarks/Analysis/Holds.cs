using System.Globalization;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>What a step lets through when its hold is over, and what it costs healthy canaries that evidence counts there beside time.</summary>
internal static class Holds
{
    private const double Baseline = 0.005;
    private const int LookFor = 3600;
    private static readonly double[] Differences = [0, 0.005, 0.01, 0.02, 0.05, 0.2];
    private static readonly (double PerSecond, double Weight, int Hold)[] Steps = [(10, 0.05, 300), (10, 0.5, 60), (100, 0.05, 60), (100, 0.5, 60)];

    public static void Print(int runs, ulong seed, double falseRevertRate, double worthCatching)
    {
        Console.WriteLine(Text($"The end of a hold: baseline {AnalysisBenchmark.Percent(Baseline)}, {runs} runs for each line; what is held is looked at for an hour more\n"));
        Console.WriteLine("| worse by | requests/s | weight | hold | failed by then | next step by time alone | next step | held: failed later | held: next step later, seconds median (95th percentile) |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var policy = new MetricPolicy { Name = "errors", CompareWithStable = true, MinRequests = 1, FalseRevertRate = falseRevertRate, WorthCatching = worthCatching };
        foreach (var difference in Differences)
        {
            foreach (var (perSecond, weight, hold) in Steps)
            {
                var traffic = new Traffic(new Setting(Baseline, difference, perSecond, weight));
                var ends = new End[runs];
                Parallel.For(0, runs, run => ends[run] = Run(traffic, policy, hold, new SeededRandom((seed * 1_000_003) + (ulong)run)));
                var held = ends.Where(end => end.Then is not null).ToList();
                var (later, failed) = (held.Where(end => end.Then is Verdict.Pass).Select(end => (double)end.Seconds).ToArray(), held.Count(end => end.Then is Verdict.Fail));
                var wait = later.Length == 0 ? "" : $": {AnalysisBenchmark.Number(Statistics.Median(later))} ({AnalysisBenchmark.Number(Statistics.Quantile(later, 0.95))})";
                Console.WriteLine(Text($"| +{difference * 100:0.#} | {perSecond} | {AnalysisBenchmark.Percent(weight)} | {hold} s ")
                    + $"| {Share(ends.Count(end => end.AtHold is Verdict.Fail), runs)} | {Share(ends.Count(end => end.AtHold is not Verdict.Fail), runs)} | {Share(ends.Count(end => end.AtHold is Verdict.Pass), runs)} "
                    + $"| {Share(failed, runs)} | {Share(later.Length, runs)}{wait} |");
            }
        }

        Console.WriteLine();
    }

    private static End Run(Traffic traffic, MetricPolicy policy, int hold, SeededRandom random)
    {
        Verdict? atHold = null;
        var judge = new Judge(policy);
        for (var second = 0; second < hold + LookFor; second++)
        {
            var verdict = judge.Take(traffic.Next(random, second), second);
            if (verdict is Verdict.Fail)
            {
                return new End(atHold ?? Verdict.Fail, atHold is null ? null : Verdict.Fail, second - hold);
            }

            if (second >= hold && verdict is Verdict.Pass)
            {
                return new End(atHold ?? Verdict.Pass, atHold is null ? null : Verdict.Pass, second - hold);
            }

            atHold = second >= hold ? Verdict.Hold : null;
        }

        return new End(Verdict.Hold, Verdict.Hold, LookFor);
    }

    private static string Share(int some, int all) => AnalysisBenchmark.Percent((double)some / all);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <param name="AtHold">The verdict when the hold was over, or before.</param>
    /// <param name="Then">What became of it where that was Hold.</param>
    /// <param name="Seconds">After the hold.</param>
    private sealed record End(Verdict AtHold, Verdict? Then, int Seconds);
}

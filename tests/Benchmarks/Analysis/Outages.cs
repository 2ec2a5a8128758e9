using System.Globalization;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>What both tracks share fails for a while and comes back: how long the roll-out waits after that, and whom it blames.</summary>
internal static class Outages
{
    private const double Ceiling = 0.02;
    private const double Baseline = 0.001;
    private const int LookFor = 7200;
    private static readonly (double PerSecond, double Weight)[] Traffics = [(1, 0.5), (10, 0.05), (10, 0.5), (100, 0.05)];
    private static readonly (double Rate, int Seconds)[] Failures = [(1, 10), (1, 60), (1, 600), (0.3, 60), (0.05, 600)];

    public static void Print(int runs, ulong seed, double falseRevertRate, double worthCatching)
    {
        Console.WriteLine(Text($"After an outage of something shared: baseline {AnalysisBenchmark.Percent(Baseline)}, ceiling {AnalysisBenchmark.Percent(Ceiling)} with minRequests 50, {runs} runs for each line. Seconds from its end until the step may pass; with a canary that goes on failing one request in ten, until it is failed\n"));
        Console.WriteLine("| outage | requests/s | weight | diluted after | may pass, median (95th percentile) | taken back | canary stays bad: failed, median (95th percentile) |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        var policy = new MetricPolicy { Name = "errors", CompareWithStable = true, MaxRate = Ceiling, MinRequests = 50, FalseRevertRate = falseRevertRate, WorthCatching = worthCatching };
        foreach (var (rate, seconds) in Failures)
        {
            foreach (var (perSecond, weight) in Traffics)
            {
                var (good, bad) = (new (Verdict Verdict, double After)[runs], new (Verdict Verdict, double After)[runs]);
                Parallel.For(0, runs, run =>
                {
                    good[run] = Run(Baseline, run);
                    bad[run] = Run(0.1, run);
                });

                // A minute of good traffic came before it.
                var diluted = ((rate - Ceiling) * seconds / (Ceiling - Baseline)) - 60;
                var passed = good.Where(end => end.Verdict is Verdict.Pass).Select(end => end.After).ToArray();
                var caught = bad.Where(end => end.Verdict is Verdict.Fail).Select(end => end.After).ToArray();
                Console.WriteLine(Text($"| {seconds} s at {AnalysisBenchmark.Percent(rate)} | {perSecond} | {AnalysisBenchmark.Percent(weight)} | {Math.Max(0, diluted):#,0} ")
                    + $"| {AnalysisBenchmark.Number(Statistics.Median(passed))} ({AnalysisBenchmark.Number(Statistics.Quantile(passed, 0.95))}) | {AnalysisBenchmark.Percent((double)good.Count(end => end.Verdict is Verdict.Fail) / runs)} "
                    + $"| {AnalysisBenchmark.Number(Statistics.Median(caught))} ({AnalysisBenchmark.Number(Statistics.Quantile(caught, 0.95))}) |");

                (Verdict, double) Run(double canaryAfter, int run) => One(
                    [new(new Traffic(new Setting(Baseline, 0, perSecond, weight)), 60), new(new Traffic(new Setting(rate, 0, perSecond, weight)), seconds), new(new Traffic(new Setting(Baseline, canaryAfter - Baseline, perSecond, weight)), LookFor)],
                    policy,
                    new SeededRandom((seed * 1_000_003) + (ulong)run));
            }
        }

        Console.WriteLine();
    }

    private static (Verdict Verdict, double After) One(ReadOnlySpan<Stretch> world, MetricPolicy policy, SeededRandom random)
    {
        var (second, outageEnd) = (0, world[0].Seconds + world[1].Seconds);
        var judge = new Judge(policy);
        foreach (var stretch in world)
        {
            for (var i = 0; i < stretch.Seconds; i++, second++)
            {
                var verdict = judge.Take(stretch.Traffic.Next(random, second), second);
                if (verdict is Verdict.Fail || (verdict is Verdict.Pass && second >= outageEnd))
                {
                    return (verdict, second - outageEnd);
                }
            }
        }

        return (Verdict.Hold, double.PositiveInfinity);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Stretch(Traffic Traffic, int Seconds);
}

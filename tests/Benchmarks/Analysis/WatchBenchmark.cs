using System.Globalization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Analysis.Watch;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>
/// The watch after the promotion: how often it takes back what is fine, what drift and outages do to it, and how long a patch that turns bad goes on.
/// Prints Markdown. A history of fifteen minutes, a watch of thirty, a look every fifteen seconds, no ceiling.
/// </summary>
internal static class WatchBenchmark
{
    private const double FalseRevertRate = 0.001;
    private const double WorthCatching = 0.01;
    private const int HistorySeconds = 900;
    private const int WatchSeconds = 1800;
    private const int Interval = 15;
    private const int Onset = 600;

    private static readonly double[] Baselines = [0.001, 0.005, 0.02];
    private static readonly double[] Traffics = [1, 10, 100];

    private static readonly MetricPolicy Policy = new()
    {
        Name = "errors",
        CompareWithStable = true,
        MinRequests = 50,
        FalseRevertRate = FalseRevertRate,
        WorthCatching = WorthCatching,
    };

    public static int Run(Arguments arguments)
    {
        var runs = arguments.Number("runs", 1000);
        var seed = (ulong)arguments.Number("seed", 20261124);
        Console.WriteLine($"{runs} watches for each figure, seed {seed}. Taken back although, of all:\n");
        Console.WriteLine("| baseline | requests/s | nothing changed | one point worse all the time | the rate doubles after 10 min | failures come in threes, before and after | an outage of 20 s | of 5 min |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var wrong = 0;
        foreach (var (baseline, traffic) in Settings)
        {
            double Share(Func<int, double> rate, int clump = 1) => Seconds(baseline, traffic, rate, clump, runs, seed).Count(double.IsFinite) / (double)runs;
            var same = Share(_ => baseline);
            var worse = Share(_ => baseline + WorthCatching);
            wrong += same > 0.005 || worse > 0.005 ? 1 : 0;
            string[] cells =
            [
                Percent(baseline),
                Text($"{traffic}"),
                Percent(same),
                Percent(worse),
                Percent(Share(s => s < Onset ? baseline : 2 * baseline)),
                Percent(Share(_ => baseline, clump: 3)),
                Percent(Share(s => s is >= Onset and < Onset + 20 ? 1 : baseline)),
                Percent(Share(s => s is >= Onset and < Onset + 300 ? 1 : baseline)),
            ];
            Console.WriteLine($"| {string.Join(" | ", cells)} |");
        }

        Console.WriteLine("\nSeconds from the moment at which it turns bad, ten minutes after the promotion, until it is taken back: median (95th percentile):\n");
        Console.WriteLine("| baseline | requests/s | +2 points | +5 points | +20 points | +90 points |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (baseline, traffic) in Settings)
        {
            var cells = new[] { 0.02, 0.05, 0.2, 0.9 }.Select(difference =>
            {
                var seconds = Seconds(baseline, traffic, s => s < Onset ? baseline : baseline + difference, 1, Math.Max(101, runs / 5), seed + 1).Select(s => s - Onset).ToArray();
                return $"{AnalysisBenchmark.Number(Statistics.Median(seconds))} ({AnalysisBenchmark.Number(Statistics.Quantile(seconds, 0.95))})";
            });
            Console.WriteLine(Text($"| {Percent(baseline)} | {traffic} | {string.Join(" | ", cells)} |"));
        }

        return wrong == 0 ? 0 : 1;
    }

    private static IEnumerable<(double Baseline, double Traffic)> Settings => from baseline in Baselines from traffic in Traffics select (baseline, traffic);

    /// <summary>When each of many watches took the patch back; infinite where it did not.</summary>
    private static double[] Seconds(double baseline, double traffic, Func<int, double> rate, int clump, int runs, ulong seed)
    {
        var seconds = new double[runs];
        Parallel.For(0, runs, run => seconds[run] = Watch(baseline, traffic, rate, clump, new SeededRandom((seed * 1_000_003) + (ulong)run)));
        return seconds;
    }

    private static double Watch(double baseline, double traffic, Func<int, double> rate, int clump, SeededRandom random)
    {
        var start = DateTimeOffset.UnixEpoch;
        var span = new WatchSpan(start, start.AddSeconds(WatchSeconds), TimeSpan.FromSeconds(60));
        var memory = new WatchMemory { History = WatchHistory.Of([.. Enumerable.Range(0, HistorySeconds / Interval).Select(_ => (SeriesPoint?)Stretch(baseline, traffic, clump, random))]) };
        var counted = default(SeriesPoint);
        for (var second = Interval; second < WatchSeconds; second += Interval)
        {
            // The rate may change within a stretch: by the second.
            var mean = Enumerable.Range(second - Interval, Interval).Average(rate);
            counted += Stretch(mean, traffic, clump, random);
            var assessment = WatchAssessor.Assess(Policy, new TrackReading.Counts(counted.Failures, counted.Total), memory, span, start.AddSeconds(second));
            if (assessment.Verdict is Verdict.Fail)
            {
                return second;
            }

            memory = assessment.Memory;
        }

        return double.PositiveInfinity;
    }

    private static SeriesPoint Stretch(double rate, double traffic, int clump, SeededRandom random)
    {
        var failures = clump * Poisson(traffic * Interval * rate / clump, random);
        return new SeriesPoint(failures, failures + Poisson(traffic * Interval * (1 - rate), random));
    }

    // Sums of small ones, so that no product underflows.
    private static int Poisson(double mean, SeededRandom random)
    {
        var count = 0;
        for (; mean > 0; mean -= 20)
        {
            var limit = Math.Exp(-Math.Min(mean, 20));
            for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
            {
                count++;
            }
        }

        return count;
    }

    private static string Percent(double share) => AnalysisBenchmark.Percent(share);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>What happens where the test's assumption, independent failures given the rate of the moment, does not hold.</summary>
internal static class Robustness
{
    private const int Hour = 3600;
    private const int CatchWithin = 12 * Hour;
    private static readonly Setting Usual = new(0.005, 0, 10, 0.5);

    public static void Print(int healthyRuns, int badRuns, ulong seed, double falseRevertRate, double worthCatching)
    {
        Console.WriteLine(Text($"Off the model: baseline 0.5 %, 10 requests/s, weight 50 %. {healthyRuns} healthy hours, and {badRuns} runs with a canary that is 2 points worse\n"));
        Console.WriteLine("| what is different | healthy runs failed (95 % interval) | canary requests to catch +2 points, median (95th percentile) |");
        Console.WriteLine("| --- | ---: | ---: |");
        (string Name, Func<double, ITraffic> Make)[] worlds =
        [
            ("nothing", difference => new Traffic(Usual with { Difference = difference })),
            ("the rate of both tracks swings between a tenth of it and twice it, once an hour", difference => new Drifting(difference)),
            ("in a tenth of the seconds both tracks fail ten times as often (a slow database)", difference => new BadSeconds(difference, isShared: true)),
            ("the same, but each track has bad seconds of its own", difference => new BadSeconds(difference, isShared: false)),
            ("each failure comes three times (a client that tries again)", difference => new Retried(difference)),
            ("one stable pod in five fails 5 % of its requests", difference => new BadStablePod(difference)),
            ("one canary pod in five is healthy, the others are not (or all, where the canary is)", difference => new Traffic(Usual with { Difference = difference * 0.8 })),
        ];
        foreach (var (name, make) in worlds)
        {
            var healthy = Contest.Run(make(0), () => [new OurTest(falseRevertRate, worthCatching)], healthyRuns, Hour, seed)[0];
            var bad = Contest.Run(make(0.02), () => [new OurTest(falseRevertRate, worthCatching)], badRuns, CatchWithin, seed)[0];
            var requests = $"{AnalysisBenchmark.Number(Statistics.Median(bad.Requests))} ({AnalysisBenchmark.Number(Statistics.Quantile(bad.Requests, 0.95))})";
            Console.WriteLine(Text($"| {name} | {healthy.Alarms} ({AnalysisBenchmark.Interval(healthy.Alarms, healthyRuns)}) | {requests} |"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Drifting(double difference) : ITraffic
    {
        private readonly Traffic[] _phases = [.. Enumerable.Range(0, 60)
            .Select(minute => 1.05 + (0.95 * Math.Sin(minute * Math.PI / 30)))
            .Select(factor => new Traffic(Usual with { Baseline = Usual.Baseline * factor, Difference = difference }))];

        public Tick Next(SeededRandom random, int second) => _phases[second / 60 % 60].Next(random, second);
    }

    private sealed class BadSeconds(double difference, bool isShared) : ITraffic
    {
        private const double Share = 0.1;
        private const double Factor = 10;
        private readonly Traffic _good = new(Usual with { Baseline = Good, Difference = difference });
        private readonly Traffic _bad = new(Usual with { Baseline = Good * Factor, Difference = difference });

        // The mean over all seconds is the usual baseline.
        private static double Good => Usual.Baseline / (1 + (Share * (Factor - 1)));

        public Tick Next(SeededRandom random, int second)
        {
            var canary = random.NextDouble() < Share;
            var stable = isShared ? canary : random.NextDouble() < Share;
            var first = (canary ? _bad : _good).Next(random, second);
            if (canary == stable)
            {
                return first;
            }

            var other = (stable ? _bad : _good).Next(random, second);
            return first with { StableFailures = other.StableFailures, StableTotal = other.StableTotal };
        }
    }

    private sealed class Retried(double difference) : ITraffic
    {
        private const int Times = 3;
        private readonly Traffic _thin = new(Usual with { Baseline = Usual.Baseline / Times, Difference = difference / Times });

        public Tick Next(SeededRandom random, int second)
        {
            var tick = _thin.Next(random, second);
            return new Tick(
                tick.CanaryFailures * Times,
                tick.CanaryTotal + (tick.CanaryFailures * (Times - 1)),
                tick.StableFailures * Times,
                tick.StableTotal + (tick.StableFailures * (Times - 1)));
        }
    }

    private sealed class BadStablePod(double difference) : ITraffic
    {
        private const double StableRate = (Usual5 * 4 / 5) + (0.05 / 5);
        private const double Usual5 = 0.005;
        private readonly Traffic _traffic = new(Usual with { Baseline = StableRate, Difference = Usual.Baseline + difference - StableRate });

        public Tick Next(SeededRandom random, int second) => _traffic.Next(random, second);
    }
}

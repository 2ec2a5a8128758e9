using System.Globalization;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks;

/// <summary>The comparison with stable over a grid of rates, traffic and weights, against the information bound and other rules. Fixed seeds.</summary>
internal static class AnalysisBenchmark
{
    private const double Alpha = MetricPolicy.UsualFalseRevertRate;
    private const double WorthCatching = MetricPolicy.UsualWorthCatching;
    private static readonly double[] Baselines = [0.001, 0.005, 0.02];
    private static readonly double[] Differences = [0.005, 0.01, 0.02, 0.05, 0.2, 0.9];
    private static readonly double[] Traffic = [1, 10, 100];
    private static readonly double[] Weights = [0.05, 0.5];

    private delegate IRule RuleMaker(double baseline, double difference, double weight);

    private static readonly (string Name, RuleMaker Make)[] Rules =
    [
        ("ours", (_, _, _) => new OurRule(Alpha, WorthCatching)),
        ("Wald, rates known", (b, d, _) => new WaldRule(Alpha, b, b + (d > 0 ? d : WorthCatching))),
        ("Flagger", (_, _, _) => new FlaggerRule()),
        ("z-test, one look", (b, _, w) => new ZRule(Alpha, b, WorthCatching, (1 - w) / w, peeking: false)),
        ("z-test, every tick", (b, _, w) => new ZRule(Alpha, b, WorthCatching, (1 - w) / w, peeking: true)),
    ];

    public static void Run(Arguments arguments)
    {
        var healthyRuns = arguments.Number("healthy-runs", 1000);
        var badRuns = arguments.Number("bad-runs", 101);
        var seconds = arguments.Number("seconds", 1800);
        Healthy(healthyRuns, seconds);
        Bad(badRuns, arguments.Number("longest", 40_000));
        Unkind(healthyRuns, seconds);
    }

    private static void Healthy(int runs, int seconds)
    {
        Console.WriteLine($"False reverts of {runs} healthy runs of {seconds} s, looked at every second (the knob allows {Alpha * runs:0.#}):\n");
        Console.WriteLine("| baseline | requests/s | weight | " + string.Join(" | ", Rules.Select(r => r.Name)) + " |");
        Console.WriteLine("| ---: | ---: | ---: |" + string.Concat(Enumerable.Repeat(" ---: |", Rules.Length)));
        var ours = 0;
        var cells = Cells().ToArray();
        foreach (var (baseline, traffic, weight) in cells)
        {
            var counts = Rules.Select(rule => Alarms(runs, seconds, rule.Make, baseline, weight, (random, _) => Draw(random, traffic, weight, baseline, baseline))).ToArray();
            ours += counts[0];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {baseline * 100:0.#} % | {traffic} | {weight * 100:0} % | {string.Join(" | ", counts)} |"));
        }

        var (low, high) = Wilson(ours, runs * cells.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"\nOurs over all: {ours} of {runs * cells.Length}, {100.0 * ours / (runs * cells.Length):0.###} % (95 % interval {100 * low:0.###} to {100 * high:0.###} %); allowed {100 * Alpha} %.\n"));
    }

    private static void Bad(int runs, int longest)
    {
        Console.WriteLine($"Canary requests until a bad canary is caught (median of {runs} runs), and seconds. Bound: information bound for two unknown rates.\n");
        Console.WriteLine("| baseline | worse by | requests/s | weight | bound | ours | ours / (bound + one tick) | ours p95 | seconds | Wald, rates known | Flagger: seconds (caught) | z-test, one look (caught) |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var worst = 0.0;
        foreach (var (baseline, traffic, weight) in Cells())
        {
            foreach (var difference in Differences)
            {
                var results = Rules.Take(4).Select(rule => Catch(runs, longest, rule.Make, baseline, difference, traffic, weight)).ToArray();
                var bound = InformationBound.CanaryRequests(baseline + difference, baseline, (1 - weight) / weight, Alpha);
                var ours = results[0];
                var tick = Math.Max(1, traffic * weight);
                var ratio = ours.Requests / (bound + tick);
                worst = difference >= WorthCatching && double.IsFinite(ratio) ? Math.Max(worst, ours.Requests / ((1.5 * bound) + tick)) : worst;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {baseline * 100:0.#} % | {difference * 100:0.#} points | {traffic} | {weight * 100:0} % | {bound:0.#} | {Number(ours.Requests)} | {ratio:0.00} | {Number(ours.High)} | {Number(ours.Seconds)} "
                    + $"| {Number(results[1].Requests)} | {Number(results[2].Seconds)} ({results[2].Caught * 100:0} %) | {Number(results[3].Requests)} ({results[3].Caught * 100:0} %) |"));
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nWorst median where the difference is worth catching: {worst:0.00} of (1.5 x bound + one tick); the target is at most 1.\n"));
    }

    /// <summary>Healthy runs that break an assumption: what then?</summary>
    private static void Unkind(int runs, int seconds)
    {
        Console.WriteLine($"False reverts of {runs} healthy runs of {seconds} s under conditions that no test likes (10 requests/s, weight 50 %, baseline 0.5 %):\n");
        Console.WriteLine("| condition | " + string.Join(" | ", Rules.Select(r => r.Name)) + " |");
        Console.WriteLine("| --- |" + string.Concat(Enumerable.Repeat(" ---: |", Rules.Length)));
        Row("both rates rise tenfold for a third of the time", (random, t) => Draw(random, 10, 0.5, t % 900 < 300 ? 0.05 : 0.005, t % 900 < 300 ? 0.05 : 0.005));
        Row("weight goes from 5 to 50 % while both rates rise tenfold", (random, t) => t < seconds / 2 ? Draw(random, 10, 0.05, 0.005, 0.005) : Draw(random, 10, 0.5, 0.05, 0.05));
        Row("failures come in clumps of five, on both tracks", (random, _) =>
        {
            var tick = Draw(random, 10, 0.5, 0.001, 0.001);
            return tick with { CanaryFailures = Math.Min(tick.CanaryTotal, tick.CanaryFailures * 5), StableFailures = Math.Min(tick.StableTotal, tick.StableFailures * 5) };
        });
        Row("one of four stable pods fails 5 %: stable is worse", (random, _) => Draw(random, 10, 0.5, 0.005, (0.05 + (3 * 0.005)) / 4));

        void Row(string condition, Func<Random, int, Tick> draw)
        {
            var counts = Rules.Select(rule => Alarms(runs, seconds, rule.Make, 0.005, 0.5, draw));
            Console.WriteLine($"| {condition} | {string.Join(" | ", counts)} |");
        }
    }

    private static IEnumerable<(double Baseline, double Traffic, double Weight)> Cells() =>
        from baseline in Baselines from traffic in Traffic from weight in Weights select (baseline, traffic, weight);

    private static int Alarms(int runs, int seconds, RuleMaker make, double baseline, double weight, Func<Random, int, Tick> draw) =>
        Enumerable.Range(0, runs).AsParallel().Count(seed =>
        {
            var random = new Random(seed);
            var rule = make(baseline, 0, weight);
            for (var second = 0; second < seconds; second++)
            {
                if (rule.Fails(draw(random, second)))
                {
                    return true;
                }
            }

            return false;
        });

    private static (double Requests, double High, double Seconds, double Caught) Catch(
        int runs, int longest, RuleMaker make, double baseline, double difference, double traffic, double weight)
    {
        var ends = Enumerable.Range(0, runs).AsParallel().Select(seed =>
        {
            var random = new Random(seed);
            var rule = make(baseline, difference, weight);
            var requests = 0.0;
            for (var second = 1; second <= longest; second++)
            {
                var tick = Draw(random, traffic, weight, baseline + difference, baseline);
                requests += tick.CanaryTotal;
                if (rule.Fails(tick))
                {
                    return (Requests: requests, Seconds: (double)second);
                }
            }

            return (Requests: double.PositiveInfinity, Seconds: double.PositiveInfinity);
        }).OrderBy(end => end.Requests).ToArray();
        return (ends[runs / 2].Requests, ends[runs * 95 / 100].Requests, ends.Select(e => e.Seconds).Order().ElementAt(runs / 2), ends.Count(e => double.IsFinite(e.Requests)) / (double)runs);
    }

    private static Tick Draw(Random random, double traffic, double weight, double canaryRate, double stableRate)
    {
        var (canary, stable) = (Poisson(random, traffic * weight), Poisson(random, traffic * (1 - weight)));
        return new Tick(Binomial(random, canary, canaryRate), canary, Binomial(random, stable, stableRate), stable);
    }

    private static int Poisson(Random random, double mean)
    {
        var (count, time) = (0, 0.0);
        while ((time -= Math.Log(1 - random.NextDouble())) < mean)
        {
            count++;
        }

        return count;
    }

    private static int Binomial(Random random, int trials, double probability)
    {
        // From success to success: their gaps are geometric.
        var (count, at, scale) = (0, 0.0, Math.Log(1 - probability));
        while ((at += 1 + Math.Floor(Math.Log(1 - random.NextDouble()) / scale)) <= trials)
        {
            count++;
        }

        return count;
    }

    private static (double Low, double High) Wilson(int successes, int trials)
    {
        const double z = 1.96;
        var rate = (double)successes / trials;
        var middle = (rate + (z * z / (2 * trials))) / (1 + (z * z / trials));
        var half = z * Math.Sqrt((rate * (1 - rate) / trials) + (z * z / (4.0 * trials * trials))) / (1 + (z * z / trials));
        return (Math.Max(0, middle - half), middle + half);
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("#,0", CultureInfo.InvariantCulture) : "never";
}

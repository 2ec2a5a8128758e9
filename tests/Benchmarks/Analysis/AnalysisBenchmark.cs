using System.Diagnostics;
using System.Globalization;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>
/// The sequential test against its information bound and against the rules that others use: false reverts of healthy canaries, and
/// what it takes to catch bad ones. Prints Markdown.
/// </summary>
internal static class AnalysisBenchmark
{
    private const double FalseRevertRate = 0.001;
    private const double WorthCatching = 0.01;
    private const double MostOfBound = 1.5;
    private const int Hour = 3600;

    private static readonly double[] Baselines = [0.001, 0.005, 0.02];
    private static readonly double[] Differences = [0.005, 0.01, 0.02, 0.05, 0.2, 0.9];
    private static readonly double[] Traffics = [1, 10, 100];
    private static readonly double[] Weights = [0.05, 0.5];

    public static int Run(Arguments arguments)
    {
        var quick = arguments.Has("quick");
        var healthyRuns = arguments.Number("healthy-runs", quick ? 200 : 2000);
        var badRuns = arguments.Number("bad-runs", quick ? 101 : 401);
        var seed = (ulong)arguments.Number("seed", 20261124);
        var watch = Stopwatch.StartNew();

        Console.WriteLine(Text($"falseRevertRate {Percent(FalseRevertRate)}, worthCatching +{WorthCatching * 100:0} point, ticks of 1 s, seed {seed}\n"));
        var part = arguments.Text("part", "all");
        var isCalm = part is not ("all" or "healthy") || Healthy(healthyRuns, seed);
        var isFast = part is not ("all" or "bad") || Bad(badRuns, seed);
        if (part is "all" or "robustness")
        {
            Robustness.Print(quick ? 200 : 1000, badRuns, seed, FalseRevertRate, WorthCatching);
        }

        if (part is "all" or "holds")
        {
            Holds.Print(quick ? 200 : 2000, seed, FalseRevertRate, WorthCatching);
        }

        if (part is "all" or "outages")
        {
            Outages.Print(quick ? 100 : 401, seed, FalseRevertRate, WorthCatching);
        }

        Console.WriteLine(Text($"\n{watch.Elapsed.TotalSeconds:0} s on {Environment.ProcessorCount} cores"));
        return isCalm && isFast ? 0 : 1;
    }

    private static bool Healthy(int runs, ulong seed)
    {
        Console.WriteLine(Text($"Healthy canaries, {runs} runs of one hour for each line: runs that were failed\n"));
        Console.WriteLine("| baseline | requests/s | weight | this test (95 % interval) | Wald, told the rates | Flagger's rule | z-test, once | z-test, every tick |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var alarms = 0;
        var all = 0;
        foreach (var setting in Settings([0]))
        {
            var outcomes = Contest.Run(new Traffic(setting), () => Rules(setting), runs, Hour, Seed(seed, setting));
            alarms += outcomes[0].Alarms;
            all += runs;
            var shares = string.Join(" | ", outcomes.Skip(1).Select(o => Percent(o.AlarmShare)));
            Console.WriteLine(Text($"| {Percent(setting.Baseline)} | {setting.PerSecond} | {Percent(setting.Weight)} | {outcomes[0].Alarms} ({Interval(outcomes[0].Alarms, runs)}) | {shares} |"));
        }

        var isCalm = Wilson(alarms, all).Low <= FalseRevertRate;
        Console.WriteLine(Text($"\nTogether {alarms} of {all} healthy hours: {Percent((double)alarms / all)} ({Interval(alarms, all)}), {(isCalm ? "at or under" : "ABOVE")} the knob of {Percent(FalseRevertRate)}.\n"));
        return isCalm;
    }

    private static bool Bad(int runs, ulong seed)
    {
        Console.WriteLine(Text($"Bad canaries, {runs} runs for each line: canary requests and seconds until failed, median (95th percentile)\n"));
        Console.WriteLine("| baseline | worse by | requests/s | weight | bound | this test, requests | of bound | this test, seconds | Wald, requests | Flagger, seconds (caught) | z-test once, requests (caught) | target |");
        Console.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
        var (missed, unclear) = (0, 0);
        foreach (var setting in Settings(Differences))
        {
            var bound = InformationBound.CanaryRequests(setting.CanaryRate, setting.Baseline, setting.StablePerCanary, FalseRevertRate);
            var seconds = (int)Math.Max(Hour, 4 * bound / setting.CanaryPerSecond);
            var outcomes = Contest.Run(new Traffic(setting), () => Rules(setting)[..4], runs, seconds, Seed(seed, setting));
            var (ours, wald, flagger, once) = (outcomes[0], outcomes[1], outcomes[2], outcomes[3]);
            var median = Statistics.Median(ours.Requests);

            // Requests come whole, so a tick is at least one.
            var target = (MostOfBound * bound) + Math.Max(1, setting.CanaryPerSecond);
            var isAsked = setting.Difference >= WorthCatching;

            // The median of few runs is not the test's own: only where its 95 % interval is above the target, the target is missed.
            var isMissed = Statistics.Quantile(ours.Requests, 0.5 - (0.98 / Math.Sqrt(runs))) > target;
            missed += isAsked && isMissed ? 1 : 0;
            unclear += isAsked && median > target && !isMissed ? 1 : 0;
            Console.WriteLine(Text($"| {Percent(setting.Baseline)} | +{setting.Difference * 100:0.#} | {setting.PerSecond} | {Percent(setting.Weight)} | {bound:#,0.#} ")
                + Text($"| {Number(median)} ({Number(Statistics.Quantile(ours.Requests, 0.95))}) | {median / bound:0.00} | {Number(Statistics.Median(ours.Seconds))} ({Number(Statistics.Quantile(ours.Seconds, 0.95))}) ")
                + Text($"| {Number(Statistics.Median(wald.Requests))} | {Number(Statistics.Median(flagger.Seconds))} ({Percent(flagger.AlarmShare)}) | {Number(Statistics.Median(once.Requests))} ({Percent(once.AlarmShare)}) ")
                + $"| {(!isAsked ? "below worthCatching" : median <= target ? "met" : isMissed ? "MISSED" : "too few runs to tell")} |");
        }

        Console.WriteLine(Text($"\nTarget: a median of at most {MostOfBound} times the bound plus one tick, wherever the difference is at least worthCatching. {(missed + unclear == 0 ? "Met everywhere." : missed == 0 ? "Missed nowhere." : $"MISSED {missed} times.")}{(unclear == 0 ? "" : $" {unclear} lines need more runs to tell: --bad-runs.")}\n"));
        return missed == 0;
    }

    /// <summary>This test, Wald's, Flagger's with a limit set with knowledge of the baseline, the z-test planned and the z-test abused.</summary>
    private static IDetector[] Rules(Setting setting) =>
    [
        new OurTest(FalseRevertRate, WorthCatching),
        new Wald(FalseRevertRate, setting.Baseline, setting.Baseline + (setting.Difference > 0 ? setting.Difference : WorthCatching)),
        new FlaggerRule(setting.Baseline + WorthCatching),
        new ZTest(setting, WorthCatching, isLookedAtEachTick: false),
        new ZTest(setting, WorthCatching, isLookedAtEachTick: true),
    ];

    private static IEnumerable<Setting> Settings(double[] differences) =>
        from baseline in Baselines
        from difference in differences
        from perSecond in Traffics
        from weight in Weights
        select new Setting(baseline, difference, perSecond, weight);

    private static ulong Seed(ulong seed, Setting setting) =>
        (ulong)Math.Round((setting.Baseline * 1e7) + (setting.Difference * 1e9) + (setting.PerSecond * 10) + (setting.Weight * 100)) ^ (seed << 32);

    public static (double Low, double High) Wilson(int alarms, int runs)
    {
        const double quantile = 1.96;
        var (share, square) = ((double)alarms / runs, quantile * quantile / runs);
        var middle = (share + (square / 2)) / (1 + square);
        var half = quantile / (1 + square) * Math.Sqrt((share * (1 - share) / runs) + (square / (4 * runs)));
        return (Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    public static string Interval(int alarms, int runs)
    {
        var (low, high) = Wilson(alarms, runs);
        return $"{Percent(low)} to {Percent(high)}";
    }

    public static string Percent(double share) => Text($"{share * 100:0.###} %");

    public static string Number(double value) => double.IsFinite(value) ? Text($"{value:#,0}") : "never";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

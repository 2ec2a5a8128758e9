using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Analysis.Watch;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class GaugeAssessorTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MetricPolicy Queue = new() { Name = "queue", Gauge = new GaugePolicy { Max = 10, InARow = 3 } };
    private static readonly MetricPolicy Orders = new() { Name = "orders", Gauge = new GaugePolicy { Tolerance = 0.2, LowerIsWorse = true, InARow = 2 } };

    [Fact]
    public void Only_bad_measurements_in_a_row_fail_the_canary()
    {
        var verdicts = Judge(Queue, [(11, null), (12, null), (9, null), (11, null), (11, null), (30, null)]);

        Assert.Equal([Verdict.Hold, Verdict.Hold, Verdict.Pass, Verdict.Hold, Verdict.Hold, Verdict.Fail], verdicts.Select(v => v.Verdict));
        Assert.Contains("30: above max 10, 3 measurements in a row", verdicts[^1].Message, StringComparison.Ordinal);
        Assert.Contains("1 of 3", verdicts[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_seen_at_several_ticks_counts_once()
    {
        MetricMemory? memory = null;
        var watch = new WatchMemory();
        var span = new WatchSpan(Start, Start.AddMinutes(10), TimeSpan.Zero);
        var verdicts = new List<(Verdict, Verdict)>();
        for (var second = 0; second < 45; second++)
        {
            var value = new TrackReading.Value(30, Start.AddSeconds(second / 15 * 15));
            var assessment = Assess(Queue, value, null, memory, second);
            var watched = WatchAssessor.Assess(Queue, value, watch, span, Start.AddSeconds(second));
            (memory, watch) = (assessment.Memory, watched.Memory);
            verdicts.Add((assessment.Verdict, watched.Verdict));
        }

        Assert.Equal(30, verdicts.IndexOf((Verdict.Fail, Verdict.Fail)));
        Assert.All(verdicts[..30], verdict => Assert.Equal((Verdict.Hold, Verdict.Hold), verdict));
    }

    [Fact]
    public void A_tolerance_looks_at_the_bad_side_only()
    {
        Assert.Equal([Verdict.Pass, Verdict.Pass, Verdict.Hold, Verdict.Fail], Judge(Orders, [(500, 100), (80, 100), (79, 100), (10, 100)]).Select(v => v.Verdict));
        var declines = Orders with { Gauge = Orders.Gauge! with { LowerIsWorse = false } };
        Assert.Equal([Verdict.Pass, Verdict.Hold, Verdict.Fail], Judge(declines, [(120, 100), (121, 100), (500, 100)]).Select(v => v.Verdict));
    }

    [Fact]
    public void Values_that_stable_has_too_are_not_blamed_on_the_patch()
    {
        var both = Queue with { Gauge = Queue.Gauge! with { Tolerance = 0.5, InARow = 1 } };

        var last = Judge(both, [(30, 25)])[^1];

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableAlsoFailing), (last.Verdict, last.Reason));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_number_is_never_good(double value)
    {
        Assert.Equal((Verdict.Hold, AssessmentReasons.InvalidSamples), (Judge(Queue, [(value, null)])[0].Verdict, Judge(Queue, [(value, null)])[0].Reason));
        Assert.Equal(Verdict.Hold, Judge(Orders, [(100, value)])[0].Verdict);
    }

    [Fact]
    public void A_comparison_without_stable_holds_and_missing_data_fails_only_where_asked_for()
    {
        Assert.Equal((Verdict.Hold, AssessmentReasons.StableNoData), (Judge(Orders, [(100, null)])[0].Verdict, Judge(Orders, [(100, null)])[0].Reason));

        var strict = Queue with { OnNoData = DataPolicy.Fail };
        var first = Assess(strict, new TrackReading.NoData("nothing"), null, null, 0);
        var late = Assess(strict, new TrackReading.NoData("nothing"), null, first.Memory, 61);
        Assert.Equal((Verdict.Hold, Verdict.Fail), (first.Verdict, late.Verdict));
        Assert.Equal(Verdict.Hold, Assess(strict, new TrackReading.Failed("HTTP 503", false), null, null, 0).Verdict);
    }

    private static List<MetricAssessment> Judge(MetricPolicy policy, (double Canary, double? Stable)[] values)
    {
        var assessments = new List<MetricAssessment>();
        foreach (var (canary, stable) in values)
        {
            var beside = stable is { } number ? new TrackReading.Value(number) : (TrackReading)new TrackReading.NoData("nothing");
            assessments.Add(Assess(policy, new TrackReading.Value(canary), beside, assessments.LastOrDefault()?.Memory, assessments.Count * 5));
        }

        return assessments;
    }

    private static MetricAssessment Assess(MetricPolicy policy, TrackReading canary, TrackReading? stable, MetricMemory? memory, double seconds) => MetricAssessor.Assess(
        policy,
        new MetricReading { Metric = policy.Name, Canary = canary, Stable = stable, SampledAt = Start.AddSeconds(seconds), CanaryQuery = "q" },
        memory,
        Start.AddSeconds(seconds));
}

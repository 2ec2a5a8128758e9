using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Analysis.Watch;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class WatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private static readonly WatchSpan Span = new(Start, Start.AddMinutes(30), TimeSpan.FromSeconds(60));

    private static readonly MetricPolicy Compared = new() { Name = "errors", CompareWithStable = true, MinRequests = 50 };

    [Fact]
    public void A_healthy_hour_after_the_promotion_is_failed_at_most_as_often_as_promised()
    {
        // The history is drawn anew each time, for it is chance as well; the promise holds for a rate at the very limit of what is worth catching.
        var random = new Random(4711);
        var failed = 0;
        const int runs = 400;
        for (var run = 0; run < runs; run++)
        {
            failed += Fails(random, historyRate: 0.01, historyTotal: 3000, rate: 0.02, perTick: 100, alpha: 0.05) ? 1 : 0;
        }

        Assert.InRange(failed, 0, (int)(0.05 * runs));
    }

    [Theory]
    [InlineData(0.005, 0.05)]
    [InlineData(0.02, 0.2)]
    [InlineData(0, 0.9)]
    public void What_is_clearly_worse_than_before_is_found(double before, double now)
    {
        var random = new Random(42);
        var found = Enumerable.Range(0, 50).Count(_ => Fails(random, before, 5000, now, 100, 0.001));
        Assert.Equal(50, found);
    }

    [Fact]
    public void The_upper_bound_of_a_history_is_broken_as_often_as_it_says_at_most()
    {
        var random = new Random(7);
        var broken = 0;
        for (var run = 0; run < 2000; run++)
        {
            var failures = Enumerable.Range(0, 1000).Count(_ => random.NextDouble() < 0.02);
            broken += new WatchHistory(failures, 1000).UpperBound(0.1) < 0.02 ? 1 : 0;
        }

        Assert.InRange(broken, 1, 200);
    }

    [Theory]
    [InlineData(0, 1000, 0.01)]
    [InlineData(5, 1000, 0.03)]
    [InlineData(0, 10, 0.6)]
    public void Less_history_leaves_more_room(double failures, double total, double atMost)
    {
        var bound = new WatchHistory(failures, total).UpperBound(0.001);
        Assert.InRange(bound, failures / total, atMost);
        Assert.True(new WatchHistory(failures, total, 3).UpperBound(0.001) > bound);
    }

    [Fact]
    public void Failures_that_come_in_clumps_are_seen_in_the_history_and_leave_more_room()
    {
        SeriesPoint?[] even = [.. Enumerable.Range(0, 60).Select(i => (SeriesPoint?)new SeriesPoint(i % 2, 50))];
        SeriesPoint?[] clumped = [.. Enumerable.Range(0, 60).Select(i => (SeriesPoint?)new SeriesPoint(i % 20 == 0 ? 10 : 0, 50))];
        Assert.Equal(1, WatchHistory.Of(even)!.Clumping);
        Assert.InRange(WatchHistory.Of(clumped)!.Clumping, 5, 10);
        Assert.Equal(WatchHistory.Of(even)!.Rate, WatchHistory.Of(clumped)!.Rate);
    }

    [Fact]
    public void Without_a_history_only_the_ceiling_judges()
    {
        Assert.Null(WatchHistory.Of([null, null]));
        var memory = new WatchMemory();
        var bare = WatchAssessor.Assess(Compared, new TrackReading.Counts(500, 1000), memory, Span, Start.AddMinutes(1));
        Assert.Equal((Verdict.Hold, AssessmentReasons.NothingToJudge), (bare.Verdict, bare.Reason));
        var policy = Compared with { MaxRate = 0.02 };
        var first = WatchAssessor.Assess(policy, new TrackReading.Counts(500, 1000), memory, Span, Start.AddMinutes(1));
        Assert.Equal((Verdict.Hold, WatchReasons.Suspected), (first.Verdict, first.Reason));
        var second = WatchAssessor.Assess(policy, new TrackReading.Counts(600, 1200), first.Memory, Span, Start.AddMinutes(1.5));
        Assert.Equal((Verdict.Hold, WatchReasons.Suspected), (second.Verdict, second.Reason));
        var third = WatchAssessor.Assess(policy, new TrackReading.Counts(700, 1400), second.Memory, Span, Start.AddMinutes(2));
        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (third.Verdict, third.Reason));
        var recovered = WatchAssessor.Assess(policy, new TrackReading.Counts(600, 1400), second.Memory, Span, Start.AddMinutes(2));
        Assert.Equal((Verdict.Hold, WatchReasons.Suspected), (recovered.Verdict, recovered.Reason));
    }

    [Fact]
    public void What_was_not_the_patch_alone_is_not_counted()
    {
        var history = new WatchMemory { History = new WatchHistory(5, 1000) };
        var before = WatchAssessor.Assess(Compared, new TrackReading.Counts(1, 500), history, Span, Start.AddMinutes(1));
        var after = WatchAssessor.Assess(Compared, new TrackReading.Counts(401, 1000), before.Memory with { AwaitsBaseLine = true }, Span, Start.AddMinutes(2));
        Assert.Equal(before.Memory.Counted, after.Memory.Counted);
        Assert.Equal(Verdict.Pass, after.Verdict);
    }

    [Fact]
    public void Counters_that_begin_again_count_nothing_twice()
    {
        var memory = new WatchMemory().See(new UsableCounts(10, 1000), 0, Start).See(new UsableCounts(0, 20), 0, Start).See(new UsableCounts(1, 60), 0, Start);
        Assert.Equal(new SeriesPoint(11, 1040), memory.Counted);
    }

    [Theory]
    [InlineData(5, 3, Verdict.Pass)]
    [InlineData(11, 1, Verdict.Hold)]
    [InlineData(11, 9, Verdict.Hold)]
    [InlineData(11, 14, Verdict.Fail)]
    [InlineData(0.5, 14, Verdict.Fail)]
    public void A_value_is_held_against_max_and_min_several_times_in_a_row(double value, int times, Verdict expected)
    {
        var policy = new MetricPolicy { Name = "queue", Gauge = new GaugePolicy { Max = 10, Min = 1, Tolerance = 0.2 } };
        var assessment = new WatchAssessment { Metric = "queue", Verdict = Verdict.Hold, Reason = "", Message = "", Memory = new WatchMemory() };
        for (var i = 0; i < times; i++)
        {
            assessment = WatchAssessor.Assess(policy, new TrackReading.Value(value), assessment.Memory, Span, Start.AddSeconds(5 * i));
        }

        Assert.Equal(expected, assessment.Verdict);
    }

    [Theory]
    [InlineData(double.NaN, 10)]
    [InlineData(-1, 10)]
    [InlineData(0, double.PositiveInfinity)]
    [InlineData(0, 0)]
    public void Numbers_that_mean_nothing_hold(double failures, double total)
    {
        var policy = Compared with { OnNoData = DataPolicy.Fail, OnError = DataPolicy.Fail };
        Assert.Equal(Verdict.Hold, WatchAssessor.Assess(policy, new TrackReading.Counts(failures, total), new WatchMemory(), Span, Start.AddMinutes(5)).Verdict);
    }

    [Theory]
    [InlineData(0.02, 15)]
    [InlineData(0.02, 150)]
    [InlineData(0.005, 150)]
    [InlineData(0.001, 1500)]
    public void An_outage_of_twenty_seconds_is_forgiven_whatever_the_traffic(double rate, int perTick)
    {
        // Of the tick at ten minutes everything fails, of the next a third.
        var random = new Random(11);
        var failed = Enumerable.Range(0, 100).Count(_ => Fails(random, rate, 60 * perTick, rate, perTick, 0.001, tick => tick switch { 40 => 1, 41 => 0.33, _ => rate }));
        Assert.Equal(0, failed);
    }

    [Fact]
    public void An_outage_that_lasts_is_not()
    {
        var random = new Random(12);
        Assert.Equal(50, Enumerable.Range(0, 50).Count(_ => Fails(random, 0.01, 9000, 0.01, 150, 0.001, tick => tick is >= 40 and < 50 ? 1 : 0.01)));
    }

    private static bool Fails(Random random, double historyRate, int historyTotal, double rate, int perTick, double alpha, Func<int, double>? rateAt = null)
    {
        var history = new WatchHistory(Enumerable.Range(0, historyTotal).Count(_ => random.NextDouble() < historyRate), historyTotal);
        var policy = Compared with { FalseRevertRate = alpha };
        var memory = new WatchMemory { History = history };
        var (failures, total, tick) = (0, 0, 0);
        for (var now = Start.AddSeconds(15); now < Span.Until; now = now.AddSeconds(15))
        {
            var share = rateAt?.Invoke(tick++) ?? rate;
            failures += Enumerable.Range(0, perTick).Count(_ => random.NextDouble() < share);
            total += perTick;
            var assessment = WatchAssessor.Assess(policy, new TrackReading.Counts(failures, total), memory, Span, now);
            if (assessment.Verdict is Verdict.Fail)
            {
                return true;
            }

            memory = assessment.Memory;
        }

        return false;
    }
}

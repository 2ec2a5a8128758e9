using System.Text.Json;
using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class MetricAssessorTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private static readonly MetricPolicy Policy = new() { Name = "http-errors", MaxRate = 0.02, MinRequests = 50 };

    public static TheoryData<double, double, string> BadCounts() => new()
    {
        { double.NaN, 100, AssessmentReasons.InvalidSamples },
        { 0, double.NaN, AssessmentReasons.InvalidSamples },
        { double.NaN, double.NaN, AssessmentReasons.InvalidSamples },
        { 0, double.PositiveInfinity, AssessmentReasons.InvalidSamples },
        { double.NegativeInfinity, 100, AssessmentReasons.InvalidSamples },
        { -1, 100, AssessmentReasons.InvalidSamples },
        { 0, -100, AssessmentReasons.InvalidSamples },
        { 200, 100, AssessmentReasons.InvalidSamples },
        { 0, 1e300, AssessmentReasons.InvalidSamples },
        { 0, 0, AssessmentReasons.NoData },
        { 0, 49, AssessmentReasons.TooFewRequests },
    };

    [Theory]
    [MemberData(nameof(BadCounts))]
    public void Numbers_that_mean_nothing_hold_and_say_why(double failures, double total, string reason)
    {
        var assessment = Assess(Policy, new TrackReading.Counts(failures, total));

        Assert.Equal(Verdict.Hold, assessment.Verdict);
        Assert.Equal(reason, assessment.Reason);
    }

    [Theory]
    [MemberData(nameof(BadCounts))]
    public void Numbers_of_stable_that_mean_nothing_never_pass_a_comparison(double failures, double total, string reason)
    {
        var policy = Policy with { CompareWithStable = true, OnNoData = DataPolicy.Fail, OnError = DataPolicy.Fail };

        var assessment = Assess(policy, new TrackReading.Counts(0, 1000), new TrackReading.Counts(failures, total));

        // Few requests on stable are no obstacle: its rate is only compared, with the uncertainty that few requests bring.
        Assert.Equal(reason == AssessmentReasons.TooFewRequests ? Verdict.Pass : Verdict.Hold, assessment.Verdict);
    }

    [Fact]
    public void A_canary_without_a_reading_of_stable_is_not_compared_and_does_not_pass()
    {
        var assessment = Assess(Policy with { CompareWithStable = true }, new TrackReading.Counts(0, 1000));

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableNoData), (assessment.Verdict, assessment.Reason));
    }

    [Theory]
    [InlineData(false, AssessmentReasons.MetricsUnavailable)]
    [InlineData(true, AssessmentReasons.QueryRejected)]
    public void A_metrics_outage_neither_promotes_nor_reverts(bool terminal, string reason)
    {
        var failed = new TrackReading.Failed("http://prometheus:9090 refused the connection", terminal);

        var canary = Assess(Policy, failed);
        var stable = Assess(Policy with { CompareWithStable = true, OnError = DataPolicy.Fail }, new TrackReading.Counts(0, 1000), failed);

        Assert.Equal((Verdict.Hold, reason), (canary.Verdict, canary.Reason));
        Assert.Equal((Verdict.Hold, reason), (stable.Verdict, stable.Reason));
        Assert.Contains("refused the connection", canary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_outage_or_missing_data_fails_only_where_the_user_asked_for_it()
    {
        var failed = new TrackReading.Failed("HTTP 503", false);
        var none = new TrackReading.NoData("the total query returned nothing");
        var memory = Assess(Policy, new TrackReading.Counts(0, 10)).Memory;

        Assert.Equal(Verdict.Fail, Assess(Policy with { OnError = DataPolicy.Fail }, failed).Verdict);
        Assert.Equal(Verdict.Hold, Assess(Policy with { OnError = DataPolicy.Fail }, none, memory: memory).Verdict);
        Assert.Equal(Verdict.Fail, Assess(Policy with { OnNoData = DataPolicy.Fail }, none, memory: memory).Verdict);
        Assert.Equal(Verdict.Hold, Assess(Policy with { OnNoData = DataPolicy.Fail }, failed, memory: memory).Verdict);
    }

    [Fact]
    public void A_canary_that_had_no_numbers_yet_is_given_the_time_of_two_scrapes()
    {
        var policy = Policy with { OnNoData = DataPolicy.Fail, StaleAfter = TimeSpan.FromMinutes(1) };
        var none = new TrackReading.NoData("the total query returned nothing");

        var first = Assess(policy, none);
        var later = Assess(policy, none, memory: first.Memory, after: TimeSpan.FromSeconds(60));
        var tooLate = Assess(policy, none, memory: later.Memory, after: TimeSpan.FromSeconds(61));

        Assert.Equal([Verdict.Hold, Verdict.Hold, Verdict.Fail], [first.Verdict, later.Verdict, tooLate.Verdict]);
    }

    [Fact]
    public void Whoever_counts_and_began_anew_is_given_that_time_again()
    {
        var policy = Policy with { OnNoData = DataPolicy.Fail };
        var memory = Assess(policy, new TrackReading.Counts(0, 500)).Memory;
        foreach (var anew in (TrackReading[])[new TrackReading.Counts(0, 0), new TrackReading.NoData("no probe of the canary has ended yet", BeganAnew: true)])
        {
            var first = Assess(policy, anew, memory: memory, after: TimeSpan.FromSeconds(5));
            var later = Assess(policy, anew, memory: first.Memory, after: TimeSpan.FromSeconds(65));
            var tooLate = Assess(policy, anew, memory: later.Memory, after: TimeSpan.FromSeconds(66));

            Assert.Equal([Verdict.Hold, Verdict.Hold, Verdict.Fail], [first.Verdict, later.Verdict, tooLate.Verdict]);
        }
    }

    [Fact]
    public void The_ceiling_fails_at_once_when_there_are_enough_requests()
    {
        var few = Assess(Policy, new TrackReading.Counts(20, 40));
        var enough = Assess(Policy, new TrackReading.Counts(2, 50));

        Assert.Equal((Verdict.Hold, AssessmentReasons.TooFewRequests), (few.Verdict, few.Reason));
        Assert.Contains("needs about 10 more requests", few.Message, StringComparison.Ordinal);
        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (enough.Verdict, enough.Reason));
        Assert.Contains("4 % (2 of 50 requests), above the ceiling of 2 %", enough.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_at_the_ceiling_passes_and_zero_requests_never_do()
    {
        Assert.Equal(Verdict.Pass, Assess(Policy, new TrackReading.Counts(1, 50)).Verdict);
        Assert.Equal(Verdict.Hold, Assess(Policy with { MinRequests = 0 }, new TrackReading.Counts(0, 0)).Verdict);
        Assert.Equal(Verdict.Hold, Assess(Policy with { MinRequests = 0 }, new TrackReading.Counts(0, 0.4)).Verdict);
    }

    [Fact]
    public void Every_request_failing_is_seen_even_if_the_failures_were_read_a_moment_after_the_total()
    {
        var assessment = Assess(Policy, new TrackReading.Counts(104.2, 100));

        Assert.Equal((Verdict.Fail, 1.0), (assessment.Verdict, assessment.CanaryRate));
    }

    [Fact]
    public void A_dead_scrape_that_keeps_answering_old_numbers_does_not_pass()
    {
        var first = Assess(Policy, new TrackReading.Counts(0, 500));
        var still = Assess(Policy, new TrackReading.Counts(0, 500), memory: first.Memory, after: TimeSpan.FromSeconds(60));
        var stale = Assess(Policy, new TrackReading.Counts(0, 499.2), memory: still.Memory, after: TimeSpan.FromSeconds(61));
        var grown = Assess(Policy, new TrackReading.Counts(0, 501), memory: stale.Memory, after: TimeSpan.FromSeconds(62));

        Assert.Equal([Verdict.Pass, Verdict.Pass, Verdict.Hold, Verdict.Pass], [first.Verdict, still.Verdict, stale.Verdict, grown.Verdict]);
        Assert.Equal(AssessmentReasons.StaleSamples, stale.Reason);
    }

    [Fact]
    public void A_replaced_pod_whose_counts_start_low_is_fresh_as_soon_as_they_grow()
    {
        var first = Assess(Policy, new TrackReading.Counts(0, 500));
        var replaced = Assess(Policy, new TrackReading.Counts(0, 60), memory: first.Memory, after: TimeSpan.FromSeconds(50));
        var growing = Assess(Policy, new TrackReading.Counts(0, 70), memory: replaced.Memory, after: TimeSpan.FromSeconds(65));

        Assert.Equal(Verdict.Pass, growing.Verdict);
    }

    [Fact]
    public void Stable_that_is_no_longer_scraped_holds_a_comparison()
    {
        var policy = Policy with { CompareWithStable = true };
        var first = Assess(policy, new TrackReading.Counts(0, 500), new TrackReading.Counts(0, 500));
        var later = Assess(policy, new TrackReading.Counts(0, 900), new TrackReading.Counts(0, 500), first.Memory, TimeSpan.FromSeconds(61));

        Assert.Equal((Verdict.Hold, AssessmentReasons.StaleSamples), (later.Verdict, later.Reason));
    }

    [Fact]
    public void With_all_the_traffic_on_the_canary_the_ceiling_alone_decides()
    {
        var policy = Policy with { CompareWithStable = true, StableIsIdle = true };
        var none = new TrackReading.NoData("no requests");

        Assert.Equal(Verdict.Pass, Assess(policy, new TrackReading.Counts(0, 500), none).Verdict);
        Assert.Equal(Verdict.Fail, Assess(policy, new TrackReading.Counts(50, 500), none).Verdict);
        Assert.Equal(Verdict.Hold, Assess(policy with { MaxRate = null }, new TrackReading.Counts(0, 500), none).Verdict);
        Assert.Equal(Verdict.Hold, Assess(policy, new TrackReading.Counts(0, 500), new TrackReading.Failed("HTTP 503", false)).Verdict);
        Assert.Equal(Verdict.Hold, Assess(policy with { StableIsIdle = false }, new TrackReading.Counts(0, 500), none).Verdict);
    }

    [Fact]
    public void A_shared_outage_is_not_blamed_on_the_patch()
    {
        var policy = Policy with { CompareWithStable = true };

        var assessment = Assess(policy, new TrackReading.Counts(31, 100), new TrackReading.Counts(280, 900));

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableAlsoFailing), (assessment.Verdict, assessment.Reason));
    }

    // Five minutes at ten requests a second. A rule that lets stable excuse the canary only while stable itself is over the ceiling takes back two runs in five.
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.25)]
    [InlineData(0.05)]
    public void Two_tracks_with_the_same_rate_near_the_ceiling_are_hardly_ever_told_apart_by_chance(double weight)
    {
        var policy = Policy with { CompareWithStable = true };
        foreach (var rate in (double[])[0.02, 0.03, 0.3])
        {
            var reverted = Enumerable.Range(0, 40).Count(seed => double.IsFinite(RequestsToFail(seed, policy, weight, rate, rate, 300)));

            Assert.InRange(reverted, 0, 2);
        }
    }

    [Theory]
    [InlineData(0.2, 0.001, 0.5, 1.25)]
    [InlineData(0.2, 0.005, 0.05, 1.1)]
    [InlineData(0.5, 0.005, 0.5, 1)]
    [InlineData(0.99, 0.0001, 0.5, 1)]
    public void A_canary_far_over_the_ceiling_beside_a_healthy_stable_fails_as_soon_as_without_a_comparison(double rate, double stable, double weight, double times)
    {
        var compared = Policy with { CompareWithStable = true };
        var (with, without) = (Median(compared), Median(Policy));

        Assert.InRange(with, 1, without * times);

        double Median(MetricPolicy policy) => Enumerable.Range(0, 31).Select(seed => RequestsToFail(seed, policy, weight, rate, stable, 600)).Order().ElementAt(15);
    }

    [Theory]
    [InlineData(10, 0, 20)]
    [InlineData(10, 0, 40)]
    [InlineData(15, 0, 26)]
    [InlineData(50, 0, 26)]
    [InlineData(2, 1, 600)]
    public void A_few_dozen_good_requests_of_stable_leave_no_excuse(double canary, double failures, double total)
    {
        var policy = Policy with { CompareWithStable = true };

        Assert.Equal(Verdict.Fail, Assess(policy, new TrackReading.Counts(canary, 50), new TrackReading.Counts(failures, total)).Verdict);
    }

    [Fact]
    public void What_stable_answered_before_the_canary_took_all_the_traffic_excuses_nothing()
    {
        var policy = Policy with { CompareWithStable = true, StableIsIdle = true, FalseRevertRate = 1e-9 };
        var old = new TrackReading.Counts(40, 100);

        var first = Assess(policy, new TrackReading.Counts(0, 10), old);
        var bad = Assess(policy, new TrackReading.Counts(25, 60), old, first.Memory, TimeSpan.FromSeconds(15));
        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (bad.Verdict, bad.Reason));

        // Somebody still asks stable, and it fails as well.
        var both = Assess(policy, new TrackReading.Counts(25, 60), new TrackReading.Counts(50, 125), first.Memory, TimeSpan.FromSeconds(15));
        Assert.Equal((Verdict.Hold, AssessmentReasons.StableAlsoFailing), (both.Verdict, both.Reason));
    }

    [Fact]
    public void A_stable_close_to_the_ceiling_is_said_to_be_so()
    {
        var assessment = Assess(Policy with { CompareWithStable = true }, new TrackReading.Counts(3, 100), new TrackReading.Counts(19, 1000));

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableAlsoFailing), (assessment.Verdict, assessment.Reason));
        Assert.Contains("nothing tells it from stable: 3 % (3 of 100 requests) on the canary against 1.9 %", assessment.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_tracks_that_fail_alike_hold_without_a_ceiling_too()
    {
        var policy = Policy with { MaxRate = null, CompareWithStable = true };

        var assessment = Assess(policy, new TrackReading.Counts(60, 100), new TrackReading.Counts(560, 900));

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableAlsoFailing), (assessment.Verdict, assessment.Reason));
    }

    [Fact]
    public void A_canary_far_worse_than_a_failing_stable_is_still_failed()
    {
        var policy = Policy with { CompareWithStable = true };

        var assessment = Assess(policy, new TrackReading.Counts(90, 100), new TrackReading.Counts(45, 900));

        Assert.Equal((Verdict.Fail, AssessmentReasons.WorseThanStable), (assessment.Verdict, assessment.Reason));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 10)]
    public void Stable_with_too_little_traffic_to_say_anything_does_not_excuse_a_canary_over_the_ceiling(double failures, double total)
    {
        var policy = Policy with { CompareWithStable = true };

        var assessment = Assess(policy, new TrackReading.Counts(5, 100), new TrackReading.Counts(failures, total));

        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (assessment.Verdict, assessment.Reason));
    }

    [Fact]
    public void A_worse_canary_is_caught_below_the_ceiling_and_below_the_minimum_of_requests()
    {
        var policy = Policy with { MaxRate = 0.5, MinRequests = 1000, CompareWithStable = true };

        var assessment = Assess(policy, new TrackReading.Counts(8, 40), new TrackReading.Counts(1, 760));

        Assert.Equal((Verdict.Fail, AssessmentReasons.WorseThanStable), (assessment.Verdict, assessment.Reason));
        Assert.Contains("20 % (8 of 40 requests) on the canary against 0.13 % (1 of 760 requests) on stable", assessment.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_tracks_at_three_percent_below_the_ceiling_pass()
    {
        var policy = Policy with { MaxRate = 0.05, CompareWithStable = true };

        Assert.Equal(Verdict.Pass, Assess(policy, new TrackReading.Counts(6, 200), new TrackReading.Counts(114, 3800)).Verdict);
    }

    [Fact]
    public void A_metric_without_any_limit_passes_nothing()
    {
        var assessment = Assess(Policy with { MaxRate = null }, new TrackReading.Counts(0, 1000));

        Assert.Equal((Verdict.Hold, AssessmentReasons.NothingToJudge), (assessment.Verdict, assessment.Reason));
    }

    [Fact]
    public void What_is_remembered_survives_the_status_of_the_resource()
    {
        var policy = Policy with { CompareWithStable = true };
        var memory = Assess(policy, new TrackReading.Counts(1.5, 200.25), new TrackReading.Counts(3, 900)).Memory;

        var restored = JsonSerializer.Deserialize<MetricMemory>(JsonSerializer.Serialize(memory));

        Assert.NotEqual(0, memory.Comparison?.LogEvidence);
        Assert.Equal(memory, restored);
    }

    [Fact]
    public void No_metrics_at_all_hold()
    {
        Assert.Equal(Verdict.Hold, MetricAssessor.Combine([]));
    }

    [Fact]
    public void One_failure_outweighs_holds_and_one_hold_outweighs_passes()
    {
        var pass = Assess(Policy, new TrackReading.Counts(0, 100));
        var hold = Assess(Policy, new TrackReading.Counts(0, 10));
        var fail = Assess(Policy, new TrackReading.Counts(50, 100));

        Assert.Equal(Verdict.Pass, MetricAssessor.Combine([pass, pass]));
        Assert.Equal(Verdict.Hold, MetricAssessor.Combine([pass, hold]));
        Assert.Equal(Verdict.Fail, MetricAssessor.Combine([pass, hold, fail]));
    }

    private static double RequestsToFail(int seed, MetricPolicy policy, double weight, double rate, double stableRate, int ticks)
    {
        var simulation = new Simulation(seed);
        MetricMemory? memory = null;
        for (var tick = 0; tick < ticks; tick++)
        {
            var counts = simulation.Tick(10 * weight, 10 * (1 - weight), rate, stableRate);
            var assessment = Assess(
                policy, new TrackReading.Counts(counts.CanaryFailures, counts.CanaryTotal), new TrackReading.Counts(counts.StableFailures, counts.StableTotal), memory, TimeSpan.FromSeconds(tick));
            if (assessment.Verdict is Verdict.Fail)
            {
                return counts.CanaryTotal;
            }

            memory = assessment.Memory;
        }

        return double.PositiveInfinity;
    }

    private static MetricAssessment Assess(
        MetricPolicy policy, TrackReading canary, TrackReading? stable = null, MetricMemory? memory = null, TimeSpan after = default) =>
        MetricAssessor.Assess(
            policy,
            new MetricReading { Metric = policy.Name, Canary = canary, Stable = stable, SampledAt = Start + after, CanaryQuery = "q" },
            memory,
            Start + after);
}

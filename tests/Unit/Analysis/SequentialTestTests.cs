using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class SequentialTestTests
{
    private const double Alpha = 0.001;

    // At α = 5 % an error in the test's validity shows with few runs: with 2,000 runs the expectation is at most 100 and three
    // standard deviations are 29. Martingales that are watched for a finite time stay well below the bound.
    [Theory]
    [InlineData(0.001, 0.5, 10)]
    [InlineData(0.005, 0.05, 20)]
    [InlineData(0.02, 0.5, 10)]
    [InlineData(0.02, 0.05, 10)]
    [InlineData(0.3, 0.5, 10)]
    public void A_healthy_canary_looked_at_every_tick_is_rarely_failed(double rate, double weight, double perTick)
    {
        var alarms = HealthyAlarms(2000, 300, _ => (rate, weight), perTick, 0.05);

        Assert.InRange(alarms, 0, 100);
    }

    [Fact]
    public void A_healthy_canary_is_as_good_as_never_failed_at_the_default_rate()
    {
        var alarms = HealthyAlarms(2000, 300, _ => (0.005, 0.5), 10, Alpha);

        Assert.InRange(alarms, 0, 5);
    }

    [Fact]
    public void A_bad_hour_in_which_the_weight_is_raised_is_not_blamed_on_the_canary()
    {
        // Summed over the run the canary fails 9 % and stable 3 %, though they are equal at each moment (Simpson's paradox).
        var alarms = HealthyAlarms(1000, 200, tick => tick < 100 ? (0.002, 0.05) : (0.1, 0.5), 20, 0.05);

        Assert.InRange(alarms, 0, 50);
    }

    [Fact]
    public void A_canary_that_is_better_than_stable_is_never_failed()
    {
        var alarms = Enumerable.Range(0, 300).Count(seed =>
            double.IsFinite(new Simulation(seed).RequestsToDetect(5, 5, 0.005, 0.02, 0.05, 300)));

        Assert.InRange(alarms, 0, 3);
    }

    public static TheoryData<double, double, double> Differences()
    {
        var data = new TheoryData<double, double, double>();
        foreach (var stable in new[] { 0.001, 0.005, 0.02 })
        {
            foreach (var difference in new[] { 0.01, 0.05, 0.2, 0.9 })
            {
                data.Add(stable, difference, 0.5);
                data.Add(stable, difference, 0.05);
            }
        }

        return data;
    }

    // The bound is a mean over runs; requests come whole and a block is looked at when it is complete, hence the two requests.
    [Theory]
    [MemberData(nameof(Differences))]
    public void A_bad_canary_is_caught_within_one_and_a_half_times_the_information_bound(double stableRate, double difference, double weight)
    {
        const double perTick = 10;
        var bound = InformationBound.CanaryRequests(stableRate + difference, stableRate, (1 - weight) / weight, Alpha);
        var ticks = (int)(bound * 20 / (perTick * weight)) + 100;

        var median = Median(201, seed => new Simulation(seed)
            .RequestsToDetect(perTick * weight, perTick * (1 - weight), stableRate + difference, stableRate, Alpha, ticks));

        Assert.True(median <= (1.5 * bound) + (perTick * weight) + 2, $"median {median} canary requests, bound {bound:F1}");
    }

    [Fact]
    public void Twenty_points_on_top_of_a_tiny_rate_are_caught_in_a_handful_of_failures()
    {
        var state = SequentialTest.Advance(null, Counts(5, 25, 0, 475), 0.01);

        Assert.True(SequentialTest.IsSignificant(state, Alpha));
    }

    [Fact]
    public void One_huge_batch_is_judged_like_the_same_requests_one_by_one()
    {
        var batch = SequentialTest.Advance(null, Counts(300, 10_000, 100, 10_000), 0.01);

        Assert.True(SequentialTest.IsSignificant(batch, Alpha));
        Assert.False(SequentialTest.IsSignificant(SequentialTest.Advance(null, Counts(101, 10_000, 100, 10_000), 0.01), 0.05));
    }

    [Fact]
    public void A_canary_that_turns_bad_after_an_hour_is_still_caught()
    {
        var late = Median(21, seed =>
        {
            var simulation = new Simulation(seed);
            SequentialState? state = null;
            for (var tick = 0; tick < 3600; tick++)
            {
                state = SequentialTest.Advance(state, simulation.Tick(5, 5, 0.005, 0.005), 0.01);
            }

            var healthy = simulation.Counts.CanaryTotal;
            for (var tick = 0; tick < 3600 && !SequentialTest.IsSignificant(state, Alpha); tick++)
            {
                state = SequentialTest.Advance(state, simulation.Tick(5, 5, 0.205, 0.005), 0.01);
            }

            return simulation.Counts.CanaryTotal - healthy;
        });

        // From the first request it takes about 70. Without new starts the hour of health would have to be outweighed first: thousands.
        Assert.InRange(late, 1, 400);
    }

    [Fact]
    public void Counts_that_shrink_a_little_or_are_fractional_change_nothing_but_the_moment()
    {
        var before = SequentialTest.Advance(null, Counts(0.4, 100.2, 1.1, 900.7), 0.01);

        var shrunk = SequentialTest.Advance(before, Counts(0.3, 98.9, 1.0, 899.5), 0.01);
        var grown = SequentialTest.Advance(shrunk, Counts(0.5, 150.3, 1.6, 1350.2), 0.01);

        Assert.Equal(before, shrunk);
        Assert.NotEqual(before.Consumed, grown.Consumed);
        Assert.True(double.IsFinite(grown.LogEvidence));
    }

    [Fact]
    public void Counters_that_start_over_keep_the_evidence_and_count_no_request_twice()
    {
        var before = SequentialTest.Advance(null, Counts(3, 40, 0, 40), 0.01);

        var restarted = SequentialTest.Advance(before, Counts(3, 12, 0, 40), 0.01);

        Assert.Equal(before.LogEvidence, restarted.LogEvidence);
        Assert.Equal(Counts(3, 12, 0, 40), restarted.Consumed);
    }

    // One of twelve stable pods fails everything and goes away: hardly any requests go with it, but nearly all failures.
    [Fact]
    public void Failures_that_go_with_their_pod_do_not_stop_the_comparison()
    {
        var before = SequentialTest.Advance(null, Counts(0, 600, 600, 6000), 0.01);

        var state = before;
        for (var tick = 1; tick <= 20; tick++)
        {
            state = SequentialTest.Advance(state, Counts(5 * tick, 600 + (5 * tick), 50, 5500 + (50 * tick)), 0.01);
        }

        Assert.True(SequentialTest.IsSignificant(state, Alpha));
    }

    [Fact]
    public void Evidence_goes_on_over_steps_and_counts_nothing_twice()
    {
        var first = SequentialTest.Advance(null, Counts(3, 60, 1, 60), 0.01);
        var next = new MetricMemory { Comparison = first }.ForNextStep().Comparison;

        // The window of the next step begins a little before it: what was counted already is the base line.
        var overlapping = SequentialTest.Advance(next, Counts(2, 30, 0, 30), 0.01);
        Assert.Equal(first.LogEvidence, overlapping.LogEvidence);
        var more = SequentialTest.Advance(overlapping, Counts(6, 90, 0, 90), 0.01);
        Assert.True(more.LogEvidence > first.LogEvidence);
        Assert.Equal(first.Learned.CanaryTotal + 60, more.Learned.CanaryTotal);
    }

    // A canary that is worse by just what is worth catching, looked at every tick: at most 1 % may ever be taken for fine; three standard
    // deviations above 400 times that are 10.
    [Theory]
    [InlineData(0.001, 0.5)]
    [InlineData(0.005, 0.05)]
    [InlineData(0.02, 0.5)]
    [InlineData(0.2, 0.2)]
    public void A_canary_worse_by_what_is_worth_catching_is_rarely_taken_for_fine(double rate, double weight)
    {
        var passed = Enumerable.Range(0, 400).Count(seed => double.IsFinite(RequestsToProve(seed, rate + 0.01, rate, weight, 200)));

        Assert.InRange(passed, 0, 10);
    }

    [Theory]
    [InlineData(0.001, 0.5, 1500)]
    [InlineData(0.005, 0.5, 3000)]
    [InlineData(0.005, 0.05, 2000)]
    public void A_healthy_canary_is_proven_fine_in_some_thousand_requests(double rate, double weight, double most)
    {
        var median = Median(31, seed => RequestsToProve(seed, rate, rate, weight, 5000));

        Assert.InRange(median, 100, most);
    }

    private static double RequestsToProve(int seed, double canaryRate, double stableRate, double weight, int ticks)
    {
        var simulation = new Simulation(seed);
        SequentialState? state = null;
        for (var tick = 0; tick < ticks; tick++)
        {
            state = SequentialTest.Advance(state, simulation.Tick(20 * weight, 20 * (1 - weight), canaryRate, stableRate), 0.01);
            if (SequentialTest.IsProvenFine(state))
            {
                return simulation.Counts.CanaryTotal;
            }
        }

        return double.PositiveInfinity;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_track_without_requests_gives_no_evidence(double canaryShare)
    {
        var state = SequentialTest.Advance(null, Counts(500 * canaryShare, 500 * canaryShare, 0, 500 * (1 - canaryShare)), 0.01);

        Assert.Equal(0, state.LogEvidence);
    }

    private static int HealthyAlarms(int runs, int ticks, Func<int, (double Rate, double Weight)> at, double perTick, double alpha) =>
        Enumerable.Range(0, runs).Count(seed =>
        {
            var simulation = new Simulation(seed);
            SequentialState? state = null;
            for (var tick = 0; tick < ticks; tick++)
            {
                var (rate, weight) = at(tick);
                state = SequentialTest.Advance(state, simulation.Tick(perTick * weight, perTick * (1 - weight), rate, rate), 0.01);
            }

            return SequentialTest.IsSignificant(state, alpha);
        });

    private static double Median(int runs, Func<int, double> run)
    {
        var results = Enumerable.Range(0, runs).Select(run).Order().ToList();
        return results[runs / 2];
    }

    private static TwoTrackCounts Counts(double canaryFailures, double canaryTotal, double stableFailures, double stableTotal) => new()
    {
        CanaryFailures = canaryFailures,
        CanaryTotal = canaryTotal,
        StableFailures = stableFailures,
        StableTotal = stableTotal,
    };
}

using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

/// <summary>Hold time and evidence both count: a canary that the evidence of the moment speaks against gets no more traffic for having waited.</summary>
public sealed class SuspicionTests
{
    private const int Runs = 200;
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MetricPolicy Policy = new() { Name = "http-errors", MinRequests = 50, CompareWithStable = true };

    [Fact]
    public void A_canary_that_looks_worse_without_proof_holds_and_says_how_much_is_missing()
    {
        var suspect = Assess(Policy, 8, 100, 2, 300, null, 0);

        Assert.InRange(suspect.Memory.Comparison!.LogEvidence, Math.Log(3), Math.Log(1000));
        Assert.Equal((Verdict.Hold, AssessmentReasons.Suspected), (suspect.Verdict, suspect.Reason));
        Assert.Contains("8 % (8 of 100 requests) on the canary against 0.67 % (2 of 300 requests) on stable", suspect.Message, StringComparison.Ordinal);
        Assert.Matches(@"needs about \d+ more requests of the canary to be sure", suspect.Message);
    }

    [Fact]
    public void What_follows_decides_between_the_next_step_and_the_way_back()
    {
        var suspect = Assess(Policy, 8, 100, 2, 300, null, 0).Memory;

        Assert.Equal(Verdict.Pass, Last(Policy, suspect, tick => (8 + (tick / 5), 100 + (20 * tick), 2 + (tick * 3 / 5), 300 + (60 * tick))).Verdict);
        Assert.Equal((Verdict.Fail, AssessmentReasons.WorseThanStable), Reason(Last(Policy, suspect, tick => (8 + (2 * tick), 100 + (20 * tick), 2, 300 + (60 * tick)))));
    }

    [Fact]
    public void Suspicion_goes_on_into_the_next_step()
    {
        var next = Assess(Policy, 8, 100, 2, 300, null, 0).Memory.ForNextStep(TwoTrackCounts.Zero);

        Assert.Equal(AssessmentReasons.Suspected, Assess(Policy, 0, 50, 0, 50, next, 1).Reason);
    }

    [Fact]
    public void With_all_the_traffic_on_the_canary_nothing_could_clear_it_so_the_ceiling_decides()
    {
        var policy = Policy with { MaxRate = 0.2 };
        var next = Assess(policy, 8, 100, 2, 300, null, 0).Memory.ForNextStep();

        var reading = new MetricReading
        {
            Metric = Policy.Name,
            Canary = new TrackReading.Counts(0, 100),
            Stable = new TrackReading.NoData("no traffic"),
            SampledAt = Start,
            CanaryQuery = "",
        };
        Assert.Equal(Verdict.Pass, MetricAssessor.Assess(policy with { StableIsIdle = true }, reading, next, Start).Verdict);
    }

    [Fact]
    public void Where_stable_is_not_compared_with_nobody_is_suspected()
    {
        Assert.Equal(Verdict.Pass, Assess(Policy with { CompareWithStable = false, MaxRate = 0.2 }, 8, 100, 2, 300, null, 0).Verdict);
    }

    // A minute at ten requests a second, half of them to the canary.
    [Fact]
    public void It_holds_few_healthy_canaries_and_those_for_minutes_and_most_of_the_bad_ones()
    {
        var healthy = Enumerable.Range(0, Runs).Select(seed => SecondsToPass(seed, 0.005, 0.005)).ToList();
        Assert.InRange(healthy.Count(seconds => seconds > 60), 0, Runs / 20);
        Assert.All(healthy, seconds => Assert.InRange(seconds, 60, 600));

        var bad = Enumerable.Range(0, Runs).Select(seed => SecondsToPass(seed, 0.055, 0.005)).ToList();
        Assert.InRange(bad.Count(seconds => seconds == 60), 0, Runs / 5);
    }

    /// <summary>Second of the first Pass from the sixtieth on; infinite where the canary is failed before.</summary>
    private static double SecondsToPass(int seed, double canaryRate, double stableRate)
    {
        var simulation = new Simulation(seed);
        MetricMemory? memory = null;
        for (var second = 0; second < 3600; second++)
        {
            var counts = simulation.Tick(5, 5, canaryRate, stableRate);
            var assessment = Assess(Policy, counts.CanaryFailures, counts.CanaryTotal, counts.StableFailures, counts.StableTotal, memory, second);
            memory = assessment.Memory;
            if (assessment.Verdict is Verdict.Fail || (assessment.Verdict is Verdict.Pass && second >= 60))
            {
                return assessment.Verdict is Verdict.Pass ? second : double.PositiveInfinity;
            }
        }

        return double.PositiveInfinity;
    }

    private static (Verdict Verdict, string Reason) Reason(MetricAssessment assessment) => (assessment.Verdict, assessment.Reason);

    private static MetricAssessment Last(MetricPolicy policy, MetricMemory memory, Func<int, (double CanaryFailures, double Canary, double StableFailures, double Stable)> counts)
    {
        MetricAssessment? last = null;
        for (var tick = 1; tick <= 60; tick++)
        {
            var now = counts(tick);
            last = Assess(policy, now.CanaryFailures, now.Canary, now.StableFailures, now.Stable, last?.Memory ?? memory, tick);
            if (last.Verdict is Verdict.Fail)
            {
                break;
            }
        }

        return last!;
    }

    private static MetricAssessment Assess(MetricPolicy policy, double canaryFailures, double canary, double stableFailures, double stable, MetricMemory? memory, int second)
    {
        var now = Start + TimeSpan.FromSeconds(second);
        var reading = new MetricReading
        {
            Metric = policy.Name,
            Canary = new TrackReading.Counts(canaryFailures, canary),
            Stable = new TrackReading.Counts(stableFailures, stable),
            SampledAt = now,
            CanaryQuery = "",
        };
        return MetricAssessor.Assess(policy, reading, memory, now);
    }
}

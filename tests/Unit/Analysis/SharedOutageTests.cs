using System.Text.Json;
using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

/// <summary>What canary and stable share fails for a while (S5), and what is in the counts of the step afterwards.</summary>
public sealed class SharedOutageTests
{
    private const double Healthy = 0.001;
    private const int Runs = 40;
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MetricPolicy Policy = new() { Name = "http-errors", MaxRate = 0.02, MinRequests = 50, CompareWithStable = true };

    /// <summary>Requests a second, weight, rate of the outage, its seconds.</summary>
    public static TheoryData<double, double, double, int> Worlds() => new()
    {
        { 10, 0.5, 1, 60 },
        { 10, 0.05, 1, 60 },
        { 100, 0.05, 1, 10 },
        { 100, 0.05, 0.3, 60 },
        { 100, 0.05, 0.05, 600 },
        { 10, 0.5, 0.05, 600 },
    };

    [Theory]
    [MemberData(nameof(Worlds))]
    public void An_outage_that_begins_in_mid_step_is_not_blamed_on_the_canary_which_passes_the_ceiling_first_by_chance(double perSecond, double weight, double rate, int seconds)
    {
        var failed = Enumerable.Range(0, Runs).Count(seed => Run(seed, perSecond, weight, [(60, Healthy, Healthy), (seconds, rate, rate)], 0).Verdict is Verdict.Fail);

        Assert.InRange(failed, 0, 1);
    }

    [Theory]
    [MemberData(nameof(Worlds))]
    public void Minutes_after_an_outage_the_roll_out_goes_on_instead_of_waiting_until_its_failures_are_diluted(double perSecond, double weight, double rate, int seconds)
    {
        var ends = Enumerable.Range(0, Runs).Select(seed => Run(seed, perSecond, weight, [(60, Healthy, Healthy), (seconds, rate, rate), (3600, Healthy, Healthy)], 60 + seconds)).ToList();

        Assert.InRange(ends.Count(end => end.Verdict is Verdict.Fail), 0, 1);
        Assert.All(ends.Where(end => end.Verdict is not Verdict.Fail), end => Assert.InRange(end.Second - 60 - seconds, 0, 400));
    }

    [Theory]
    [MemberData(nameof(Worlds))]
    public void A_canary_that_stays_bad_when_stable_has_recovered_is_taken_back(double perSecond, double weight, double rate, int seconds)
    {
        var ends = Enumerable.Range(0, Runs).Select(seed => Run(seed, perSecond, weight, [(60, Healthy, Healthy), (seconds, rate, rate), (3600, 0.1, Healthy)], 60 + seconds)).ToList();

        // Of fifty requests one canary in thirty fails none or one, and passes for a tick.
        Assert.InRange(ends.Count(end => end.Verdict is Verdict.Pass), 0, 3);
        Assert.All(ends, end => Assert.InRange(end.Second - 60 - seconds, -seconds, 400));
    }

    [Fact]
    public void Trouble_that_goes_on_is_never_taken_for_over()
    {
        foreach (var rate in (double[])[0.021, 0.03, 0.3])
        {
            Assert.InRange(Enumerable.Range(0, Runs).Count(seed => Run(seed, 10, 0.5, [(3600, rate, rate)], int.MaxValue).Memory?.Outage?.CountedFrom is not null), 0, 1);
        }
    }

    [Fact]
    public void Without_a_ceiling_an_outage_is_behind_both_tracks_as_well()
    {
        var ends = Enumerable.Range(0, Runs).Select(seed => Run(seed, 10, 0.5, [(60, Healthy, Healthy), (120, 1, 1), (3600, Healthy, Healthy)], 180, Policy with { MaxRate = null })).ToList();

        Assert.All(ends, end => Assert.Equal(Verdict.Pass, end.Verdict));
        Assert.All(ends, end => Assert.InRange(end.Second - 180, 0, 60));
    }

    [Fact]
    public void Whoever_is_counted_anew_needs_the_minimum_of_requests_again_and_the_message_says_from_when()
    {
        var outage = Assess(new TrackReading.Counts(100, 400), new TrackReading.Counts(1000, 4000), null, 0);
        Assert.Equal(AssessmentReasons.StableAlsoFailing, outage.Reason);

        var stretch = Assess(new TrackReading.Counts(100, 401), new TrackReading.Counts(1000, 4010), outage.Memory, 1);
        var over = Assess(new TrackReading.Counts(100, 440), new TrackReading.Counts(1000, 4400), stretch.Memory, 2);
        Assert.Equal((Verdict.Hold, AssessmentReasons.TooFewRequests), (over.Verdict, over.Reason));
        Assert.Contains("0 of 50 requests (counted from when stable had recovered", over.Message, StringComparison.Ordinal);

        var passed = Assess(new TrackReading.Counts(100, 500), new TrackReading.Counts(1000, 5000), over.Memory, 3);
        Assert.Equal(Verdict.Pass, passed.Verdict);
        Assert.Contains("0 % (0 of 60 requests)", passed.Message, StringComparison.Ordinal);

        // Reports and history keep what was really answered.
        Assert.Equal((100, 500), (passed.CanaryFailures, passed.CanaryTotal));

        var bad = Assess(new TrackReading.Counts(106, 500), new TrackReading.Counts(1000, 5000), over.Memory, 3);
        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (bad.Verdict, bad.Reason));
        Assert.Contains("10 % (6 of 60 requests) (counted from when stable had recovered", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stable_that_goes_unmeasured_in_the_middle_of_it_does_not_leave_the_canary_with_the_blame()
    {
        var outage = Assess(new TrackReading.Counts(100, 400), new TrackReading.Counts(1000, 4000), null, 0);

        var gone = Assess(new TrackReading.Counts(110, 410), new TrackReading.NoData("no series"), outage.Memory, 1);
        Assert.Equal((Verdict.Hold, AssessmentReasons.StableNoData), (gone.Verdict, gone.Reason));

        // Nothing was shared before: the ceiling holds without stable.
        Assert.Equal(Verdict.Fail, Assess(new TrackReading.Counts(110, 410), new TrackReading.NoData("no series"), null, 1).Verdict);
    }

    [Fact]
    public void With_all_the_traffic_on_the_canary_the_silence_of_stable_is_no_excuse()
    {
        var policy = Policy with { StableIsIdle = true };
        var first = Assess(new TrackReading.Counts(0, 10), new TrackReading.Counts(0, 10), null, 0, policy);
        var both = Assess(new TrackReading.Counts(100, 400), new TrackReading.Counts(1000, 4000), first.Memory, 1, policy);
        Assert.Equal(AssessmentReasons.StableAlsoFailing, both.Reason);

        var gone = Assess(new TrackReading.Counts(110, 410), new TrackReading.NoData("no series"), both.Memory, 2, policy);

        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (gone.Verdict, gone.Reason));
    }

    [Fact]
    public void Stable_that_goes_unmeasured_afterwards_does_not_bring_the_old_failures_back()
    {
        var over = Recovered();

        var gone = Assess(new TrackReading.Counts(100, 500), new TrackReading.NoData("no series"), over, 3);

        Assert.Equal((Verdict.Hold, AssessmentReasons.StableNoData), (gone.Verdict, gone.Reason));
    }

    [Fact]
    public void Counters_that_begin_anew_hold_nothing_of_the_outage()
    {
        var anew = Assess(new TrackReading.Counts(6, 60), new TrackReading.Counts(0, 600), Recovered(), 3);

        Assert.Equal((Verdict.Fail, AssessmentReasons.CeilingExceeded), (anew.Verdict, anew.Reason));
        Assert.Null(anew.Memory.Outage!.CountedFrom);
    }

    [Fact]
    public void A_step_knows_nothing_of_an_outage_in_the_one_before()
    {
        var next = Recovered().ForNextStep();

        Assert.Null(next.Outage);
        Assert.Null(next.Onset);
    }

    [Fact]
    public void What_is_remembered_of_an_outage_survives_the_status_of_the_resource()
    {
        var memory = Recovered();

        Assert.Equal(memory, JsonSerializer.Deserialize<MetricMemory>(JsonSerializer.Serialize(memory)));
    }

    private static MetricMemory Recovered()
    {
        var outage = Assess(new TrackReading.Counts(100, 400), new TrackReading.Counts(1000, 4000), null, 0);
        var stretch = Assess(new TrackReading.Counts(100, 401), new TrackReading.Counts(1000, 4010), outage.Memory, 1);
        var over = Assess(new TrackReading.Counts(100, 440), new TrackReading.Counts(1000, 4400), stretch.Memory, 2).Memory;
        Assert.NotNull(over.Outage?.CountedFrom);
        return over;
    }

    private static (Verdict Verdict, int Second, MetricMemory? Memory) Run(
        int seed, double perSecond, double weight, (int Seconds, double Canary, double Stable)[] world, int mayPassFrom, MetricPolicy? policy = null)
    {
        var simulation = new Simulation(seed);
        MetricMemory? memory = null;
        var second = 0;
        foreach (var (seconds, canary, stable) in world)
        {
            for (var i = 0; i < seconds; i++, second++)
            {
                var counts = simulation.Tick(perSecond * weight, perSecond * (1 - weight), Math.Min(canary, 0.999), Math.Min(stable, 0.999));
                var assessment = Assess(new TrackReading.Counts(counts.CanaryFailures, counts.CanaryTotal), new TrackReading.Counts(counts.StableFailures, counts.StableTotal), memory, second, policy);
                memory = assessment.Memory;
                if (assessment.Verdict is Verdict.Fail || (assessment.Verdict is Verdict.Pass && second >= mayPassFrom && mayPassFrom > 0))
                {
                    return (assessment.Verdict, second, memory);
                }
            }
        }

        return (Verdict.Hold, second, memory);
    }

    private static MetricAssessment Assess(TrackReading canary, TrackReading stable, MetricMemory? memory, int second, MetricPolicy? policy = null)
    {
        var now = Start + TimeSpan.FromSeconds(second);
        return MetricAssessor.Assess(policy ?? Policy, new MetricReading { Metric = "http-errors", Canary = canary, Stable = stable, SampledAt = now, CanaryQuery = "" }, memory, now);
    }
}

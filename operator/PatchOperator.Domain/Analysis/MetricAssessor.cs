namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Turns one reading of one metric into a verdict. The rules in order: unusable numbers, worse than stable, over the ceiling
/// (unless stable is over it too), stale, too few requests, nothing to compare with, both tracks bad, pass.
/// </summary>
public static class MetricAssessor
{
    // Without a ceiling of the user's, one request in ten failing on both tracks is an outage by anyone's measure.
    private const double ClearlyBad = 0.1;

    // Stable's few requests show an outage if numbers this bad had less than about this chance of coming from a rate at the ceiling.
    private const double OutageChance = 0.05;

    /// <summary>Judges <paramref name="reading"/>. Pure: the same arguments give the same answer.</summary>
    /// <param name="policy">What the user wants of this metric.</param>
    /// <param name="reading">Cumulative counts of this tick.</param>
    /// <param name="memory">The memory that the previous assessment of this metric returned; null at the first tick of a run.</param>
    /// <param name="now">The time of this tick.</param>
    public static MetricAssessment Assess(MetricPolicy policy, MetricReading reading, MetricMemory? memory, DateTimeOffset now)
    {
        memory ??= new MetricMemory();
        if (policy.Gauge is { } gauge)
        {
            return GaugeAssessor.Assess(policy, gauge, reading, memory, now);
        }

        var canary = CheckedTrack.Of(reading.Canary, "the canary");
        var stable = policy.CompareWithStable ? CheckedTrack.Of(reading.Stable, "stable") : default;
        if (canary.Counts is not { } counts)
        {
            return Unmeasured(policy, canary, stable.Counts, memory, now);
        }

        var numbers = new AssessmentWording(policy, counts, stable.Counts, Remember(policy, counts, stable.Counts, memory, now));
        return Judge(policy, numbers, counts, stable, now);
    }

    /// <summary>Fail if any metric fails; Hold if any holds or if nothing was measured at all; else Pass.</summary>
    public static Verdict Combine(IReadOnlyList<MetricAssessment> assessments)
    {
        if (assessments.Any(assessment => assessment.Verdict == Verdict.Fail))
        {
            return Verdict.Fail;
        }

        // An empty list is the absence of evidence, not a pass (S3).
        return assessments.Count > 0 && assessments.All(assessment => assessment.Verdict == Verdict.Pass) ? Verdict.Pass : Verdict.Hold;
    }

    private static MetricAssessment Unmeasured(MetricPolicy policy, CheckedTrack canary, UsableCounts? stable, MetricMemory memory, DateTimeOffset now)
    {
        var fails = canary.IsError ? policy.OnError == DataPolicy.Fail : policy.OnNoData == DataPolicy.Fail;
        if (!canary.IsError && memory.Canary.GrewAt is null)
        {
            memory = memory with { EmptySince = memory.EmptySince ?? now };
            fails = fails && now - memory.EmptySince > policy.StaleAfter;
        }

        return new AssessmentWording(policy, null, stable, memory).Assessment(fails ? Verdict.Fail : Verdict.Hold, canary.Reason, canary.Problem);
    }

    private static MetricMemory Remember(MetricPolicy policy, UsableCounts canary, UsableCounts? stable, MetricMemory memory, DateTimeOffset now)
    {
        memory = memory with { EmptySince = null, Canary = memory.Canary.See(canary.Total, now) };
        if (stable is not { } beside)
        {
            return memory;
        }

        var counts = new TwoTrackCounts
        {
            CanaryFailures = canary.Failures,
            CanaryTotal = canary.Total,
            StableFailures = beside.Failures,
            StableTotal = beside.Total,
        };
        return memory with
        {
            Stable = memory.Stable.See(beside.Total, now),
            Comparison = SequentialTest.Advance(memory.Comparison, counts, policy.WorthCatching),
        };
    }

    private static MetricAssessment Judge(MetricPolicy policy, AssessmentWording numbers, UsableCounts canary, CheckedTrack stable, DateTimeOffset now)
    {
        var minRequests = Math.Max(1, policy.MinRequests);
        var enough = canary.Total >= minRequests;

        if (policy.CompareWithStable && SequentialTest.IsSignificant(numbers.Memory.Comparison, policy.FalseRevertRate))
        {
            return numbers.WorseThanStable();
        }

        if (enough && policy.MaxRate is { } ceiling && canary.Rate > ceiling)
        {
            // A shared back end that is down is not the patch's doing (S5). Where stable says nothing, the ceiling stands.
            return stable.Counts is { } beside && IsOver(beside, ceiling, minRequests) ? numbers.StableAlsoFailing() : numbers.CeilingExceeded();
        }

        var canaryStill = numbers.Memory.Canary.StillFor(now);
        if (canaryStill > policy.StaleAfter)
        {
            return numbers.Stale("canary", canary.Total, canaryStill);
        }

        if (!enough)
        {
            return numbers.TooFewRequests((long)Math.Ceiling(minRequests - canary.Total));
        }

        if (policy is { MaxRate: null, CompareWithStable: false })
        {
            return numbers.NothingToJudge();
        }

        if (!policy.CompareWithStable)
        {
            return numbers.WithinLimits();
        }

        // All the traffic is the canary's: what the steps before showed was compared, and from here on the ceiling stands guard.
        if (policy is { StableIsIdle: true, MaxRate: not null } && (stable.Reason == AssessmentReasons.NoData || numbers.Memory.Stable.StillFor(now) > policy.StaleAfter))
        {
            return numbers.WithinLimits();
        }

        if (stable.Counts is not { } comparison)
        {
            // Stable's silence is never the canary's fault, so OnNoData and OnError do not turn it into a failure.
            var reason = stable.Reason == AssessmentReasons.NoData ? AssessmentReasons.StableNoData : stable.Reason;
            return numbers.Assessment(Verdict.Hold, reason, stable.Problem + " The canary cannot be compared until stable is measured.");
        }

        var stableStill = numbers.Memory.Stable.StillFor(now);
        if (stableStill > policy.StaleAfter)
        {
            return numbers.Stale("stable", comparison.Total, stableStill);
        }

        return policy.MaxRate is null && canary.Rate >= ClearlyBad && comparison.Rate >= ClearlyBad ? numbers.StableAlsoFailing() : numbers.WithinLimits();
    }

    // With few requests one unlucky failure is a high rate, and must not excuse a bad canary: ask for Chernoff's bound to be passed.
    private static bool IsOver(UsableCounts stable, double ceiling, long minRequests) =>
        stable.Rate > ceiling
        && (stable.Total >= minRequests || ceiling <= 0 || stable.Total * InformationBound.Divergence(stable.Rate, ceiling) >= -Math.Log(OutageChance));
}

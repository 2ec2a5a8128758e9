namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Turns one reading of one metric into a verdict. The rules in order: unusable numbers, worse than stable, over the ceiling
/// (unless nothing tells the canary from stable), stale, too few requests, nothing to compare with, both tracks bad, worse than stable by the look of it, pass.
/// </summary>
public static class MetricAssessor
{
    // Without a ceiling of the user's, one request in ten failing on both tracks is an outage by anyone's measure.
    private const double ClearlyBad = 0.1;

    // A rate of fewer than half of minRequests is not worth a name.
    private const double HasASay = 0.5;

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
        if (numbers.Memory.Outage is { } outage)
        {
            // What an outage left in the counts is behind both tracks from the moment at which stable has shown that it is over.
            numbers = Windowed(numbers, outage.Follow(counts, stable.Counts));
        }

        var judged = Judge(policy, numbers, counts, stable, now);
        if (stable.Counts is not { } beside)
        {
            return judged;
        }

        if (judged.Reason != AssessmentReasons.StableAlsoFailing || (numbers.Beside!.Value.Rate <= Limit(policy) && numbers.Memory.Onset is not { IsLikely: true }))
        {
            return judged with { Memory = judged.Memory with { Outage = judged.Memory.Outage?.Rest() } };
        }

        var looked = (numbers.Memory.Outage ?? new SharedOutage()).Look(Counts(counts, beside), Limit(policy));
        numbers = Windowed(numbers, looked);
        return looked.IsOngoing ? judged with { Memory = numbers.Memory } : Judge(policy, numbers, counts, stable, now);
    }

    private static AssessmentWording Windowed(AssessmentWording numbers, SharedOutage outage)
    {
        var (judged, beside) = outage.Window(numbers.Canary!.Value, numbers.Stable);
        return numbers with { Memory = numbers.Memory with { Outage = outage }, Judged = judged, Beside = beside };
    }

    private static double Limit(MetricPolicy policy) => policy.MaxRate ?? ClearlyBad;

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

        // Nothing yet: at the start of a step, or because whoever counts began anew, as after a restart of the operator.
        if (!canary.IsError && (memory.Canary.GrewAt is null || canary.BeganAnew))
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

        return memory with
        {
            Stable = memory.Stable.See(beside.Total, now),
            Comparison = SequentialTest.Advance(memory.Comparison, Counts(canary, beside), policy.WorthCatching),
            Onset = (memory.Onset ?? new OutageOnset()).Look(beside, Limit(policy)),
        };
    }

    private static MetricAssessment Judge(MetricPolicy policy, AssessmentWording numbers, UsableCounts counted, CheckedTrack stable, DateTimeOffset now)
    {
        var canary = numbers.Judged!.Value;
        var minRequests = Math.Max(1, policy.MinRequests);
        var enough = canary.Total >= minRequests;

        if (policy.CompareWithStable && SequentialTest.IsSignificant(numbers.Memory.Comparison, policy.FalseRevertRate))
        {
            return numbers.WorseThanStable();
        }

        // What both tracks shared a tick ago is not over because stable is not measured now; where the canary has all the traffic, stable's silence says nothing.
        var isExcused = stable.Counts is null && !policy.StableIsIdle && numbers.Memory.Outage is { IsOngoing: true };
        if (enough && policy.MaxRate is { } ceiling && canary.Rate > ceiling && !isExcused)
        {
            return numbers.Beside is { } beside && IsShared(policy, canary, beside, numbers.Memory, now) ? numbers.StableAlsoFailing() : numbers.CeilingExceeded();
        }

        var canaryStill = numbers.Memory.Canary.StillFor(now);
        if (canaryStill > policy.StaleAfter)
        {
            return numbers.Stale("canary", counted.Total, canaryStill);
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

        if (policy.MaxRate is null && canary.Rate >= ClearlyBad && numbers.Beside!.Value.Rate >= ClearlyBad)
        {
            return numbers.StableAlsoFailing();
        }

        return SequentialTest.IsSuspected(numbers.Memory.Comparison) ? numbers.Suspected() : numbers.WithinLimits();
    }

    /// <summary>
    /// A shared back end that is down is not the patch's doing (S5). Two tracks with the same rate do not pass the ceiling at the same tick, so a stable that is not over it now
    /// blames the canary only if stable is not about to get there, and something tells the two apart: stable lies below the ceiling, or the canary above stable, by more than chance explains.
    /// </summary>
    private static bool IsShared(MetricPolicy policy, UsableCounts canary, UsableCounts stable, MetricMemory memory, DateTimeOffset now)
    {
        var ceiling = policy.MaxRate!.Value;
        if (policy.StableIsIdle && (!memory.Stable.HasGrown || memory.Stable.StillFor(now) > policy.StaleAfter))
        {
            // What stable answered before the canary took all the traffic says nothing of now.
            return false;
        }

        if (memory.Onset is { IsLikely: true } && stable.Total > 0)
        {
            return true;
        }

        if (stable.Total < Math.Max(1, policy.MinRequests) * HasASay)
        {
            // One unlucky failure is a high rate here, and must not excuse a bad canary: ask for Chernoff's bound to be passed.
            return stable.Rate > ceiling && (ceiling <= 0 || stable.Total * InformationBound.Divergence(stable.Rate, ceiling) >= -Math.Log(OutageChance));
        }

        return stable.Rate > ceiling || (!CeilingTest.IsBelow(stable, ceiling) && !SequentialTest.IsClearlyWorse(Counts(canary, stable), policy.WorthCatching));
    }

    internal static TwoTrackCounts Counts(UsableCounts canary, UsableCounts stable) => new()
    {
        CanaryFailures = canary.Failures,
        CanaryTotal = canary.Total,
        StableFailures = stable.Failures,
        StableTotal = stable.Total,
    };
}

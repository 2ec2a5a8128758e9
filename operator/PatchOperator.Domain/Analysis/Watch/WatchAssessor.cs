namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>The verdict on one metric at one tick of a watch.</summary>
public sealed record WatchAssessment
{
    public required string Metric { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>One of <see cref="AssessmentReasons"/> or <see cref="WatchReasons"/>.</summary>
    public required string Reason { get; init; }

    public required string Message { get; init; }

    /// <summary>Failed share, or the value of a gauge.</summary>
    public double? Measured { get; init; }

    /// <summary>The limit that counts, 0 to 1; null for gauges.</summary>
    public double? Limit { get; init; }

    public required WatchMemory Memory { get; init; }
}

public static class WatchReasons
{
    public const string WorseThanBefore = nameof(WorseThanBefore);
    public const string Suspected = nameof(Suspected);
    public const string BadBeforeToo = nameof(BadBeforeToo);
}

/// <summary>When the watch runs.</summary>
/// <param name="StartedAt">Its beginning.</param>
/// <param name="Until">Its end.</param>
/// <param name="Confirmation">How long what looks bad must go on to be bad.</param>
public sealed record WatchSpan(DateTimeOffset StartedAt, DateTimeOffset Until, TimeSpan Confirmation)
{
    public int PartAt(DateTimeOffset now) => Until <= StartedAt ? 0 : (int)Math.Clamp((now - StartedAt) / (Until - StartedAt) * WatchTest.Parts, 0, WatchTest.Parts - 1);
}

/// <summary>
/// Judges the patched stable after the promotion against what stable was before, and against ceilings and limits. There is one track only, so an outage of
/// something shared cannot be told from the patch's doing: what looks bad must be bad by more than is worth catching, and must go on to be bad.
/// Missing numbers always hold, whatever onNoData and onError say of the canary: a metrics outage takes back no patch that is in place.
/// </summary>
public static class WatchAssessor
{
    // The evidence that a suspicion needs anew, from what came after it: a burst that is over has none.
    private static readonly double ConfirmingEvidence = Math.Log(20);

    // A suspicion that found no confirmation for so many times the confirmation's length begins anew.
    private const double SuspicionLasts = 10;

    public static bool CanJudge(MetricPolicy policy) => policy.Gauge is { } gauge ? gauge.Max is not null || gauge.Min is not null : policy.CompareWithStable || policy.MaxRate is not null;

    /// <param name="policy">What the user wants of this metric.</param>
    /// <param name="reading">Of the patched stable, since the watch began.</param>
    /// <param name="memory">That the last assessment returned, or the one that the watch began with.</param>
    /// <param name="span">When the watch runs.</param>
    /// <param name="now">The time of this tick.</param>
    public static WatchAssessment Assess(MetricPolicy policy, TrackReading? reading, WatchMemory memory, WatchSpan span, DateTimeOffset now)
    {
        if (policy.Gauge is { } gauge)
        {
            return WatchedGauge.Assess(policy, gauge, reading, memory, span, now);
        }

        var track = CheckedTrack.Of(reading, "the patched workload");
        if (track.Counts is not { } counts)
        {
            return new WatchAssessment { Metric = policy.Name, Verdict = Verdict.Hold, Reason = track.Reason, Message = track.Problem, Memory = memory };
        }

        var seen = memory.See(counts, span.PartAt(now), now);
        return Judge(policy, seen, WatchTest.Since(seen.Counted, memory.Counted), span, now);
    }

    private static WatchAssessment Judge(MetricPolicy policy, WatchMemory memory, SeriesPoint added, WatchSpan span, DateTimeOffset now)
    {
        var test = policy.CompareWithStable ? WatchTest.For(memory.History, policy.WorthCatching, policy.FalseRevertRate) : null;

        // Not the highest evidence so far, which would be as valid: what was answered well since then speaks for a burst that is over.
        var isWorse = test is not null && WatchTest.IsSignificant(test.LogEvidence(memory.Counted, memory.Marks), policy.FalseRevertRate);
        var isOver = IsOver(policy, memory.Counted) || (memory.Marks.Count > 0 && IsOver(policy, WatchTest.Since(memory.Counted, memory.Marks[^1])));
        var words = new WatchWording(policy, memory, test?.Limit);

        if (isOver && !isWorse && memory.History is { } before && before.Rate > policy.MaxRate)
        {
            return words.BadBeforeToo() with { Memory = memory with { SuspectedAt = null } };
        }

        if (isWorse || isOver)
        {
            return Suspect(policy, test, words, isWorse, added, span, now);
        }

        memory = memory with { SuspectedAt = null };
        words = words with { Memory = memory };
        var still = memory.Growth.StillFor(now);
        if (still > policy.StaleAfter)
        {
            return words.Stale(still);
        }

        var missing = Math.Max(1, policy.MinRequests) - memory.Counted.Total;
        return missing > 0 ? words.TooFewRequests((long)Math.Ceiling(missing))
            : test is null && policy.MaxRate is null ? words.NothingToCompare()
            : words.WithinLimits();
    }

    private static WatchAssessment Suspect(MetricPolicy policy, WatchTest? test, WatchWording words, bool isWorse, SeriesPoint added, WatchSpan span, DateTimeOffset now)
    {
        var memory = words.Memory;
        if (memory.SuspectedAt is not { } since || now - since > span.Confirmation * SuspicionLasts)
        {
            memory = memory with { SuspectedAt = now, CountedAtSuspicion = memory.Counted };
            return (words with { Memory = memory }).Suspected(now + span.Confirmation);
        }

        var anew = WatchTest.Since(memory.Counted, memory.CountedAtSuspicion);
        var goesOn = isWorse ? test!.LogMixture(anew) >= ConfirmingEvidence : IsOver(policy, anew);
        var isBadNow = added.Total > 0 && added.Rate > (isWorse ? test!.Limit : policy.MaxRate);
        if (now - since < span.Confirmation || !goesOn || !isBadNow)
        {
            return words.Suspected(since + span.Confirmation);
        }

        return isWorse ? words.WorseThanBefore() : words.CeilingExceeded();
    }

    private static bool IsOver(MetricPolicy policy, SeriesPoint counted) => policy.MaxRate is { } ceiling && counted.Total >= Math.Max(1, policy.MinRequests) && counted.Rate > ceiling;
}

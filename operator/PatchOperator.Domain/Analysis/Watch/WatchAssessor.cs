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
    // What comes after the suspicion must speak for itself: a burst that is over has nothing more to say.
    private const int StretchesNeeded = 2;
    private static readonly double ClearEvidence = Math.Log(10);

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

        return Judge(policy, memory.See(counts, span.PartAt(now), now), span, now);
    }

    private static WatchAssessment Judge(MetricPolicy policy, WatchMemory memory, WatchSpan span, DateTimeOffset now)
    {
        var test = policy.CompareWithStable ? WatchTest.For(memory.History, policy.WorthCatching, policy.FalseRevertRate) : null;

        // Not the highest evidence so far, which would be as valid: what was answered well since then speaks for a burst that is over.
        var isWorse = test is not null && WatchTest.IsSignificant(test.LogEvidence(memory.Counted, memory.Marks), policy.FalseRevertRate);
        var isOver = IsOver(policy, memory.Counted) || (memory.Marks.Count > 0 && IsOver(policy, WatchTest.Since(memory.Counted, memory.Marks[^1])));
        var words = new WatchWording(policy, memory, test?.Limit);

        if (isOver && !isWorse && memory.History is { } before && before.Rate > policy.MaxRate)
        {
            return words.BadBeforeToo() with { Memory = memory with { SuspectedAt = null, Bad = 0 } };
        }

        if (isWorse || isOver)
        {
            return Suspect(policy, test, words, isWorse, span, now);
        }

        memory = memory with { SuspectedAt = null, Bad = 0 };
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

    /// <summary>
    /// Two stretches in a row, each with evidence of its own and half the confirmation long at least, must be bad. A stretch ends when it is clearly
    /// bad or clearly good, so that it is as long as the traffic makes it; a good one begins the count anew.
    /// </summary>
    private static WatchAssessment Suspect(MetricPolicy policy, WatchTest? test, WatchWording words, bool isWorse, WatchSpan span, DateTimeOffset now)
    {
        var memory = words.Memory;
        if (memory.SuspectedAt is not { } since)
        {
            return (words with { Memory = memory with { SuspectedAt = now, CountedAtSuspicion = memory.Counted, Bad = 0 } }).Suspected(span.Confirmation);
        }

        var stretch = WatchTest.Since(memory.Counted, memory.CountedAtSuspicion);
        var isBad = isWorse ? Is(test!.LogMixture(stretch), clear: 1) : IsOver(policy, stretch);
        var isGood = isWorse ? Is(test!.LogMixture(stretch), clear: -1) : stretch.Total >= Math.Max(1, policy.MinRequests) && !isBad;
        if (!isGood && (!isBad || now - since < span.Confirmation / StretchesNeeded))
        {
            return words.Suspected(span.Confirmation);
        }

        memory = memory with { SuspectedAt = now, CountedAtSuspicion = memory.Counted, Bad = isBad ? memory.Bad + 1 : 0 };
        words = words with { Memory = memory };
        return memory.Bad < StretchesNeeded ? words.Suspected(span.Confirmation)
            : isWorse ? words.WorseThanBefore()
            : words.CeilingExceeded();
    }

    private static bool Is(double logEvidence, int clear) => logEvidence * clear >= ClearEvidence;

    private static bool IsOver(MetricPolicy policy, SeriesPoint counted) => policy.MaxRate is { } ceiling && counted.Total >= Math.Max(1, policy.MinRequests) && counted.Rate > ceiling;
}

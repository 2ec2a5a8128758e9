namespace PatchOperator.Domain.Analysis;

/// <summary>Counts that were checked: finite, total above zero, failures between zero and total.</summary>
internal readonly record struct UsableCounts(double Failures, double Total)
{
    // Failures and totals are not read at one instant, and each is extrapolated on its own: where every request fails, failures
    // can be read as slightly more than the total. Refusing that would hide the very worst canary.
    private const double RelativeExcess = 0.1;
    private const double AbsoluteExcess = 2;
    private const double LargestBelievable = 1e15;

    public double Rate => Total > 0 ? Failures / Total : 0;

    /// <summary>Null if the counts can be used; otherwise what is wrong with them. A zero total is for the caller to name.</summary>
    public static string? Problem(TrackReading.Counts counts)
    {
        if (!double.IsFinite(counts.Failures) || !double.IsFinite(counts.Total))
        {
            return $"not numbers (failures {counts.Failures}, total {counts.Total})";
        }

        if (counts.Failures < 0 || counts.Total < 0)
        {
            return $"negative (failures {counts.Failures:0.##}, total {counts.Total:0.##})";
        }

        if (counts.Total > LargestBelievable)
        {
            return $"too large to be requests (total {counts.Total:0.##})";
        }

        return counts.Failures > (counts.Total * (1 + RelativeExcess)) + AbsoluteExcess
            ? $"impossible: {counts.Failures:0.##} failures out of {counts.Total:0.##} requests"
            : null;
    }

    public static UsableCounts Of(TrackReading.Counts counts) => new(Math.Min(counts.Failures, counts.Total), counts.Total);
}

/// <summary>One track's reading after the checks: usable counts, or the reason that there are none.</summary>
/// <param name="BeganAnew">Nothing was counted yet, by counters that have just begun: not the same as numbers that are gone.</param>
internal readonly record struct CheckedTrack(UsableCounts? Counts, string Reason, string Problem, bool IsError, bool BeganAnew = false)
{
    public static CheckedTrack Of(TrackReading? reading, string track) => reading switch
    {
        TrackReading.Failed { Terminal: true } failed =>
            new(null, AssessmentReasons.QueryRejected, $"{track} could not be measured and asking again will not help: {Sentence(failed.Message)}", true),
        TrackReading.Failed failed =>
            new(null, AssessmentReasons.MetricsUnavailable, $"{track} could not be measured: {Sentence(failed.Message)}", true),
        TrackReading.NoData none =>
            new(null, AssessmentReasons.NoData, $"There are no numbers for {track}: {Sentence(none.Detail)}", false, none.BeganAnew),
        TrackReading.Counts counts when UsableCounts.Problem(counts) is { } problem =>
            new(null, AssessmentReasons.InvalidSamples, $"The numbers for {track} are {problem}. Check that both queries count requests over the same pods and window.", false),
        TrackReading.Counts { Total: 0 } =>
            new(null, AssessmentReasons.NoData, $"There are no numbers for {track}: it has answered no requests yet. Check that traffic is routed to it and that its total query matches.", false, BeganAnew: true),
        TrackReading.Counts counts => new(UsableCounts.Of(counts), "", "", false),
        _ => new(null, AssessmentReasons.NoData, $"There are no numbers for {track}: it was not read.", false),
    };

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";
}

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// While both tracks are above the limit: the wait for the proof that stable has recovered. From that moment on both tracks are counted anew, or the failures of an outage
/// that is long over would hold the roll-out until they are diluted (a minute without any answer: fifty minutes at a ceiling of 2 %).
/// </summary>
/// <remarks>
/// Stable's counts are tried in stretches. A stretch begins after a look that was below the limit and ends when its numbers speak for the limit or more; its beginning
/// therefore rests on the past alone. The k-th needs an e-value of 100·k(k+1) from <see cref="CeilingTest"/>, and 1/k(k+1) adds up to 1: a stable that never
/// fell below the limit is taken for recovered with a probability of at most 1 % in a step, however long it takes. Both tracks begin at one moment, which no failure of the canary chooses.
/// </remarks>
public sealed record SharedOutage
{
    private static readonly double FirstProof = Math.Log(100);
    private static readonly double Speaks = Math.Log(10);

    /// <summary>The cumulative counts at which stable was proven to have recovered; null before.</summary>
    public TwoTrackCounts? CountedFrom { get; init; }

    /// <summary>The counts of the last look, while it lasts.</summary>
    public TwoTrackCounts? Seen { get; init; }

    /// <summary>The counts at which the stretch under trial began; null between two.</summary>
    public TwoTrackCounts? Stretch { get; init; }

    /// <summary>Stretches begun in this step.</summary>
    public int Stretches { get; init; }

    /// <summary>Whether both tracks were above the limit when both were last measured.</summary>
    internal bool IsOngoing => Seen is not null;

    /// <summary>What counts for the limit: everything since the step began, or since stable recovered.</summary>
    internal (UsableCounts Canary, UsableCounts? Stable) Window(UsableCounts canary, UsableCounts? stable)
    {
        if (CountedFrom is not { } from || Since(from, Together(canary, stable, from)) is not { } window)
        {
            return (canary, stable);
        }

        return (new UsableCounts(window.CanaryFailures, window.CanaryTotal), stable is null ? null : new UsableCounts(window.StableFailures, window.StableTotal));
    }

    /// <summary>Counters that began anew contain nothing of the outage.</summary>
    internal SharedOutage Follow(UsableCounts canary, UsableCounts? stable) =>
        CountedFrom is { } from && Since(from, Together(canary, stable, from)) is null ? new SharedOutage { Stretches = Stretches } : this;

    /// <summary>Neither ongoing nor forgotten.</summary>
    internal SharedOutage Rest() => Seen is null ? this : this with { Seen = null, Stretch = null };

    /// <summary>One look at counts of which both tracks' shares are above the limit.</summary>
    internal SharedOutage Look(TwoTrackCounts counts, double limit)
    {
        var stretch = Stretch is { } from ? Since(from, counts) : null;
        if (stretch is { StableTotal: > 0 })
        {
            var evidence = CeilingTest.LogEvidence(new UsableCounts(stretch.StableFailures, stretch.StableTotal), limit);
            if (evidence >= FirstProof + Math.Log(Math.Max(1, Stretches)) + Math.Log(Math.Max(1, Stretches) + 1))
            {
                return new SharedOutage { CountedFrom = counts, Stretches = Stretches };
            }

            if (evidence > -Speaks)
            {
                return this with { Seen = counts };
            }
        }
        else if (stretch is not null)
        {
            return this with { Seen = counts };
        }

        var last = Seen is { } seen ? Since(seen, counts) : null;
        return last is { StableTotal: > 0 } && last.StableFailures < limit * last.StableTotal
            ? this with { Seen = counts, Stretch = counts, Stretches = Stretches + 1 }
            : this with { Seen = counts, Stretch = null };
    }

    private static TwoTrackCounts Together(UsableCounts canary, UsableCounts? stable, TwoTrackCounts otherwise) =>
        MetricAssessor.Counts(canary, stable ?? new UsableCounts(otherwise.StableFailures, otherwise.StableTotal));

    // Extrapolated counts may step back a little, and failures overtake totals for a tick.
    private static TwoTrackCounts? Since(TwoTrackCounts from, TwoTrackCounts counts)
    {
        if (CounterReset.Happened(counts.Canary, from.Canary) || CounterReset.Happened(counts.Stable, from.Stable))
        {
            return null;
        }

        var (canary, stable) = (Math.Max(0, counts.CanaryTotal - from.CanaryTotal), Math.Max(0, counts.StableTotal - from.StableTotal));
        return new TwoTrackCounts
        {
            CanaryFailures = Math.Clamp(counts.CanaryFailures - from.CanaryFailures, 0, canary),
            CanaryTotal = canary,
            StableFailures = Math.Clamp(counts.StableFailures - from.StableFailures, 0, stable),
            StableTotal = stable,
        };
    }
}

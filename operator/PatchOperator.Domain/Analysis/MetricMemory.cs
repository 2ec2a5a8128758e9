namespace PatchOperator.Domain.Analysis;

/// <summary>What must be remembered of a metric between ticks; lives in the resource's status, so a restart of the operator changes no verdict.</summary>
public sealed record MetricMemory
{
    /// <summary>When the canary was first looked at and had no numbers; null as soon as it has had some.</summary>
    public DateTimeOffset? EmptySince { get; init; }

    public TotalGrowth Canary { get; init; } = new();

    /// <summary>Bad measurements of a gauge in a row.</summary>
    public int Bad { get; init; }

    /// <summary>When the last of them was made; one that is seen again is not another.</summary>
    public DateTimeOffset? BadAt { get; init; }

    /// <summary>Stays empty where stable is not compared with.</summary>
    public TotalGrowth Stable { get; init; } = new();

    /// <summary>The comparison with stable; null until both tracks have counts.</summary>
    public SequentialState? Comparison { get; init; }

    /// <summary>Whether stable is beginning to fail; null until it has counts.</summary>
    public OutageOnset? Onset { get; init; }

    /// <summary>Both tracks above the limit, in this step; null where they never were.</summary>
    public SharedOutage? Outage { get; init; }

    /// <summary>
    /// For the next step, whose counts begin anew: what was learned of the two rates goes on, so that a run needs no more evidence for having more
    /// steps. Its window may begin a little before it, so the first reading only says where to count from, or requests would count twice.
    /// </summary>
    /// <param name="counted">Where the next step's counts begin, if that is known.</param>
    public MetricMemory ForNextStep(TwoTrackCounts? counted = null) => new()
    {
        Comparison = Comparison is { } known ? known with { Consumed = counted ?? TwoTrackCounts.Zero, AwaitsBaseLine = counted is null, LogFine = 0 } : null,
    };
}

/// <summary>Whether a track's request count still moves. A dead scrape keeps answering the last number for minutes.</summary>
public sealed record TotalGrowth
{
    /// <summary>The highest total seen, in requests.</summary>
    public double Highest { get; init; }

    /// <summary>When the total last rose above <see cref="Highest"/>; null before the first reading.</summary>
    public DateTimeOffset? GrewAt { get; init; }

    /// <summary>Whether it rose after the first reading, which may be of old requests alone.</summary>
    public bool HasGrown { get; init; }

    public TotalGrowth See(double total, DateTimeOffset now)
    {
        if (GrewAt is null || total > Highest)
        {
            return new TotalGrowth { Highest = total, GrewAt = now, HasGrown = GrewAt is not null };
        }

        // A fall is not growth, but growth from the new level is.
        return CounterReset.Happened(total, Highest) ? this with { Highest = total } : this;
    }

    /// <summary>How long the total has stood still.</summary>
    public TimeSpan StillFor(DateTimeOffset now) => GrewAt is { } grewAt && now > grewAt ? now - grewAt : TimeSpan.Zero;
}

/// <summary>Failures and totals of both tracks, in requests.</summary>
public sealed record TwoTrackCounts
{
    public static TwoTrackCounts Zero { get; } = new();

    public double CanaryFailures { get; init; }

    public double CanaryTotal { get; init; }

    public double StableFailures { get; init; }

    public double StableTotal { get; init; }

    internal SeriesPoint Canary => new(CanaryFailures, CanaryTotal);

    internal SeriesPoint Stable => new(StableFailures, StableTotal);
}

/// <summary>The state of the sequential test: a handful of numbers, whatever the length of the run.</summary>
public sealed record SequentialState
{
    /// <summary>Natural logarithm of the evidence (e-value) that the canary is worse than stable; 0 at the start.</summary>
    public double LogEvidence { get; init; }

    /// <summary>The highest <see cref="LogEvidence"/> so far; exp(-highest) is a p-value that is valid at any time.</summary>
    public double HighestLogEvidence { get; init; }

    /// <summary>The cumulative counts that the evidence already contains.</summary>
    public TwoTrackCounts Consumed { get; init; } = TwoTrackCounts.Zero;

    /// <summary>Whether the next counts only say where to count from.</summary>
    public bool AwaitsBaseLine { get; init; }

    /// <summary>Natural logarithm of the evidence, since the step began, that the canary is not worse by the difference worth catching.</summary>
    public double LogFine { get; init; }

    /// <summary>What the test has learned since it last started to learn; decides which alternatives it bets on next.</summary>
    public TwoTrackCounts Learned { get; init; } = TwoTrackCounts.Zero;

    /// <summary>Canary requests learned after which the test forgets and starts to learn again, so that a canary that turns bad late is seen.</summary>
    public double RelearnAt { get; init; }
}

namespace PatchOperator.Domain.Analysis;

/// <summary>What must be remembered of a metric between ticks; lives in the resource's status, so a restart of the operator changes no verdict.</summary>
public sealed record MetricMemory
{
    /// <summary>The highest canary total seen, in requests; growth is measured from here because extrapolated counts jitter.</summary>
    public double HighestTotal { get; init; }

    /// <summary>When the canary's total last grew; null before the first reading.</summary>
    public DateTimeOffset? GrewAt { get; init; }

    /// <summary>The comparison with stable; null until both tracks have counts.</summary>
    public SequentialState? Comparison { get; init; }
}

/// <summary>Failures and totals of both tracks, in requests.</summary>
public sealed record TwoTrackCounts
{
    public static TwoTrackCounts Zero { get; } = new();

    public double CanaryFailures { get; init; }

    public double CanaryTotal { get; init; }

    public double StableFailures { get; init; }

    public double StableTotal { get; init; }
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

    /// <summary>What the test has learned since it last started to learn; decides which alternatives it bets on next.</summary>
    public TwoTrackCounts Learned { get; init; } = TwoTrackCounts.Zero;

    /// <summary>Canary requests learned after which the test forgets and starts to learn again, so that a canary that turns bad late is seen.</summary>
    public double RelearnAt { get; init; }
}

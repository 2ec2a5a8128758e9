namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>The last measurement of one metric.</summary>
public sealed record MetricStatus
{
    public required string Name { get; init; }

    public required string Verdict { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public string? CanaryRate { get; init; }

    public string? StableRate { get; init; }

    public string? Limit { get; init; }

    public string? CanaryCounts { get; init; }

    public string? StableCounts { get; init; }

    public string? Query { get; init; }

    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>What the assessor must remember until the next measurement.</summary>
    public string? Memory { get; init; }

    /// <summary>What both tracks answered, over the whole run.</summary>
    public SeriesStatus? Series { get; init; }
}

/// <summary>A metric over time, for plots: at most 120 stretches of equal length, which double when they are used up.</summary>
public sealed record SeriesStatus
{
    /// <summary>The beginning of the first stretch.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Length of a stretch.</summary>
    public required int Seconds { get; init; }

    /// <summary>Failures and total of each stretch, <c>0/40 2/38 - 1/41</c>, with <c>-</c> where nothing was measured.</summary>
    public required string Canary { get; init; }

    /// <inheritdoc cref="Canary"/>
    public string? Stable { get; init; }

    /// <summary>When the metric failed the canary.</summary>
    public DateTimeOffset? FailedAt { get; init; }
}

public sealed record WatchStatus
{
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>It ends here, whatever happens in between.</summary>
    public required DateTimeOffset Until { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Passed, Inconclusive, Failed or Interrupted, once it has ended.</summary>
    public string? Outcome { get; init; }

    public DateTimeOffset? MeasuredAt { get; init; }

    public IReadOnlyList<WatchedMetricStatus>? Metrics { get; init; }
}

/// <summary>The last measurement of one metric in the watch.</summary>
public sealed record WatchedMetricStatus
{
    public required string Name { get; init; }

    public required string Verdict { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    /// <summary>Failed share, or the value of a gauge.</summary>
    public string? Measured { get; init; }

    /// <summary>What stable failed during the run, before it was patched: share and counts.</summary>
    public string? Before { get; init; }

    public string? Limit { get; init; }

    public string? Query { get; init; }

    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>What the test must remember until the next measurement.</summary>
    public string? Memory { get; init; }
}

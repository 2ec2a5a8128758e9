namespace PatchOperator.Domain.Analysis;

/// <summary>The verdict on one metric at one tick, with the numbers it rests on.</summary>
public sealed record MetricAssessment
{
    public required string Metric { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>One of <see cref="AssessmentReasons"/>; used as it is for conditions and events.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened, why, and what to do about it.</summary>
    public required string Message { get; init; }

    /// <summary>Share of failed requests, 0 to 1; null where the track has no usable counts.</summary>
    public double? CanaryRate { get; init; }

    /// <inheritdoc cref="CanaryRate"/>
    public double? StableRate { get; init; }

    /// <summary>A gauge's numbers; null where failures are counted.</summary>
    public double? CanaryValue { get; init; }

    /// <inheritdoc cref="CanaryValue"/>
    public double? StableValue { get; init; }

    /// <summary>The limit of a gauge that was broken, in words.</summary>
    public string? BrokenLimit { get; init; }

    /// <summary>The hard ceiling, 0 to 1, if there is one.</summary>
    public double? Limit { get; init; }

    public double CanaryFailures { get; init; }

    public double CanaryTotal { get; init; }

    public double StableFailures { get; init; }

    public double StableTotal { get; init; }

    /// <summary>What to hand to the next assessment of this metric.</summary>
    public required MetricMemory Memory { get; init; }
}

/// <summary>Every reason that an assessment can give.</summary>
public static class AssessmentReasons
{
    public const string WithinLimits = nameof(WithinLimits);
    public const string CeilingExceeded = nameof(CeilingExceeded);
    public const string WorseThanStable = nameof(WorseThanStable);
    public const string Suspected = nameof(Suspected);
    public const string ValueOutOfLimits = nameof(ValueOutOfLimits);
    public const string StableAlsoFailing = nameof(StableAlsoFailing);
    public const string TooFewRequests = nameof(TooFewRequests);
    public const string StaleSamples = nameof(StaleSamples);
    public const string NoData = nameof(NoData);
    public const string StableNoData = nameof(StableNoData);
    public const string InvalidSamples = nameof(InvalidSamples);
    public const string MetricsUnavailable = nameof(MetricsUnavailable);
    public const string QueryRejected = nameof(QueryRejected);
    public const string NothingToJudge = nameof(NothingToJudge);
}

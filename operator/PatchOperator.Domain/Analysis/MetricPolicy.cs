namespace PatchOperator.Domain.Analysis;

/// <summary>How the readings of one metric are judged.</summary>
public sealed record MetricPolicy
{
    public const double UsualFalseRevertRate = 0.001;
    public const double UsualWorthCatching = 0.01;

    public required string Name { get; init; }

    /// <summary>Limits of a value; null where failures are counted.</summary>
    public GaugePolicy? Gauge { get; init; }

    /// <summary>The step gives the canary all the traffic: that stable has no new numbers is then no reason to wait, if there is a ceiling.</summary>
    public bool StableIsIdle { get; init; }

    /// <summary>Hard ceiling for the canary's share of failed requests, 0 to 1; null for none. Needs <see cref="MinRequests"/>.</summary>
    public double? MaxRate { get; init; }

    /// <summary>Whether the canary is also tested against stable over the same window.</summary>
    public bool CompareWithStable { get; init; }

    /// <summary>Requests that the canary must have answered before the ceiling may fail it or the metric may pass.</summary>
    public long MinRequests { get; init; }

    /// <summary>
    /// What it means when the canary has no usable numbers. Stable's missing numbers always hold: they are not the canary's fault.
    /// Before the first numbers a canary is given <see cref="StaleAfter"/>, since Prometheus shows none until it has scraped twice.
    /// </summary>
    public DataPolicy OnNoData { get; init; } = DataPolicy.Hold;

    /// <summary>What it means when the canary could not be measured. Stable's errors always hold.</summary>
    public DataPolicy OnError { get; init; } = DataPolicy.Hold;

    /// <summary>How long the canary's request count may stand still before its numbers count as stale.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Largest acceptable probability, 0 to 1, that a canary no worse than stable is ever failed by the comparison, however often one looks.</summary>
    public double FalseRevertRate { get; init; } = UsualFalseRevertRate;

    /// <summary>The difference in failure rate (0.01 is one percentage point) that the comparison is tuned to catch soonest.</summary>
    public double WorthCatching { get; init; } = UsualWorthCatching;
}

/// <summary>The limits of a gauge; a value is bad if it breaks any.</summary>
public sealed record GaugePolicy
{
    public double? Max { get; init; }

    public double? Min { get; init; }

    /// <summary>Share of stable's value; null where stable is not compared with.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Whether less than stable is the bad side.</summary>
    public bool LowerIsWorse { get; init; }

    public int InARow { get; init; } = 3;
}

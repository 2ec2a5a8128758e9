namespace PatchOperator.Domain.Api.V1Alpha1;

public sealed record CanarySpec
{
    public TrafficSpec? Traffic { get; init; }

    public IReadOnlyList<CanaryStepSpec>? Steps { get; init; }

    /// <summary>Requests that reach the canary whatever its weight is: internal testers'.</summary>
    public PreviewSpec? Preview { get; init; }

    /// <summary>How long the roll-out may wait for pods before it is given up; without it, 10m.</summary>
    public Duration? ProgressDeadline { get; init; }
}

/// <summary>Who splits the traffic; exactly one member, replicaRatio when there is none.</summary>
public sealed record TrafficSpec
{
    public NamedReference? HttpRoute { get; init; }

    /// <summary>Where more than one HTTPRoute leads to the workloads.</summary>
    public IReadOnlyList<NamedReference>? HttpRoutes { get; init; }

    public NamedReference? Ingress { get; init; }

    public ReplicaRatioSpec? ReplicaRatio { get; init; }
}

public sealed record NamedReference
{
    public string? Name { get; init; }
}

public sealed record ReplicaRatioSpec;

/// <summary>What marks a tester's request; exactly one member.</summary>
public sealed record PreviewSpec
{
    public PreviewMatch? Header { get; init; }

    public PreviewMatch? Cookie { get; init; }
}

public sealed record PreviewMatch
{
    public string? Name { get; init; }

    public string? Value { get; init; }
}

public sealed record CanaryStepSpec
{
    /// <summary>Share of the traffic that the canary should get, in percent.</summary>
    public int Weight { get; init; }

    /// <summary>How long the step lasts at least, from when the canary is ready at this weight; without it, 0s.</summary>
    public Duration? Hold { get; init; }

    public bool? Approval { get; init; }

    /// <summary>
    /// Whether the step may end before its hold is over, as soon as every metric that is compared with stable has proven that the canary
    /// is not worse by worthCatching; without it, false.
    /// </summary>
    public bool? PassEarly { get; init; }
}

public sealed record AnalysisSpec
{
    public MetricProviderSpec? Provider { get; init; }

    /// <summary>Time between measurements; without it, 15s; 1s at least.</summary>
    public Duration? Interval { get; init; }

    public IReadOnlyList<MetricSpec>? Metrics { get; init; }

    /// <summary>
    /// How often, at most, a run of a patch that is no worse than stable may be taken back by the comparisons, all of them together and however
    /// often they look; without it, <c>"0.1%"</c>.
    /// </summary>
    public string? FalseRevertRate { get; init; }

    /// <summary>The difference in failure rate, in percentage points, that the comparisons are tuned to catch soonest; without it, <c>"1%"</c>.</summary>
    public string? WorthCatching { get; init; }

    public IReadOnlyList<ProbeSpec>? Probes { get; init; }

    /// <summary>Own paths for surfaces; without an entry, a surface has Magento's.</summary>
    public IReadOnlyList<SurfaceSpec>? Surfaces { get; init; }
}

/// <summary>Who is asked; at least one member. With both, each metric says which, or it follows from its preset.</summary>
public sealed record MetricProviderSpec
{
    public PrometheusProviderSpec? Prometheus { get; init; }

    public PodMetricsProviderSpec? PodMetrics { get; init; }
}

public sealed record PrometheusProviderSpec
{
    public string? Address { get; init; }

    public HttpAuthSpec? Auth { get; init; }

    public HttpTlsSpec? Tls { get; init; }

    public IReadOnlyList<HttpHeaderSpec>? Headers { get; init; }

    /// <summary>Prometheus is asked no more often than this, whatever the interval of the analysis; without it, at every tick.</summary>
    public Duration? Interval { get; init; }
}

public sealed record PodMetricsProviderSpec
{
    public int? Port { get; init; }

    /// <summary>Without it, <c>/metrics</c>.</summary>
    public string? Path { get; init; }

    /// <summary>HTTP or HTTPS; without it, HTTP.</summary>
    public string? Scheme { get; init; }

    public HttpAuthSpec? Auth { get; init; }

    public HttpTlsSpec? Tls { get; init; }

    public IReadOnlyList<HttpHeaderSpec>? Headers { get; init; }
}

public sealed record MetricSpec
{
    public string? Name { get; init; }

    /// <summary>envoy-gateway, istio, traefik, ingress-nginx or podMetrics; or give failures and total.</summary>
    public string? Preset { get; init; }

    public string? Failures { get; init; }

    public string? Total { get; init; }

    /// <summary>A probe of the analysis, whose failures and totals these are; instead of a preset or queries.</summary>
    public string? Probe { get; init; }

    /// <summary>Prometheus or PodMetrics; without it, the only provider, and with both, what the preset needs.</summary>
    public string? Source { get; init; }

    /// <summary>What a preset counts as a failure: ServerErrors or ClientErrors; without it, ServerErrors.</summary>
    public string? FailureClass { get; init; }

    /// <summary>Only requests for these parts of the shop count.</summary>
    public IReadOnlyList<string>? Surfaces { get; init; }

    /// <summary>Values for <c>{{ args.NAME }}</c> in the queries.</summary>
    public IReadOnlyDictionary<string, string>? Args { get; init; }

    /// <summary>Count slow requests instead of failed ones; from the preset's histogram, or from one that is named.</summary>
    public LatencySpec? Latency { get; init; }

    /// <summary>One number instead of failures and total, held against limits.</summary>
    public GaugeSpec? Gauge { get; init; }

    /// <summary>Hard ceiling of failures in total, <c>"2%"</c> or <c>"0.5%"</c>.</summary>
    public string? MaxRate { get; init; }

    /// <summary>Stable, or nothing.</summary>
    public string? CompareWith { get; init; }

    /// <summary>The analysis' worthCatching for this metric.</summary>
    public string? WorthCatching { get; init; }

    /// <summary>Canary requests without which the metric is not judged; without it, 50.</summary>
    public long? MinRequests { get; init; }

    /// <summary>Hold or Fail.</summary>
    public string? OnNoData { get; init; }

    /// <summary>Hold or Fail.</summary>
    public string? OnError { get; init; }

    /// <summary>Without a new request for this long, the numbers count as stale; without it, 1m.</summary>
    public Duration? StaleAfter { get; init; }
}

/// <summary>A number that is no share of anything, such as a queue's length or orders per request; at least one limit.</summary>
public sealed record GaugeSpec
{
    /// <summary>PromQL that answers with one number for one track.</summary>
    public string? Value { get; init; }

    /// <summary>A decimal number above which the canary's value is bad.</summary>
    public string? Max { get; init; }

    /// <summary>A decimal number below which the canary's value is bad.</summary>
    public string? Min { get; init; }

    /// <summary>How far the canary's value may be from stable's on the bad side, as a share of stable's: <c>"20%"</c>.</summary>
    public string? Tolerance { get; init; }

    /// <summary>Higher or Lower: the bad side of a tolerance; without it, Higher.</summary>
    public string? Worse { get; init; }

    /// <summary>Bad measurements in a row that fail the canary; without it, 3.</summary>
    public int? InARow { get; init; }
}

/// <summary>A request that takes longer than a limit counts as failed; the share of such requests is then judged like any other.</summary>
public sealed record LatencySpec
{
    /// <summary>A bound of one of the histogram's buckets.</summary>
    public Duration? SlowerThan { get; init; }

    /// <summary>The histogram's name without <c>_bucket</c>; left out with a preset, which knows its own.</summary>
    public string? Histogram { get; init; }
}

public sealed record RevertSpec
{
    public bool? Automatic { get; init; }

    public Duration? WatchAfterPromotion { get; init; }
}

public sealed record PromotionSpec
{
    /// <summary>UntilAdopted or None.</summary>
    public string? Hold { get; init; }

    /// <summary>Roles in the order in which their workloads are promoted, and reverted the other way round; without it, Web, Cron, Worker.</summary>
    public IReadOnlyList<string>? Order { get; init; }
}

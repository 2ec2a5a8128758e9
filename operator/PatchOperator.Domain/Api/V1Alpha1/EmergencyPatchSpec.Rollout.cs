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
}

public sealed record AnalysisSpec
{
    public MetricProviderSpec? Provider { get; init; }

    /// <summary>Time between measurements; without it, 15s; 1s at least.</summary>
    public Duration? Interval { get; init; }

    public IReadOnlyList<MetricSpec>? Metrics { get; init; }

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

    /// <summary>Prometheus or PodMetrics; without it, the only provider, and with both, what the preset needs.</summary>
    public string? Source { get; init; }

    /// <summary>What a preset counts as a failure: ServerErrors or ClientErrors; without it, ServerErrors.</summary>
    public string? FailureClass { get; init; }

    /// <summary>Only requests for these parts of the shop count.</summary>
    public IReadOnlyList<string>? Surfaces { get; init; }

    /// <summary>Values for <c>{{ args.NAME }}</c> in the queries.</summary>
    public IReadOnlyDictionary<string, string>? Args { get; init; }

    /// <summary>Hard ceiling of failures in total, <c>"2%"</c> or <c>"0.5%"</c>.</summary>
    public string? MaxRate { get; init; }

    /// <summary>Stable, or nothing.</summary>
    public string? CompareWith { get; init; }

    /// <summary>Canary requests without which the metric is not judged; without it, 50.</summary>
    public long? MinRequests { get; init; }

    /// <summary>Hold or Fail.</summary>
    public string? OnNoData { get; init; }

    /// <summary>Hold or Fail.</summary>
    public string? OnError { get; init; }

    /// <summary>Without a new request for this long, the numbers count as stale; without it, 1m.</summary>
    public Duration? StaleAfter { get; init; }
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

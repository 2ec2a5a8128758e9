namespace PatchOperator.Domain.Analysis;

/// <summary>What a preset counts as a failure.</summary>
public enum FailureClass
{
    /// <summary>Answers with 5xx, and requests that got no answer at all.</summary>
    ServerErrors,

    /// <summary>Answers with 4xx but 499, which means that the client left. Only a comparison with stable makes sense of them.</summary>
    ClientErrors,
}

/// <summary>Ready-made queries for what stands in front of the pods, or for the pods' own counters. Sources: README.md beside this file.</summary>
public static class MetricPresets
{
    public const string PodMetrics = "podMetrics";

    private const string ServerErrors = "0+|5..";
    private const string ClientErrors = "4[0-8].|49[0-8]";

    /// <summary>
    /// Traefik names a service after namespace, Service and port, with the kind of route around it. What follows the Service's name is
    /// spelt out, since <c>web</c> must not count the requests of <c>web-canary</c>.
    /// </summary>
    private const string TraefikService = """(.+-svc-)?{{ namespace }}-({{ services }})-(http-)?([0-9]+|http|https|web)@kubernetes(crd|gateway)?""";

    private static readonly IReadOnlyList<Preset> All =
    [
        new Preset
        {
            Name = "envoy-gateway",
            Needs = PresetNeeds.Nothing,
            ServerErrors = [new("envoy_cluster_endpoint_rq_error", """envoy_endpoint_address=~"({{ podIPs }}):[0-9]+" """)],
            Total = [new("envoy_cluster_endpoint_rq_total", """envoy_endpoint_address=~"({{ podIPs }}):[0-9]+" """)],
            NoClientErrors = "Envoy counts 4xx for a whole route, not for an endpoint",
        },
        Preset.ByStatus(
            "istio",
            PresetNeeds.Nothing,
            "response_code",
            null,
            "istio_request_duration_milliseconds",
            new("istio_requests_total", """reporter="source",destination_workload_namespace="{{ namespace }}",destination_workload=~"{{ deployments }}" """),

            // A request that found no pod to go to has only the Service to tell where it would have gone.
            new("istio_requests_total", """reporter="source",destination_workload="unknown",destination_service_namespace="{{ namespace }}",destination_service_name=~"{{ services }}" """)),
        Preset.ByStatus(
            "traefik",
            PresetNeeds.CanaryService,
            "code",
            null,
            "traefik_service_request_duration_seconds",
            new("traefik_service_requests_total", $"""exported_service=~"{TraefikService}" """),
            new("traefik_service_requests_total", $"""exported_service="",service=~"{TraefikService}" """)),
        Preset.ByStatus(
            "ingress-nginx",
            PresetNeeds.CanaryService,
            "status",
            "path",
            "nginx_ingress_controller_request_duration_seconds",

            // A request that went to the canary has stable's ingress and Service, and the canary's upstream (namespace-service-port) beside them.
            new("nginx_ingress_controller_requests", """canary=~"{{ namespace }}-({{ services }})-([0-9]+|http|https|web)" """),
            new("nginx_ingress_controller_requests", """canary="",exported_namespace="{{ namespace }}",exported_service=~"{{ services }}" """),
            new("nginx_ingress_controller_requests", """canary="",exported_namespace="",namespace="{{ namespace }}",service=~"{{ services }}" """)),
        Preset.ByStatus(PodMetrics, PresetNeeds.Nothing, "status", "path", "http_request_duration_seconds", new SeriesText("http_requests_total", """namespace="{{ namespace }}",pod=~"{{ pods }}" """)),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(preset => preset.Name)];

    public static Preset? Find(string? name) => All.FirstOrDefault(preset => preset.Name == name);

    /// <summary>The pattern of the statuses that count as failures.</summary>
    internal static string Statuses(FailureClass failures) => failures switch
    {
        FailureClass.ServerErrors => ServerErrors,
        FailureClass.ClientErrors => ClientErrors,
    };
}

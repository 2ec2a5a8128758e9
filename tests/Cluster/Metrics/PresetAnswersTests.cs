using System.Diagnostics;
using System.Globalization;
using System.Text;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>
/// What the presets count, said by Prometheus itself: series with the labels that each proxy really writes, recorded around a canary that
/// began to serve 20 seconds ago, beside neighbours that must not count. The window is 30 seconds, a scrape comes every 5.
/// </summary>
public sealed class PresetAnswersTests
{
    private const string Istio = """connection_security_policy="unknown",destination_canonical_service="web",destination_service_namespace="shop",request_protocol="http",source_workload="istio-ingressgateway",source_workload_namespace="istio-system" """;
    private const string Nginx = """controller_class="k8s.io/ingress-nginx",controller_namespace="ingress-nginx",controller_pod="c",host="shop.example.com",ingress="shop",method="POST" """;

    /// <summary>Preset, surfaces, series, and what is expected: canary server errors / client errors / total, stable the same.</summary>
    public static TheoryData<string, bool, string[], string> Recorded => new()
    {
        {
            "envoy-gateway", false,
            [
                """envoy_cluster_endpoint_rq_total{envoy_cluster_name="httproute/shop/shop/rule/0",envoy_endpoint_address="10.0.0.11:8080",namespace="envoy-gateway-system",pod="envoy-1"} _x8 10+10x20""",
                """envoy_cluster_endpoint_rq_error{envoy_cluster_name="httproute/shop/shop/rule/0",envoy_endpoint_address="10.0.0.11:8080",namespace="envoy-gateway-system",pod="envoy-1"} _x8 2+2x20""",
                """envoy_cluster_endpoint_rq_total{envoy_cluster_name="httproute/shop/shop/rule/0",envoy_endpoint_address="10.0.0.1:8080",namespace="envoy-gateway-system",pod="envoy-1"} 1000+100x20""",
                """envoy_cluster_endpoint_rq_total{envoy_cluster_name="httproute/shop/shop/rule/0",envoy_endpoint_address="10.0.0.1:8080",namespace="envoy-gateway-system",pod="envoy-2"} 500+10x20""",
                """envoy_cluster_endpoint_rq_error{envoy_cluster_name="httproute/shop/shop/rule/0",envoy_endpoint_address="10.0.0.1:8080",namespace="envoy-gateway-system",pod="envoy-1"} 7+1x20""",
                // 10.0.0.111 is another pod, however its address begins.
                """envoy_cluster_endpoint_rq_total{envoy_cluster_name="httproute/shop/admin/rule/0",envoy_endpoint_address="10.0.0.111:8080",namespace="envoy-gateway-system",pod="envoy-1"} 1+1000x20""",
                """envoy_cluster_endpoint_rq_error{envoy_cluster_name="httproute/shop/admin/rule/0",envoy_endpoint_address="10.0.0.111:8080",namespace="envoy-gateway-system",pod="envoy-1"} 1+1000x20""",
            ],
            "10 - 50, 6 - 660"
        },
        {
            "istio", false,
            [
                $$"""istio_requests_total{reporter="source",destination_workload="web",destination_workload_namespace="shop",destination_service_name="web",response_code="200",response_flags="-",{{Istio}}} 1000+100x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web",destination_workload_namespace="shop",destination_service_name="web",response_code="503",response_flags="UF",{{Istio}}} 5+0x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web",destination_workload_namespace="shop",destination_service_name="web",response_code="404",response_flags="-",{{Istio}}} 5+1x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="200",response_flags="-",{{Istio}}} _x8 10+10x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="500",response_flags="-",{{Istio}}} _x9 1+1x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="0",response_flags="DC",{{Istio}}} _x12 1""",
                $$"""istio_requests_total{reporter="source",destination_workload="unknown",destination_workload_namespace="unknown",destination_service_name="web-canary",response_code="503",response_flags="UH",{{Istio}}} _x10 3+0x20""",
                $$"""istio_requests_total{reporter="destination",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="500",response_flags="-",{{Istio}}} _x9 100+100x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web-canary",destination_workload_namespace="other",destination_service_name="web-canary",response_code="500",response_flags="-",{{Istio}}} 100+100x20""",
                $$"""istio_requests_total{reporter="source",destination_workload="web-admin",destination_workload_namespace="shop",destination_service_name="web-admin",response_code="500",response_flags="-",{{Istio}}} 100+100x20""",
            ],
            // 4 x 500, one without a response, three that found no pod
            "8 - 58, 0 6 606"
        },
        {
            "traefik", false,
            [
                """traefik_service_requests_total{code="200",method="GET",protocol="http",service="shop-web-80@kubernetes",instance="t1"} 1000+100x20""",
                """traefik_service_requests_total{code="502",method="GET",protocol="http",service="shop-web-80@kubernetes",instance="t1"} 5+1x20""",
                """traefik_service_requests_total{code="200",method="GET",protocol="http",service="shop-web-canary-80@kubernetes",instance="t1"} _x8 10+10x20""",
                """traefik_service_requests_total{code="504",method="GET",protocol="http",service="shop-web-canary-80@kubernetes",instance="t1"} _x11 1+1x20""",
                """traefik_service_requests_total{code="499",method="GET",protocol="http",service="shop-web-canary-80@kubernetes",instance="t1"} _x11 1+1x20""",
                """traefik_service_requests_total{code="403",method="POST",protocol="http",service="shop-web-canary-80@kubernetes",instance="t1"} _x12 4""",
                """traefik_service_requests_total{code="500",method="GET",protocol="http",service="shop-web-admin-80@kubernetes",instance="t1"} 5+100x20""",
                """traefik_service_requests_total{code="500",method="GET",protocol="http",service="other-web-80@kubernetes",instance="t1"} 5+100x20""",
            ],
            // 50 + 2 of 504 + 2 of 499 + 4 of 403
            "2 4 58, 6 - 606"
        },
        {
            // As a ServiceMonitor without honorLabels writes it, with the names of a Gateway's routes.
            "traefik", false,
            [
                """traefik_service_requests_total{code="200",method="GET",protocol="http",service="traefik",exported_service="shop-web-http-80@kubernetesgateway"} 1000+100x20""",
                """traefik_service_requests_total{code="200",method="GET",protocol="http",service="traefik",exported_service="httproute-shop-shop-gw-infra-ep-web-0-svc-shop-web-canary-80@kubernetesgateway"} _x8 10+10x20""",
                """traefik_service_requests_total{code="500",method="GET",protocol="http",service="traefik",exported_service="httproute-shop-shop-gw-infra-ep-web-0-svc-shop-web-canary-80@kubernetesgateway"} _x8 1+1x20""",
            ],
            "5 - 55, - - 600"
        },
        {
            "ingress-nginx", false,
            [
                $$"""nginx_ingress_controller_requests{canary="",namespace="shop",service="web",path="/",status="200",{{Nginx}}} 1000+100x20""",
                $$"""nginx_ingress_controller_requests{canary="",namespace="shop",service="web",path="/",status="503",{{Nginx}}} 1+1x20""",
                $$"""nginx_ingress_controller_requests{canary="shop-web-canary-80",namespace="shop",service="web",path="/",status="200",{{Nginx}}} _x8 10+10x20""",
                $$"""nginx_ingress_controller_requests{canary="shop-web-canary-80",namespace="shop",service="web",path="/",status="500",{{Nginx}}} _x11 3+3x20""",
                $$"""nginx_ingress_controller_requests{canary="shop-web-canary-80",namespace="shop",service="web",path="/",status="401",{{Nginx}}} _x11 1+1x20""",
                $$"""nginx_ingress_controller_requests{canary="",namespace="shop",service="admin",path="/",status="503",{{Nginx}}} 1+100x20""",
            ],
            "6 2 58, 6 - 606"
        },
        {
            // Scraped without honorLabels, and limited to checkout by a rule of its own.
            "ingress-nginx", true,
            [
                $$"""nginx_ingress_controller_requests{canary="",namespace="ingress-nginx",exported_namespace="shop",service="controller",exported_service="web",path="/checkout",status="200",{{Nginx}}} 1000+100x20""",
                $$"""nginx_ingress_controller_requests{canary="",namespace="ingress-nginx",exported_namespace="shop",service="controller",exported_service="web",path="/",status="500",{{Nginx}}} 1000+100x20""",
                $$"""nginx_ingress_controller_requests{canary="shop-web-canary-80",namespace="ingress-nginx",exported_namespace="shop",service="controller",exported_service="web",path="/checkout",status="500",{{Nginx}}} _x8 1+1x20""",
                $$"""nginx_ingress_controller_requests{canary="shop-web-canary-80",namespace="ingress-nginx",exported_namespace="shop",service="controller",exported_service="web",path="/",status="500",{{Nginx}}} _x8 1+1x20""",
            ],
            "5 - 5, - - 600"
        },
        {
            "podMetrics", true,
            [
                """http_requests_total{namespace="shop",pod="web-a",method="GET",path="/checkout",status="200"} 1000+100x20""",
                """http_requests_total{namespace="shop",pod="web-a",method="GET",path="/",status="500"} 1000+100x20""",
                """http_requests_total{namespace="shop",pod="web-canary-a",method="GET",path="/checkout/cart",status="200"} _x8 0+10x20""",
                """http_requests_total{namespace="shop",pod="web-canary-a",method="GET",path="/checkout/cart",status="500"} _x8 1+1x20""",
                """http_requests_total{namespace="shop",pod="web-canary-a",method="GET",path="/checkout/cart",status="422"} _x8 1+1x20""",
                """http_requests_total{namespace="shop",pod="web-admin-a",method="GET",path="/checkout",status="500"} 1+1x20""",
            ],
            "5 5 50, - - 600"
        },
        {
            // A container that restarted counts what it has since, and nothing is negative.
            "podMetrics", false,
            [
                """http_requests_total{namespace="shop",pod="web-a",method="GET",path="/",status="200"} 1000+10x8 0 5 10 15 20""",
                """http_requests_total{namespace="shop",pod="web-canary-a",method="GET",path="/",status="200"} _x8 100 110 0 10 20""",
            ],
            "- - 20, - - 15"
        },
    };

    /// <summary>Preset, surfaces, limit, series, and what is expected: slow / total of the canary, stable the same.</summary>
    public static TheoryData<string, bool, string, string[], string> RecordedTimes => new()
    {
        {
            // Milliseconds. A request that found no pod is fast, and counts.
            "istio", false, "500ms",
            [
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="web",destination_workload_namespace="shop",destination_service_name="web",response_code="200",{{Istio}}""", ("250", "900+90x20"), ("500", "1000+95x20"), ("1000", "1000+99x20"), ("+Inf", "1000+100x20")),
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="200",{{Istio}}""", ("250", "_x8 7+7x20"), ("500", "_x8 8+8x20"), ("1000", "_x8 10+10x20"), ("+Inf", "_x8 10+10x20")),
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="unknown",destination_workload_namespace="unknown",destination_service_name="web-canary",response_code="503",{{Istio}}""", ("500", "_x10 3+0x20"), ("+Inf", "_x10 3+0x20")),
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="destination",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="200",{{Istio}}""", ("500", "0+0x20"), ("+Inf", "0+100x20")),
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="web-admin",destination_workload_namespace="shop",destination_service_name="web-admin",response_code="200",{{Istio}}""", ("500", "0+0x20"), ("+Inf", "0+100x20")),
            ],
            "10 53, 30 600"
        },
        {
            // Prometheus 3 writes whole bounds as 1000.0; and a bound that only begins alike is another.
            "istio", false, "1s",
            [
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="web",destination_workload_namespace="shop",destination_service_name="web",response_code="200",{{Istio}}""", ("1000.0", "0+95x20"), ("10000.0", "0+100x20"), ("+Inf", "0+100x20")),
                .. Buckets("istio_request_duration_milliseconds", $$"""reporter="source",destination_workload="web-canary",destination_workload_namespace="shop",destination_service_name="web-canary",response_code="200",{{Istio}}""", ("1000.0", "_x8 0+0x20"), ("10000.0", "_x8 10+10x20"), ("+Inf", "_x8 10+10x20")),
            ],
            "50 50, 30 600"
        },
        {
            // Seconds, and Traefik's own bounds. Both names of the label.
            "traefik", false, "1200ms",
            [
                .. Buckets("traefik_service_request_duration_seconds", """code="200",method="GET",protocol="http",service="shop-web-80@kubernetes",instance="t1" """, ("0.3", "0+50x20"), ("1.2", "0+99x20"), ("+Inf", "0+100x20")),
                .. Buckets("traefik_service_request_duration_seconds", """code="500",method="GET",protocol="http",service="traefik",exported_service="shop-web-canary-80@kubernetes",instance="t1" """, ("0.3", "_x8 0+0x20"), ("1.2", "_x8 9+9x20"), ("+Inf", "_x8 10+10x20")),
                .. Buckets("traefik_service_request_duration_seconds", """code="200",method="GET",protocol="http",service="shop-web-admin-80@kubernetes",instance="t1" """, ("0.3", "0+0x20"), ("1.2", "0+0x20"), ("+Inf", "0+100x20")),
            ],
            "5 50, 6 600"
        },
        {
            "ingress-nginx", true, "2500ms",
            [
                .. Buckets("nginx_ingress_controller_request_duration_seconds", $$"""canary="",namespace="shop",service="web",path="/checkout",status="200",{{Nginx}}""", ("2.5", "0+99x20"), ("5", "0+100x20"), ("+Inf", "0+100x20")),
                .. Buckets("nginx_ingress_controller_request_duration_seconds", $$"""canary="",namespace="shop",service="web",path="/",status="200",{{Nginx}}""", ("2.5", "0+0x20"), ("5", "0+0x20"), ("+Inf", "0+100x20")),
                .. Buckets("nginx_ingress_controller_request_duration_seconds", $$"""canary="shop-web-canary-80",namespace="ingress-nginx",exported_namespace="shop",service="controller",exported_service="web",path="/checkout",status="200",{{Nginx}}""", ("2.5", "_x8 4+4x20"), ("5", "_x8 10+10x20"), ("+Inf", "_x8 10+10x20")),
            ],
            "30 50, 6 600"
        },
        {
            // A container that restarted counts what it has since, slow and fast alike.
            "podMetrics", false, "500ms",
            [
                .. Buckets("http_request_duration_seconds", """namespace="shop",pod="web-a",path="/" """, ("0.5", "0+90x20"), ("+Inf", "0+100x20")),
                .. Buckets("http_request_duration_seconds", """namespace="shop",pod="web-canary-a",path="/" """, ("0.5", "_x8 90 99 0 8 16"), ("+Inf", "_x8 100 110 0 10 20")),
            ],
            "4 20, 60 600"
        },
        {
            // Without a bucket that ends at the limit there are no numbers, rather than a canary whose every request is slow, or fast.
            "podMetrics", false, "400ms",
            [
                .. Buckets("http_request_duration_seconds", """namespace="shop",pod="web-a",path="/" """, ("0.5", "0+90x20"), ("+Inf", "0+100x20")),
                .. Buckets("http_request_duration_seconds", """namespace="shop",pod="web-canary-a",path="/" """, ("0.5", "_x8 9+9x20"), ("+Inf", "_x8 10+10x20")),
            ],
            "- -, - -"
        },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task A_preset_counts_what_its_proxy_recorded(string preset, bool bySurface, string[] series, string expected) =>
        await CheckAsync(Scenario(MetricPresets.Find(preset)!, bySurface, series, expected));

    [Theory]
    [MemberData(nameof(RecordedTimes))]
    public async Task A_preset_counts_the_slow_requests_that_its_proxy_recorded(string preset, bool bySurface, string slowerThan, string[] series, string expected)
    {
        var metric = new MetricSpec { Name = "slow", Preset = preset, Surfaces = bySurface ? [Surfaces.Checkout] : null, Latency = new LatencySpec { SlowerThan = new Duration(slowerThan) } };
        var queries = MetricQueries.Of(metric, new AnalysisSpec { Provider = new MetricProviderSpec { Prometheus = new PrometheusProviderSpec { Address = "http://prometheus:9090" } } });
        var text = Begin(series);
        var counts = expected.Split(", ");
        foreach (var (track, values) in new[] { (TrackVariables.Canary, counts[0].Split(' ')), (TrackVariables.Stable, counts[1].Split(' ')) })
        {
            Add(text, Query(queries.Failures, bySurface, track), values[0]);
            Add(text, Query(queries.Total, bySurface, track), values[1]);
        }

        await CheckAsync(text.ToString());
    }

    private static IEnumerable<string> Buckets(string histogram, string labels, params (string Bound, string Values)[] buckets) =>
        buckets.Select(bucket => $"{histogram}_bucket{{{labels.Trim()},le=\"{bucket.Bound}\"}} {bucket.Values}");

    private static async Task CheckAsync(string scenario)
    {
        var file = Path.Combine(Path.GetTempPath(), $"preset-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, scenario);
        try
        {
            var (exit, output) = await PromtoolAsync($"test rules {file}");
            Assert.True(exit == 0, output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static StringBuilder Begin(string[] series)
    {
        var text = new StringBuilder("evaluation_interval: 5s\ntests:\n- interval: 5s\n  input_series:\n");
        foreach (var each in series)
        {
            var close = each.LastIndexOf('}');
            text.Append(CultureInfo.InvariantCulture, $"  - series: '{each[..(close + 1)].Replace(" }", "}", StringComparison.Ordinal)}'\n    values: '{each[(close + 2)..]}'\n");
        }

        return text.Append("  promql_expr_test:\n");
    }

    private static string Scenario(Preset preset, bool bySurface, string[] series, string expected)
    {
        var text = Begin(series);
        var counts = expected.Split(", ");
        foreach (var (track, values) in new[] { (TrackVariables.Canary, counts[0].Split(' ')), (TrackVariables.Stable, counts[1].Split(' ')) })
        {
            Add(text, Query(preset.FailuresQuery(FailureClass.ServerErrors, bySurface), bySurface, track), values[0]);
            if (preset.NoClientErrors is null)
            {
                Add(text, Query(preset.FailuresQuery(FailureClass.ClientErrors, bySurface), bySurface, track), values[1]);
            }

            Add(text, Query(preset.TotalQuery(bySurface), bySurface, track), values[2]);
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, string query, string value) => text.Append(
        CultureInfo.InvariantCulture,
        $"  - expr: '{query.Replace("'", "''", StringComparison.Ordinal)}'\n    eval_time: 60s\n    exp_samples: [{(value == "-" ? "" : $"{{labels: '{{}}', value: {value}}}")}]\n");

    private static string Query(string template, bool bySurface, string track)
    {
        Assert.True(QueryTemplate.TryParse(template, out var parsed, out var error), error);
        var metric = new MetricQuery
        {
            Name = "errors",
            Failures = "",
            Total = "",
            Paths = bySurface ? [.. Surfaces.PathsOf(Surfaces.Checkout).Select(Surfaces.Pattern)] : [],
        };
        return parsed.Render(TrackVariables.Of(
            new MetricReadRequest
            {
                Namespace = "shop",
                Workloads = ["web"],
                StableServices = ["web"],
                CanaryPods = [new PodTarget("web-canary-a", "10.0.0.11")],
                StablePods = [new PodTarget("web-a", "10.0.0.1")],
                Window = TimeSpan.FromSeconds(30),
                Metrics = [],
                Timeout = TimeSpan.FromSeconds(1),
                RunId = "run",
            },
            metric,
            track));
    }

    private static async Task<(int Exit, string Output)> PromtoolAsync(string arguments)
    {
        string?[] folders = [Path.GetDirectoryName(Environment.GetEnvironmentVariable("PROMETHEUS")), .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), Path.Combine(CrdSchemas.RepositoryRoot, "artifacts/tools/prometheus/usr/bin")];
        var promtool = folders.OfType<string>().Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(promtool is null, "promtool is not installed (Debian's package prometheus has it, and CI installs it)");
        using var process = Process.Start(new ProcessStartInfo(promtool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}

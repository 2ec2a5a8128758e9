namespace PatchOperator.Metrics;

/// <summary>The selectors of the preset <c>podMetrics</c>: the counter that most HTTP libraries expose.</summary>
public static class PodMetricsPreset
{
    public const string Failures = "http_requests_total{status=~\"5..\"}";

    public const string Total = "http_requests_total";
}

namespace PatchOperator.Domain.Analysis;

/// <summary>The preset <c>podMetrics</c>: the counter that most HTTP libraries' conventions share, with 5xx as failures.</summary>
public static class PodMetricsPreset
{
    public const string Name = "podMetrics";
    public const string Total = "http_requests_total";
    public const string Failures = Total + "{status=~\"5..\"}";
}

using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Metrics;

/// <summary>The provider that a spec names; patches that name the same one share it, and with it its connections and counters.</summary>
internal sealed class MetricProviders(TimeProvider time) : IDisposable
{
    private const string DefaultPath = "/metrics";

    private readonly ConcurrentDictionary<string, IMetricProvider> providers = new(StringComparer.Ordinal);
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        // Pods come and go: an address may belong to another pod soon.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(2),
        UseCookies = false,
        AllowAutoRedirect = false,
    })
    {
        // Each read has its own deadline.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <param name="spec">Validated: exactly one provider is given.</param>
    public IMetricProvider For(MetricProviderSpec spec) => spec switch
    {
        { Prometheus.Address: { } address } => providers.GetOrAdd(address, a => new PrometheusProvider(new Uri(a), () => client, time)),
        { PodMetrics: { Port: { } port } pods } => providers.GetOrAdd(
            $"{port}{pods.Path ?? DefaultPath}", _ => new PodMetricsProvider(port, pods.Path ?? DefaultPath, () => client, time)),
        _ => throw new InvalidOperationException("A spec without a metric provider does not pass validation"),
    };

    public void Dispose() => client.Dispose();
}

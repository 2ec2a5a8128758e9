using System.Collections.Concurrent;
using System.Text.Json;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics.Http;

namespace PatchOperator.Metrics;

/// <summary>The provider that a spec names; patches that name the same one share it, and with it its connections and counters.</summary>
internal sealed class MetricProviders(Secrets secrets, TimeProvider time) : IDisposable
{
    private const string DefaultPath = "/metrics";

    /// <summary>Beyond this, all are forgotten and made again when asked for; pods' counters then begin anew, as after a restart.</summary>
    private const int MostKept = 256;

    private readonly ConcurrentDictionary<string, IMetricProvider> providers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HttpClients> servers = new(StringComparer.Ordinal);
    private readonly HttpClients pods = new(useProxy: false, time);

    /// <param name="spec">Validated: at least one provider is given.</param>
    public IMetricProvider For(MetricProviderSpec spec)
    {
        if (providers.Count > MostKept)
        {
            providers.Clear();
        }

        return (spec.Prometheus, spec.PodMetrics) switch
        {
            ({ } prometheus, null) => Prometheus(prometheus),
            (null, { } podMetrics) => Pods(podMetrics),
            ({ } prometheus, { } podMetrics) => Both(Prometheus(prometheus), Pods(podMetrics)),
            _ => throw new InvalidOperationException("A spec without a metric provider does not pass validation"),
        };
    }

    public void Dispose()
    {
        pods.Dispose();
        foreach (var clients in servers.Values)
        {
            clients.Dispose();
        }
    }

    private static SplitProvider Both(IMetricProvider prometheus, IMetricProvider pods) => new(metric => metric.Source == MetricSource.PodMetrics ? pods : prometheus);

    private IMetricProvider Prometheus(PrometheusProviderSpec spec) => providers.GetOrAdd(
        JsonSerializer.Serialize(spec, DomainJson.Default.PrometheusProviderSpec),
        _ =>
        {
            var address = new Uri(spec.Address!);

            // A pool for each server: one that hangs takes no connection from another.
            var clients = servers.GetOrAdd(address.Authority, _ => new HttpClients(useProxy: true, time));
            var provider = new PrometheusProvider(address, new HttpAccess(spec.Auth, spec.Tls, spec.Headers, clients, secrets), time);
            return spec.Interval is null ? provider : new PacedProvider(provider, spec.Interval.OrElse(TimeSpan.Zero), time);
        });

    private IMetricProvider Pods(PodMetricsProviderSpec spec) => providers.GetOrAdd(
        JsonSerializer.Serialize(spec, DomainJson.Default.PodMetricsProviderSpec),
        _ => new PodMetricsProvider(
            new PodEndpoint(spec.Scheme == "HTTPS" ? "https" : "http", spec.Port!.Value, spec.Path ?? DefaultPath),
            new HttpAccess(spec.Auth, spec.Tls, spec.Headers, pods, secrets),
            time));
}

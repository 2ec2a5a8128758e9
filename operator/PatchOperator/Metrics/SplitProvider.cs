using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>Asks each metric's own source, all at once.</summary>
internal sealed class SplitProvider(IReadOnlyDictionary<MetricSource, IMetricProvider> providers) : IMetricProvider
{
    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        var parts = await Task.WhenAll(request.Metrics.GroupBy(metric => metric.Source).Select(group => providers[group.Key].ReadAsync(request with { Metrics = [.. group] }, ct)));
        var readings = parts.SelectMany(part => part).ToDictionary(reading => reading.Metric, StringComparer.Ordinal);
        return [.. request.Metrics.Select(metric => readings[metric.Name])];
    }
}

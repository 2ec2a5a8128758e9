using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>Asks each metric's own source, all at once.</summary>
/// <param name="of">Who is asked for a metric.</param>
internal sealed class SplitProvider(Func<MetricQuery, IMetricProvider> of) : IMetricProvider
{
    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        var groups = request.Metrics.GroupBy(of).ToArray();
        if (groups is [var only])
        {
            return await only.Key.ReadAsync(request, ct);
        }

        var parts = await Task.WhenAll(groups.Select(group => group.Key.ReadAsync(request with { Metrics = [.. group] }, ct)));
        var readings = parts.SelectMany(part => part).ToDictionary(reading => reading.Metric, StringComparer.Ordinal);
        return [.. request.Metrics.Select(metric => readings[metric.Name])];
    }
}

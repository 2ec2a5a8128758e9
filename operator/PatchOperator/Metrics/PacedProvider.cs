using System.Collections.Concurrent;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>Asks no more often than an interval, while the analysis ticks faster for another source: between two reads the last one stands.</summary>
/// <remarks>Counts are cumulative, so that a reading that is seen twice adds nothing to the evidence.</remarks>
internal sealed class PacedProvider(IMetricProvider inner, TimeSpan interval, TimeProvider time) : IMetricProvider
{
    /// <summary>Ticks come a little early or late; a read is not put off to the next tick because of that.</summary>
    private const double Tolerance = 0.9;

    private readonly ConcurrentDictionary<string, (DateTimeOffset At, IReadOnlyList<MetricReading> Readings)> last = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (last.TryGetValue(request.RunId, out var known) && now - known.At < interval * Tolerance)
        {
            // The tick that it is used for: the schedule of the next one goes by this.
            return [.. known.Readings.Select(reading => reading with { SampledAt = now })];
        }

        foreach (var (run, (at, _)) in last)
        {
            if (now - at > interval + PodMetricsProvider.ForgetAfter)
            {
                last.TryRemove(run, out _);
            }
        }

        var readings = await inner.ReadAsync(request, ct);
        last[request.RunId] = (now, readings);
        return readings;
    }
}

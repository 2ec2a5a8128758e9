using PatchOperator.Domain.Analysis;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>What a try of the metrics before the start says.</summary>
internal static class Preflight
{
    public static Hold? Problem(IReadOnlyList<MetricReading>? readings)
    {
        foreach (var reading in readings ?? [])
        {
            foreach (var track in (TrackReading?[])[reading.Canary, reading.Stable])
            {
                if (track is TrackReading.Failed failed)
                {
                    return failed.Terminal
                        ? new Hold("QueryRejected", $"Metric {reading.Metric}: {failed.Message} Change the metric in spec.analysis.metrics. Query: {reading.CanaryQuery}")
                        : new Hold("MetricsUnavailable", $"Metric {reading.Metric}: {failed.Message} Nothing was touched; trying again.");
                }
            }
        }

        return null;
    }
}

using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>What a try of the metrics before the start says.</summary>
internal static class Preflight
{
    private const string Unavailable = "MetricsUnavailable";
    private const string Rejected = "QueryRejected";

    /// <summary>A try that failed may fail again: until the next one has ended, there is nothing new to say.</summary>
    public static bool MayStillBlock(Draft draft) =>
        draft.Phase is PatchPhase.Blocked
        && draft.Status.SpecDigest == draft.Intent.Digest
        && draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Reason is Unavailable or Rejected;

    public static Hold? Problem(IReadOnlyList<MetricReading>? readings)
    {
        foreach (var reading in readings ?? [])
        {
            foreach (var track in (TrackReading?[])[reading.Canary, reading.Stable])
            {
                if (track is TrackReading.Failed failed)
                {
                    return failed.Terminal
                        ? new Hold(Rejected, $"Metric {reading.Metric}: {failed.Message} Change the metric in spec.analysis.metrics. Query: {reading.CanaryQuery}")
                        : new Hold(Unavailable, $"Metric {reading.Metric}: {failed.Message} Nothing was touched; trying again.");
                }
            }
        }

        return null;
    }
}

using System.Globalization;

namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>A value of the patched stable against max and min. A tolerance has nothing to be a share of any more: values have no history.</summary>
internal static class WatchedGauge
{
    public static WatchAssessment Assess(MetricPolicy policy, GaugePolicy gauge, TrackReading? reading, WatchMemory memory, WatchSpan span, DateTimeOffset now)
    {
        if (Number(reading, out var reason, out var problem) is not { } value)
        {
            return Of(policy, Verdict.Hold, reason, problem, null, memory);
        }

        var broken = value > gauge.Max ? $"above max {Text(gauge.Max.Value)}" : value < gauge.Min ? $"below min {Text(gauge.Min.Value)}" : null;
        if (broken is null)
        {
            return Of(policy, Verdict.Pass, AssessmentReasons.WithinLimits, $"The value is {Text(value)} since the promotion: within limits.", value, memory with { Bad = 0, BadAt = null, SuspectedAt = null });
        }

        var measuredAt = (reading as TrackReading.Value)?.MeasuredAt;
        if (memory.BadAt is null || measuredAt != memory.BadAt)
        {
            memory = memory with { Bad = memory.Bad + 1, BadAt = measuredAt, SuspectedAt = memory.SuspectedAt ?? now };
        }

        var isConfirmed = memory.Bad >= gauge.InARow && now - memory.SuspectedAt >= span.Confirmation;
        return isConfirmed
            ? Of(policy, Verdict.Fail, AssessmentReasons.ValueOutOfLimits, $"The value is {Text(value)} since the promotion: {broken}, {memory.Bad} measurements in a row.", value, memory)
            : Of(policy, Verdict.Hold, WatchReasons.Suspected, $"The value is {Text(value)} since the promotion: {broken}. If that goes on, the patch is taken back.", value, memory);
    }

    private static double? Number(TrackReading? reading, out string reason, out string problem)
    {
        if (reading is TrackReading.Value value)
        {
            (reason, problem) = (AssessmentReasons.InvalidSamples, $"The value is {value.Number}, which is no number. Check the query, such as a division by zero.");
            return double.IsFinite(value.Number) ? value.Number : null;
        }

        var track = CheckedTrack.Of(reading is TrackReading.Counts ? null : reading, "the patched workload");
        (reason, problem) = (track.Reason, track.Problem);
        return null;
    }

    private static WatchAssessment Of(MetricPolicy policy, Verdict verdict, string reason, string message, double? value, WatchMemory memory) => new()
    {
        Metric = policy.Name,
        Verdict = verdict,
        Reason = reason,
        Message = message,
        Measured = value,
        Memory = memory,
    };

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}

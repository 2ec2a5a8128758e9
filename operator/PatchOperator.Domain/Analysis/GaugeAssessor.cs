using System.Globalization;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Holds one number against limits. A value comes without the count that it rests on, so no test can say how much of it is chance;
/// what stands in for one is that several measurements in a row must be bad.
/// </summary>
internal static class GaugeAssessor
{
    public static MetricAssessment Assess(MetricPolicy policy, GaugePolicy gauge, MetricReading reading, MetricMemory memory, DateTimeOffset now)
    {
        var canary = Track.Of(reading.Canary, "the canary");
        var stable = gauge.Tolerance is null ? default : Track.Of(reading.Stable, "stable");
        if (canary.Number is not { } value)
        {
            // A canary that has just begun to serve may have no value yet.
            memory = memory with { EmptySince = memory.EmptySince ?? now };
            var fails = canary.IsError ? policy.OnError is DataPolicy.Fail : policy.OnNoData is DataPolicy.Fail && now - memory.EmptySince > policy.StaleAfter;
            return Of(policy, canary, stable, fails ? Verdict.Fail : Verdict.Hold, canary.Reason, canary.Problem, memory);
        }

        memory = memory with { EmptySince = null };
        if (Limit(gauge, value, stable.Number) is { } broken)
        {
            var isRepeated = memory.BadAt is { } last && canary.MeasuredAt == last;
            return Bad(policy, gauge, canary, stable, broken, isRepeated ? memory : memory with { Bad = memory.Bad + 1, BadAt = canary.MeasuredAt });
        }

        memory = memory with { Bad = 0, BadAt = null };
        if (gauge.Tolerance is not null && stable.Number is null)
        {
            var reason = stable.Reason == AssessmentReasons.NoData ? AssessmentReasons.StableNoData : stable.Reason;
            return Of(policy, canary, stable, Verdict.Hold, reason, $"{stable.Problem} The canary cannot be compared until stable is measured.", memory);
        }

        var beside = stable.Number is { } other ? $", stable's {Text(other)}" : "";
        return Of(policy, canary, stable, Verdict.Pass, AssessmentReasons.WithinLimits, $"The canary's value is {Text(value)}{beside}: within limits.", memory);
    }

    private static MetricAssessment Bad(MetricPolicy policy, GaugePolicy gauge, Track canary, Track stable, string broken, MetricMemory memory)
    {
        var beside = stable.Number is { } other ? $", stable's {Text(other)}" : "";
        var what = $"The canary's value is {Text(canary.Number!.Value)}{beside}: {broken}";
        if (stable.Number is { } shared && Limit(gauge with { Tolerance = null }, shared, null) is not null)
        {
            return Of(policy, canary, stable, Verdict.Hold, AssessmentReasons.StableAlsoFailing, $"{what}, and stable's is out of limits too. That points to something they share and not to the patch, so the roll-out waits.", memory);
        }

        return (memory.Bad >= gauge.InARow
            ? Of(policy, canary, stable, Verdict.Fail, AssessmentReasons.ValueOutOfLimits, $"{what}, {memory.Bad} measurements in a row. Look at what the canary does differently, then fix the patch or change the limit.", memory)
            : Of(policy, canary, stable, Verdict.Hold, AssessmentReasons.ValueOutOfLimits, $"{what}. That is {memory.Bad} of {gauge.InARow} measurements in a row that would fail it.", memory))
            with
        { BrokenLimit = broken };
    }

    /// <summary>The limit that is broken, in words; null if none is.</summary>
    private static string? Limit(GaugePolicy gauge, double value, double? stable)
    {
        if (value > gauge.Max)
        {
            return $"above max {Text(gauge.Max.Value)}";
        }

        if (value < gauge.Min)
        {
            return $"below min {Text(gauge.Min.Value)}";
        }

        if (gauge.Tolerance is not { } tolerance || stable is not { } beside)
        {
            return null;
        }

        var room = tolerance * Math.Abs(beside);
        var isBad = gauge.LowerIsWorse ? value < beside - room : value > beside + room;
        return isBad ? $"more than {Text(tolerance * 100)} % {(gauge.LowerIsWorse ? "below" : "above")} stable's" : null;
    }

    private static MetricAssessment Of(MetricPolicy policy, Track canary, Track stable, Verdict verdict, string reason, string message, MetricMemory memory) => new()
    {
        Metric = policy.Name,
        Verdict = verdict,
        Reason = reason,
        Message = message,
        CanaryValue = canary.Number,
        StableValue = stable.Number,
        Memory = memory,
    };

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private readonly record struct Track(double? Number, string Reason, string Problem, bool IsError, DateTimeOffset? MeasuredAt = null)
    {
        public static Track Of(TrackReading? reading, string track)
        {
            if (reading is TrackReading.Value value)
            {
                return double.IsFinite(value.Number)
                    ? new Track(value.Number, "", "", false, value.MeasuredAt)
                    : new Track(null, AssessmentReasons.InvalidSamples, $"The value for {track} is {value.Number}, which is no number. Check the query, such as a division by zero.", false);
            }

            var other = CheckedTrack.Of(reading is TrackReading.Counts ? null : reading, track);
            return new Track(null, other.Reason, other.Problem, other.IsError);
        }
    }
}

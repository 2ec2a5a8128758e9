using System.Globalization;
using System.Text.Json;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>An assessment as people and the next decision read it from the status.</summary>
internal static class MetricReport
{
    /// <param name="assessment">Of the measurement made now.</param>
    /// <param name="reading">What it rests on.</param>
    /// <param name="last">The metric's status before.</param>
    /// <param name="interval">Time between measurements.</param>
    /// <param name="now">The time of the decision.</param>
    public static MetricStatus Of(MetricAssessment assessment, MetricReading reading, MetricStatus? last, TimeSpan interval, DateTimeOffset now)
    {
        var status = Of(assessment, reading, last);
        // A gauge's values have no counts that could be summed.
        return reading.Canary is TrackReading.Value ? status : status with { Series = MetricHistory.Extend(last, status, interval, now) };
    }

    private static MetricStatus Of(MetricAssessment assessment, MetricReading reading, MetricStatus? last) => new()
    {
        Name = assessment.Metric,
        Verdict = assessment.Verdict.ToString(),
        Reason = assessment.Reason,
        Message = assessment.Message,
        CanaryRate = Rate(assessment.CanaryRate) ?? Value(assessment.CanaryValue),
        StableRate = Rate(assessment.StableRate) ?? Value(assessment.StableValue),
        Limit = Rate(assessment.Limit) ?? assessment.BrokenLimit,
        CanaryCounts = reading.Canary is TrackReading.Value ? null : Counts(assessment.CanaryFailures, assessment.CanaryTotal, last?.CanaryCounts),
        StableCounts = reading.Stable is null or TrackReading.Value ? null : Counts(assessment.StableFailures, assessment.StableTotal, last?.StableCounts),
        Query = reading.CanaryQuery,
        SampledAt = reading.SampledAt,
        Memory = JsonSerializer.Serialize(assessment.Memory, AnalysisJson.Default.MetricMemory),
    };

    /// <summary>The metric at the beginning of a step: not measured yet, but with the evidence of the steps before.</summary>
    public static MetricStatus ForNextStep(MetricStatus last) => new()
    {
        Name = last.Name,
        Verdict = nameof(Verdict.Hold),
        Reason = AssessmentReasons.NoData,
        Message = "The step has just begun; it is not measured yet.",
        Series = last.Series,
        Memory = Memory(last) is { } memory ? JsonSerializer.Serialize(memory.ForNextStep(), AnalysisJson.Default.MetricMemory) : null,
    };

    public static MetricMemory? Memory(MetricStatus? status)
    {
        if (status?.Memory is not { } text)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, AnalysisJson.Default.MetricMemory);
        }
        catch (JsonException)
        {
            // Someone edited the status: begin anew, which can only make the judgement more cautious.
            return null;
        }
    }

    private static string? Value(double? value) => value?.ToString("0.####", CultureInfo.InvariantCulture);

    private static string? Rate(double? rate) => rate is { } value ? Percent.Format(value) : null;

    // Without numbers now the last ones stay: from there on it is counted as soon as there are some again.
    private static string Counts(double failures, double total, string? last) =>
        total <= 0 && last is not null ? last : string.Create(CultureInfo.InvariantCulture, $"{failures:0.#}/{total:0.#}");
}

namespace PatchOperator.Domain.Analysis;

/// <summary>Turns one reading of one metric into a verdict.</summary>
public static class MetricAssessor
{
    /// <summary>Judges <paramref name="reading"/>. Pure: the same arguments give the same answer.</summary>
    /// <param name="policy">What the user wants of this metric.</param>
    /// <param name="reading">Cumulative counts of this tick.</param>
    /// <param name="memory">The memory that the previous assessment of this metric returned; null at the first tick of a run.</param>
    /// <param name="now">The time of this tick.</param>
    public static MetricAssessment Assess(MetricPolicy policy, MetricReading reading, MetricMemory? memory, DateTimeOffset now) => new()
    {
        Metric = policy.Name,
        Verdict = Verdict.Hold,
        Reason = AssessmentReasons.NoData,
        Message = $"No reading was judged at {now:O} ({reading.Metric})",
        Memory = memory ?? new MetricMemory(),
    };

    /// <summary>Fail if any metric fails; Hold if any holds or if nothing was measured at all; else Pass.</summary>
    public static Verdict Combine(IReadOnlyList<MetricAssessment> assessments)
    {
        if (assessments.Any(assessment => assessment.Verdict == Verdict.Fail))
        {
            return Verdict.Fail;
        }

        // An empty list is the absence of evidence, not a pass (S3).
        return assessments.Count > 0 && assessments.All(assessment => assessment.Verdict == Verdict.Pass) ? Verdict.Pass : Verdict.Hold;
    }
}

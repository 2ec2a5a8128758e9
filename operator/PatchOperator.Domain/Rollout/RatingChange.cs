using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// A rating may be amended at any time: CosmicSting's went from 3 to 1 within a month. The trail keeps what it was, the deadline moves,
/// and approvals and the run stay, since what was approved is the change and not its urgency.
/// </summary>
internal static class RatingChange
{
    public static void Decide(Draft draft)
    {
        var now = Of(draft.Patch.Spec);
        if (draft.Status.Rating is { } before && before != now)
        {
            draft.Record("RatingAmended", string.Join(", ", Changes(before, now)) + (draft.Intent.RemediateBy is { } deadline ? $". To be remediated by {deadline:u}." : "."));
        }

        draft.Status = draft.Status with { Rating = now };
        if (draft.Status.Timings is { } timings && timings.RemediateBy != draft.Intent.RemediateBy)
        {
            draft.Timing(t => t with { RemediateBy = draft.Intent.RemediateBy });
        }
    }

    public static RatingStatus Of(EmergencyPatchSpec spec) => new()
    {
        Severity = spec.Advisory?.Severity,
        CvssScore = spec.Advisory?.CvssScore,
        Exploited = spec.Advisory?.Exploited,
        RemediateBy = spec.Advisory?.RemediateBy,
    };

    public static IEnumerable<string> Changes(RatingStatus before, RatingStatus now) =>
        from each in ((string Name, string? Before, string? Now)[])
        [
            ("severity", before.Severity, now.Severity),
            ("cvssScore", before.CvssScore, now.CvssScore),
            ("exploited", before.Exploited?.ToString(), now.Exploited?.ToString()),
            ("remediateBy", before.RemediateBy, now.RemediateBy),
        ]
        where each.Before != each.Now
        select $"{each.Name} {each.Before ?? "none"} became {each.Now ?? "none"}";
}

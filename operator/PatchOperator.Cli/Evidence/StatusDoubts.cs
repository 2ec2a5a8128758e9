using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Cli.Evidence;

/// <summary>
/// Where the status says other than the trail. The trail is signed and the status is not: in a file that was exported, whoever edits it could make the tables of the
/// report say what never happened.
/// </summary>
internal static class StatusDoubts
{
    private const string Promoted = "Promoted";
    private const string Unauthenticated = "nothing authenticated the approver";

    /// <returns>In words; none where the trail's beginning is not at hand, since nothing can be said then.</returns>
    public static IReadOnlyList<string> Of(EmergencyPatchStatus status, AuditVerdict verdict)
    {
        var records = verdict.Records;
        if (records is not [{ Sequence: 1 }, ..])
        {
            return [];
        }

        var doubts = new List<string>();
        var last = records.LastOrDefault(r => r.To is not null);
        if (last is not null && status.Phase is { } phase && phase != last.To)
        {
            doubts.Add($"the status says {phase}, and by the trail it is {last.To}");
        }

        doubts.AddRange((status.Approvals ?? []).Where(a => !records.Any(r => IsThis(a, r))).Select(a => $"no record of the trail is the approval of {a.By}"));
        if (status.Timings?.PromotedAt is { } promoted && !records.Any(r => r is { To: Promoted } && r.At == promoted.ToUniversalTime()))
        {
            doubts.Add($"no record of the trail is a promotion at {EvidenceText.Time(promoted)}");
        }

        if (status.BreakGlass is { } glass && !records.Any(r => r.Action == "GlassBroken" && r.Actor == glass.By))
        {
            doubts.Add($"no record of the trail is the glass that {glass.By} broke");
        }
        else if (status.BreakGlass?.Review is { } review && !records.Any(r => r.Action == "Reviewed" && r.Actor == review.By))
        {
            doubts.Add($"no record of the trail is the review by {review.By}");
        }

        return doubts;
    }

    private static bool IsThis(ApprovalStatus approval, AuditRecord record) =>
        record.Action == "ApprovalRecorded" && record.Actor == approval.By && record.SpecDigest == approval.SpecDigest
        && record.Detail?.StartsWith(approval.Reason, StringComparison.Ordinal) is true
        && approval.Verified != record.Detail.Contains(Unauthenticated, StringComparison.Ordinal);
}

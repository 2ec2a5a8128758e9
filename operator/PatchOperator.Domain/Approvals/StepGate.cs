using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Rollout.Gates;

namespace PatchOperator.Domain.Approvals;

/// <summary>A step of which the spec says that people must agree before it begins, however good the numbers are.</summary>
internal static class StepGate
{
    public const string ApprovalMissing = "ApprovalMissing";

    /// <summary>The step behind the one that runs, if it waits for approvals; zero-based.</summary>
    public static int? Ahead(Draft draft) =>
        draft.Status.Step is { } step && step.Index + 1 < draft.Intent.Steps.Count && draft.Intent.Steps[step.Index + 1].Approval ? step.Index + 1 : null;

    /// <summary>Whether some later step waits for people: nothing skips that.</summary>
    public static bool IsAnyAhead(Draft draft) =>
        draft.Status.Step is { } step && !BreakGlass.IsOpen(draft)
        && draft.Intent.Steps.Select((each, index) => (each, index)).Any(s => s.index > step.Index && s.each.Approval && !ApprovalBook.Tally(draft, s.index).IsEnough);

    /// <summary>The gates behind which the run is already, the start (null) among them, that too few people stand for now: somebody withdrew an approval.</summary>
    public static IReadOnlyList<int?> PassedWithoutEnough(Draft draft) =>
    [
        .. Enumerable.Range(1, draft.Status.Step?.Index ?? 0).Where(index => draft.Intent.Steps[index].Approval).Select(index => (int?)index).Prepend(null)
            .Where(gate => !ApprovalBook.Tally(draft, gate, atStart: false).IsEnough),
    ];

    public static Hold? Check(Draft draft)
    {
        if (Ahead(draft) is not { } index || BreakGlass.IsOpen(draft))
        {
            return null;
        }

        var tally = ApprovalBook.Tally(draft, index);
        foreach (var approval in tally.Valid)
        {
            draft.WakeAt(approval.ExpiresAt);
        }

        return tally.IsEnough ? null : new Hold(
            ApprovalMissing,
            $"Step {index + 1} of {draft.Intent.Steps.Count} ({draft.Intent.Steps[index].Weight} %) begins when people agree: {ApprovalWording.Missing(draft, tally)} The weight stays until then. {ApprovalWording.HowTo(draft)}");
    }
}

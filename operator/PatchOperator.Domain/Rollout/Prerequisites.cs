using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// A patch that this one requires is taken back after this one has started. Whether this one can do without is for people to say: it goes on, and they are
/// told once.
/// </summary>
internal static class Prerequisites
{
    public static void Decide(Draft draft)
    {
        if (Condition(draft) is { Status: "False" } lost && draft.Patch.Status?.Conditions?.Any(c => c is { Type: ConditionTypes.RequiredPromoted, Status: "False" }) is not true)
        {
            draft.Record(lost.Reason, lost.Message);
        }
    }

    /// <summary>Null where nothing is required, or nothing has started that could lose it.</summary>
    public static (string Status, string Reason, string Message)? Condition(Draft draft)
    {
        if (draft.Intent.Requires.Count == 0 || draft.Status.Revert is not null || !(draft.Phase.IsRunning() || draft.Phase is PatchPhase.Promoted))
        {
            return null;
        }

        var lost = draft.Intent.Requires.Where(name => draft.Observed.Neighbours.GetValueOrDefault(name) is { Phase: PatchPhase.Reverting or PatchPhase.Reverted, IsPromoted: false }).ToArray();
        return lost.Length == 0
            ? ("True", "RequiredPromoted", $"{string.Join(", ", draft.Intent.Requires)}: promoted when this one started, and not taken back since.")
            : ("False", "RequiredPatchReverted", $"EmergencyPatch {string.Join(", ", lost)}, which spec.requires names, was taken back, and this one goes on without. "
                + $"If it cannot, take it back too with patchoperator.io/{(draft.Phase.IsRunning() ? Commands.Abort : Commands.Revert)}; else promote the other again.");
    }
}

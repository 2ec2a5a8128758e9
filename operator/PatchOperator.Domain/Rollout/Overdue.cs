using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>The advisory's deadline: said once when it passes, whatever the phase.</summary>
internal static class Overdue
{
    public static bool Is(Draft draft) =>
        draft.Intent.RemediateBy is { } deadline && draft.Now >= deadline
        && draft.Phase is not (PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Rejected or PatchPhase.Superseded);

    public static void Decide(Draft draft)
    {
        if (draft.Intent.RemediateBy is not { } deadline)
        {
            return;
        }

        if (deadline > draft.Now)
        {
            draft.WakeAt(deadline);
        }
        else if (Is(draft) && !(draft.Status.Conditions ?? []).Any(c => c.Type == ConditionTypes.Overdue && c.Status == "True"))
        {
            draft.Record("Overdue", $"The deadline {deadline:u} passed and the patch is not promoted.");
        }
    }
}

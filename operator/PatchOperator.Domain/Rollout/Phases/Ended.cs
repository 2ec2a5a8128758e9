using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Runs that are over. Nothing starts again but by an edit of the spec or by retry (S7).</summary>
internal static class Ended
{
    public static void Decide(Draft draft)
    {
        OwnershipRelease.IsDone(draft);
        if (CommandDesk.Take(draft, Commands.Retry) is { } retry)
        {
            Intake.Restart(draft, "Retried", $"Retried: {retry.Reason}. It needs its approvals anew.", retry.Actor);
        }
        else if (!Reverting.BeginIfAsked(draft))
        {
            CommandDesk.IgnoreAllBut(draft, $"the patch is {draft.Phase}; begin again with patchoperator.io/retry.");
            KeepExplanation(draft);
        }
    }

    /// <summary>Says again what was said last.</summary>
    public static void KeepExplanation(Draft draft)
    {
        if (draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready) is { } ready)
        {
            draft.Explain(ready.Reason, ready.Message);
        }
    }
}

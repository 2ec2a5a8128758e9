using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Runs that are over. Nothing starts again but by an edit of the spec or by retry (S7).</summary>
internal static class Ended
{
    public static void Decide(Draft draft)
    {
        if (LateWrite.IsTakenBack(draft))
        {
            return;
        }

        Release(draft);
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

    private static void Release(Draft draft)
    {
        OwnershipRelease.IsDone(draft, [.. draft.Targets.Where(t => !LateWrite.MayHaveChanged(draft, t))]);
        if (draft.Targets.Any(t => LateWrite.MayHaveChanged(draft, t)))
        {
            draft.WakeAt(draft.Now + Schedule.LookAgain);
        }
    }

    /// <summary>Says again what was said last.</summary>
    public static void KeepExplanation(Draft draft)
    {
        var conditions = draft.Status.Conditions ?? [];
        var ready = conditions.FirstOrDefault(c => c.Type == ConditionTypes.Ready);

        // What is owed stands before what was reached, which the other condition still has.
        if ((ready?.Reason == BreakGlass.ReviewMissing ? conditions.FirstOrDefault(c => c.Type == ConditionTypes.Promoted) : ready) is { } told)
        {
            draft.Explain(told.Reason, told.Message);
        }
    }
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Stable did not roll out in time, forwards or backwards. A person is needed, but everything that can go on does.</summary>
internal static class Degraded
{
    public static void Decide(Draft draft)
    {
        if (draft.Status.Revert is { } revert)
        {
            FinishRevert(draft, revert);
            return;
        }

        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        CommandDesk.IgnoreAllBut(draft, "the run is being promoted; patchoperator.io/abort takes it back, patchoperator.io/retry tries again.", Commands.Retry);
        if (StableChange.Find(draft, patchedIsExpected: true) is { } change)
        {
            Reverting.Begin(draft, change);
        }
        else if (CommandDesk.Take(draft, Commands.Retry) is { } retry)
        {
            draft.Enter(PatchPhase.Promoting, "Retried", $"Retried: {retry.Reason}.", retry.Actor);
        }
        else if (!CanaryGuard.Decide(draft))
        {
            GoOn(draft);
        }
    }

    private static void GoOn(Draft draft)
    {
        Promoting.FindSetBack(draft);
        var begun = draft.Targets.Where(t => t.IsPromotionBegun && t.Status.PatchedAt is null).ToArray();
        if (begun.Length == 0)
        {
            Promoting.RemoveCanaries(draft);
        }
        else if (begun.All(t => StableRollout.IsPatched(draft, t)))
        {
            draft.Enter(PatchPhase.Promoting, "StableRolledOut", $"{string.Join(", ", begun.Select(t => t.Workload))} rolled out after all.");
        }
        else
        {
            Promoting.HoldTraffic(draft);
            draft.Explain("StableRolloutStuck", $"The patched images are not rolled out. {string.Join(" ", begun.Select(t => Promoting.Progress(draft, t)))} The healthy canary keeps serving.");
        }
    }

    private static void FinishRevert(Draft draft, RevertStatus revert)
    {
        Reverting.TakeAbort(draft);
        Reverting.ExplainAs(draft, "RevertStuck", $"{Reverting.Missing(draft)} {revert.Message}");
        if (Reverting.TakeBack(draft))
        {
            draft.Enter(PatchPhase.Reverting, "StableRestored", "Stable is rolled out again.");
        }
    }
}

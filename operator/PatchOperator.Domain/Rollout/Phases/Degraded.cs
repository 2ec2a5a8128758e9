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
        Promoting.FindLost(draft);
        var begun = draft.Targets.Where(t => t.IsPromotionBegun && t.Status.PatchedAt is null).ToArray();
        if (begun.Length == 0)
        {
            Promoting.RemoveCanaries(draft);
        }
        else if (begun.Select(t => Promoting.IsPatched(draft, t)).ToArray().All(isPatched => isPatched))
        {
            draft.Enter(PatchPhase.Promoting, "StableRolledOut", $"{string.Join(", ", begun.Select(t => t.Workload))} rolled out after all.");
        }
        else
        {
            Wait(draft, begun, string.Join(" ", begun.Select(t => Promoting.Progress(draft, t))));
        }
    }

    /// <summary>For as long as it takes, but only while somebody serves in stable's stead.</summary>
    private static void Wait(Draft draft, IReadOnlyList<Target> begun, string progress)
    {
        var down = begun.Where(CanaryDown.IsDown).MinBy(t => t.Status.CanaryDownSince);
        var until = down?.Status.CanaryDownSince + draft.Intent.ProgressDeadline;
        if (until <= draft.Now)
        {
            Promoting.TakeAllBack(draft, down!, progress);
            return;
        }

        Promoting.HoldTraffic(draft);
        Promoting.Explain(draft, "StableRolloutStuck", $"The patched images are not rolled out. {progress} {(until is null ? "The healthy canary keeps serving." : $"{CanaryDown.Of(begun)} If none is by {until:u}, all is taken back.")}");
        if (until is { } at)
        {
            draft.WakeAt(at);
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

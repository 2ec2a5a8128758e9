using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>The way back. It asks nobody and waits for nothing that can fail (S1).</summary>
internal static class Reverting
{
    public static void Begin(Draft draft, RevertStatus why)
    {
        draft.Status = draft.Status with { Revert = why };
        draft.Enter(PatchPhase.Reverting, why.Reason, why.Message);
        draft.Timing(t => t with { RevertStartedAt = draft.Now, RolloutDeadline = draft.Now + RolloutPatience(draft) });

        // The intent is stored before the actions of this plan are done, so the traffic need not wait for another round.
        TakeBack(draft);
    }

    public static void Decide(Draft draft)
    {
        CommandDesk.Ignore(draft, "the run is being taken back already.", Commands.Approve, Commands.Reject, Commands.Abort, Commands.Retry, Commands.Revoke);
        var why = draft.Status.Revert!;
        draft.Explain(why.Reason, $"Taking the run back: {why.Message}");
        if (TakeBack(draft))
        {
            Finish(draft, why);
            return;
        }

        if (draft.Status.Timings?.RolloutDeadline is { } deadline && deadline <= draft.Now && !StableIsBack(draft))
        {
            draft.Enter(
                PatchPhase.Degraded,
                "StableNotRestored",
                $"Deployment {draft.Status.Workloads![0].Deployment} was given its previous images but did not roll out in time. {draft.Observed.Stable?.RolloutFailure} A person must look at its pods; it goes on by itself when they are ready.");
        }
    }

    /// <summary>Does whatever is left to do; true when traffic and pods are as before the run.</summary>
    public static bool TakeBack(Draft draft)
    {
        RestoreStable(draft);
        var canaryIsGone = CanaryRemoval.IsDone(draft);
        return canaryIsGone && StableIsBack(draft);
    }

    private static void RestoreStable(Draft draft)
    {
        if (draft.Status.Workloads is not [{ PromotionStartedAt: not null } target, ..] || draft.Observed.Stable is not { } stable || stable.Uid != target.StableUid)
        {
            return;
        }

        // A third image is someone else's newer decision: it stays.
        if (target.PatchedImages!.Any(i => stable.Images.GetValueOrDefault(i.Container) == i.Image && Previous(target, i.Container) != i.Image))
        {
            draft.Do(new SetStableImages(target.Deployment!, target.StableUid!, target.PatchedImages!, target.PreviousImages!));
        }
    }

    private static bool StableIsBack(Draft draft)
    {
        if (draft.Status.Workloads is not [{ PromotionStartedAt: not null } target, ..] || draft.Observed.Stable is not { } stable || stable.Uid != target.StableUid)
        {
            return true;
        }

        var restored = target.PreviousImages!.All(i => stable.Images.GetValueOrDefault(i.Container) == i.Image);
        if (restored)
        {
            return stable.IsRolledOut;
        }

        return !Promoting.RunsPatched(stable, target) && draft.Status.Revert?.Then == nameof(PatchPhase.Superseded);
    }

    private static string Previous(WorkloadStatus target, string container) => target.PreviousImages!.Single(i => i.Container == container).Image;

    private static TimeSpan RolloutPatience(Draft draft) => draft.Intent.ProgressDeadline;

    private static void Finish(Draft draft, RevertStatus why)
    {
        var then = PatchPhases.Parse(why.Then);
        if (then is PatchPhase.Pending)
        {
            Intake.Restart(draft, why.Reason, $"{why.Message} Traffic and pods are as before the last run.");
            return;
        }

        draft.Timing(t => t with { RevertedAt = draft.Now });
        if (draft.Status.Step is { } step)
        {
            draft.Status = draft.Status with { Step = step with { ActualWeight = 0 } };
        }

        draft.Enter(then, then is PatchPhase.Superseded ? "Superseded" : "Reverted", $"Traffic and pods are as before the run. {why.Message}");
    }
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Stable gets the patched images; when all of it runs them, the canary gives its traffic back and goes.</summary>
internal static class Promoting
{
    public static void Begin(Draft draft, string message)
    {
        draft.Enter(PatchPhase.Promoting, "AnalysisPassed", message);
        draft.Status = draft.Status with { Workloads = [draft.Status.Workloads![0] with { PromotionStartedAt = draft.Now }] };
        draft.Timing(t => t with { RolloutDeadline = draft.Now + draft.Intent.ProgressDeadline });
    }

    public static void Decide(Draft draft)
    {
        CommandDesk.Ignore(draft, "the run is being promoted; use patchoperator.io/abort to take it back.", Commands.Approve, Commands.Reject, Commands.Retry, Commands.Revoke);
        if (CommandDesk.TryTake(draft, Commands.Abort, out var reason))
        {
            Reverting.Begin(draft, Progressing.Back(draft, "Aborted", $"Aborted: {reason}.", PatchPhase.Reverted));
            return;
        }

        if (StableChange.Find(draft, patchedIsExpected: true) is { } change)
        {
            Reverting.Begin(draft, change);
            return;
        }

        var target = draft.Status.Workloads![0];
        var stable = draft.Observed.Stable!;
        if (target.PatchedAt is null && !RunsPatched(stable, target))
        {
            draft.Do(new SetStableImages(target.Deployment!, target.StableUid!, target.PreviousImages!, target.PatchedImages!));
        }

        if (RunsPatched(stable, target) && stable.IsRolledOut)
        {
            draft.Status = draft.Status with { Workloads = [target with { PatchedAt = target.PatchedAt ?? draft.Now }] };
            draft.Explain("RemovingCanary", $"Deployment {target.Deployment} runs the patched images; the canary is being removed.");
            if (CanaryRemoval.IsDone(draft))
            {
                Complete(draft);
            }

            return;
        }

        draft.Explain("StableRollingOut", $"Deployment {target.Deployment} is rolling out the patched images: {stable.ReadyReplicas} of {stable.Replicas} pods ready.");
        if (draft.Status.Timings?.RolloutDeadline is not { } deadline)
        {
            draft.Timing(t => t with { RolloutDeadline = draft.Now + draft.Intent.ProgressDeadline });
            draft.WakeAt(draft.Now + draft.Intent.ProgressDeadline);
        }
        else if (deadline <= draft.Now || (stable.RolloutFailure is not null && RunsPatched(stable, target)))
        {
            draft.Enter(
                PatchPhase.Degraded,
                "StableRolloutStuck",
                $"Deployment {target.Deployment} could not roll out the patched images ({stable.ReadyReplicas} of {stable.Replicas} pods ready). {stable.RolloutFailure} "
                + "The healthy canary keeps serving. Mend the roll-out and it goes on by itself, or take it back with patchoperator.io/abort.");
        }
        else
        {
            draft.WakeAt(deadline);
        }
    }

    public static bool RunsPatched(StableObservation stable, WorkloadStatus target) =>
        target.PatchedImages!.All(i => stable.Images.GetValueOrDefault(i.Container) == i.Image);

    private static void Complete(Draft draft)
    {
        draft.Timing(t => t with { PromotedAt = draft.Now });
        draft.Status = draft.Status with { Step = null, Revert = null };
        draft.Enter(
            PatchPhase.Promoted,
            "Promoted",
            $"Deployment {draft.Status.Workloads![0].Deployment} runs {string.Join(", ", draft.Status.Workloads[0].PatchedImages!.Select(i => i.Image))}; the canary is gone.");
    }
}

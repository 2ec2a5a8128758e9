using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// Stable gets the patched images, role after role; when all workloads run them, the canaries give their traffic back and go.
/// All or nothing: a workload that cannot follow, and that no canary stands in for, takes everything back.
/// </summary>
internal static class Promoting
{
    public static void Begin(Draft draft, string message) => draft.Enter(PatchPhase.Promoting, "AnalysisPassed", message);

    public static void Decide(Draft draft)
    {
        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        if (ApprovalDesk.TakeInRun(draft))
        {
            return;
        }

        CommandDesk.IgnoreAllBut(draft, "the run is being promoted; patchoperator.io/abort takes it back.");

        if (StableChange.Find(draft, patchedIsExpected: true) is { } change)
        {
            Reverting.Begin(draft, change);
            return;
        }

        if (CanaryGuard.Decide(draft))
        {
            return;
        }

        FindLost(draft);
        if (PromotionOrder.Stages(draft).FirstOrDefault(s => s.Any(t => t.Status.PatchedAt is null)) is { } stage)
        {
            Promote(draft, stage);
        }
        else
        {
            RemoveCanaries(draft);
        }
    }

    /// <summary>
    /// That a workload was patched once says nothing of now: one that somebody set back in between is patched again, and one whose pods have gone since
    /// is waited for again; only then the canaries go.
    /// </summary>
    public static void FindLost(Draft draft)
    {
        Target[] setBack = [.. draft.Targets.Where(t => t is { Status.PatchedAt: not null, Stable: not null, RunsPatched: false })];
        foreach (var target in setBack)
        {
            draft.Update(target, w => w with { PatchedAt = null, ImagesSetAt = null });
            ImageHold.Count(draft, target, SetBack(target));
        }

        Target[] weak = draft.Targets.All(t => t.Status.PatchedAt is not null) ? [.. draft.Canaries.Where(t => !CanTakeAll(t) && !IsWithdrawn(t))] : [];
        foreach (var target in weak)
        {
            draft.Update(target, w => w with { PatchedAt = null });
            draft.Record("StableLost", $"Of {target.Workload} {target.Stable!.ReadyReplicas} of {target.Stable.Replicas} pods are ready since it was patched; the canary stays until all are.");
        }

        if (setBack.Length + weak.Length > 0 && !(draft.Status.Timings?.RolloutDeadline > draft.Now))
        {
            draft.Timing(t => t with { RolloutDeadline = draft.Now + draft.Intent.ProgressDeadline });
        }
    }

    /// <summary>Every workload runs the patched images; what is left is to do away with the canaries, in bounded time.</summary>
    public static void RemoveCanaries(Draft draft)
    {
        if (CanaryRemoval.IsDone(draft))
        {
            Complete(draft);
            return;
        }

        var limit = draft.Targets.Max(t => t.Status.PatchedAt)!.Value + draft.Intent.ProgressDeadline;
        var names = string.Join(", ", draft.Canaries.Select(t => t.Workload.Name + Names.CanarySuffix));
        if (limit > draft.Now)
        {
            draft.Explain("RemovingCanary", $"{All(draft.Targets)} run{S(draft.Targets)} the patched images; the canary is being removed.");
            draft.WakeAt(limit);
        }
        else if (draft.Phase is PatchPhase.Promoting)
        {
            draft.Enter(PatchPhase.Degraded, "CanaryNotRemoved", $"The patched images are everywhere, but Deployment {names} could not be removed in time. {draft.Observed.ActionProblem ?? CanaryRemoval.Unproven(draft)} Remove what is in the way; it goes on by itself.");
        }
        else
        {
            draft.Explain("CanaryNotRemoved", $"The patched images are everywhere, but Deployment {names} is still there. {draft.Observed.ActionProblem ?? CanaryRemoval.Unproven(draft)}");
        }
    }

    /// <summary>Only to canaries that are there: one that has given its traffic back gets none again.</summary>
    public static void HoldTraffic(Draft draft)
    {
        if (draft.Status.Timings?.TrafficWithdrawnAt is null && draft.Canaries.All(t => CanaryDown.IsDown(t) || t.Observed.Canary is { IsOurs: true, IsTerminating: false }))
        {
            RouteKeeping.Hold(draft);
        }
    }

    private static void Promote(Draft draft, IReadOnlyList<Target> stage)
    {
        HoldTraffic(draft);
        if (!stage.Any(t => t.IsPromotionBegun))
        {
            if (Suspension.Of(draft) is { } why)
            {
                draft.Explain("Suspended", $"{All(stage)} keep{S(stage)} the previous images, and the canary its traffic: {why}");
                return;
            }

            foreach (var target in stage)
            {
                StableRollout.Begin(draft, target);
            }

            draft.Timing(t => t with { RolloutDeadline = draft.Now + draft.Intent.ProgressDeadline });
        }

        // What was begun just now is in the status, and not in the list that was made of it before.
        var waiting = draft.Targets.Where(t => stage.Any(s => s.Name == t.Name) && t.Status.PatchedAt is null && !Follows(draft, t)).ToArray();
        if (waiting.Length == 0)
        {
            draft.Explain("StableRolledOut", $"{All(stage)} run{S(stage)} the patched images.");
            draft.WakeAt(draft.Now);
            return;
        }

        var progress = string.Join(" ", waiting.Select(t => Progress(draft, t)));
        Explain(draft, "StableRollingOut", $"The patched images are rolled out. {progress}");
        if (draft.Status.Timings?.RolloutDeadline is not { } deadline)
        {
            draft.Timing(t => t with { RolloutDeadline = draft.Now + draft.Intent.ProgressDeadline });
            draft.WakeAt(draft.Now + draft.Intent.ProgressDeadline);
        }
        else if ((deadline <= draft.Now && !waiting.All(t => StableRollout.IsThere(draft, t))) || waiting.Any(t => HasFailed(draft, t)))
        {
            GiveUp(draft, waiting, progress);
        }
        else if (deadline > draft.Now)
        {
            draft.WakeAt(deadline);
        }
    }

    /// <summary>A failure from before a retry stays in the workload's status until something moves: then the deadline alone counts.</summary>
    private static bool HasFailed(Draft draft, Target target) =>
        target is { RunsPatched: true, Stable.RolloutFailure: not null } && target.Status.ImagesSetAt >= draft.Status.Timings!.PhaseStartedAt;

    private static bool Follows(Draft draft, Target target)
    {
        if (!IsPatched(draft, target))
        {
            return false;
        }

        draft.Update(target, w => w with { PatchedAt = draft.Now });
        if (draft.Targets.Count > 1)
        {
            draft.Record("WorkloadPatched", $"{target.Workload} runs the patched images.");
        }

        return true;
    }

    /// <summary>Where a healthy canary serves, the patch is live and a person decides; where none does, the unit would be half patched.</summary>
    private static void GiveUp(Draft draft, IReadOnlyList<Target> waiting, string progress)
    {
        // Once the canaries have given their traffic back, they stand in for nothing any more.
        if (waiting.FirstOrDefault(t => !t.HasCanary || CanaryDown.IsDown(t) || draft.Status.Timings?.TrafficWithdrawnAt is not null) is { } lost)
        {
            TakeAllBack(draft, lost, progress);
            return;
        }

        draft.Enter(
            PatchPhase.Degraded,
            "StableRolloutStuck",
            $"{All(waiting)} could not roll out the patched images. {progress} {(ImageHold.FightOf(draft) is { } fight ? ImageHold.Words(fight) + " " : "")}"
            + "The healthy canary keeps serving. Mend the roll-out and it goes on by itself, or take it back with patchoperator.io/abort.");
    }

    /// <param name="draft">Begins the revert.</param>
    /// <param name="lost">Cannot follow, and no canary stands in for it.</param>
    /// <param name="progress">What it waits for.</param>
    public static void TakeAllBack(Draft draft, Target lost, string progress) => Reverting.Begin(
        draft,
        Progressing.Back(draft, "PromotionFailed", $"{lost.Workload} could not follow, so all workloads go back. {progress} {CanaryDown.Of([lost])}".TrimEnd(), PatchPhase.Reverted));

    /// <summary>Does the next thing on the way to the patched images, and tells where somebody takes them away again on that way.</summary>
    public static bool IsPatched(Draft draft, Target target)
    {
        var wasSet = target.Status.ImagesSetAt;
        var isPatched = StableRollout.IsPatched(draft, target);
        if (wasSet is not null && draft.HasGiven(target, target.Patched) && draft.Targets.Single(t => t.Name == target.Name).Status.ImagesSetAt != wasSet)
        {
            ImageHold.Count(draft, target, SetBack(target));
        }

        return isPatched;
    }

    /// <summary>Where somebody brings the vulnerable images again and again, no roll-out can end, and only they can change that.</summary>
    public static void Explain(Draft draft, string reason, string message)
    {
        if (ImageHold.FightOf(draft) is { } fight)
        {
            draft.Explain(ImageHold.Fought, $"{ImageHold.Words(fight)} {message}");
        }
        else
        {
            draft.Explain(reason, message);
        }
    }

    private static string SetBack(Target target) => $"{target.Workload} was set back to the vulnerable images{ImageHold.By(target.Stable!.ImageOwner)} during the promotion; the patched ones are put back.";

    /// <summary>As many pods as it had before the promotion answer; those that an autoscaler adds now are for the requests that are to come.</summary>
    private static bool CanTakeAll(Target target) =>
        target is { IsEmptied: false, Status.StandsInSince: null, Stable: { } stable } && (stable.IsRolledOut || stable.ReadyReplicas >= Math.Min(stable.Replicas, target.Status.StableReplicas ?? stable.Replicas));

    private static bool IsWithdrawn(Target target) =>
        target.IsUnread || target.Stable is null || (target.IsRouted ? target.Observed.Traffic is { IsKnown: true, CanaryIsReachable: false } : !target.Observed.CanaryPods.Any(p => p.InRotation));

    /// <summary>What one workload waits for, in the words of who knows.</summary>
    public static string Progress(Draft draft, Target target)
    {
        var jobs = (target.Stable?.ActiveJobs ?? []).Where(j => !j.Images.RunsAll(target.Patched)).Select(j => j.Name).ToArray();
        var old = target.Stable is null ? 0 : StableRollout.OldConsumers(draft, target).Count();
        var facts = (target.Stable, jobs.Length) switch
        {
            (null, _) => target.IsUnread ? "could not be read" : "does not exist",
            (_, > 0) => $"waits for Job {string.Join(", ", jobs)} of the old code to end",
            ({ } stable, _) when target.Workload.Kind is not WorkloadKind.CronJob =>
                (target.IsEmptied ? "was scaled to 0 replicas; scale it up" : $"{stable.ReadyReplicas} of {stable.Replicas} pods ready") + (StableRollout.IsThere(draft, target) ? ", and have yet to show that they stay up" : "") + (old > 0 && target.Role is WorkloadRole.Worker ? $", {old} of the old code still ending" : ""),
            _ => "changes its images",
        };
        return $"{target.Workload}: {facts}." + (target.StableProblem is { } problem ? $" {problem}" : "");
    }

    private static void Complete(Draft draft)
    {
        draft.Timing(t => t with { PromotedAt = draft.Now });
        draft.Status = draft.Status with { Step = null, Revert = null };
        var watched = PromotionWatch.Begin(draft);
        var images = draft.Targets.SelectMany(t => t.Patched).Select(i => i.Image).Distinct();
        if (!draft.Intent.HoldUntilAdopted)
        {
            OwnershipRelease.IsDone(draft);
        }

        draft.Enter(PatchPhase.Promoted, "Promoted", $"{All(draft.Targets)} run{S(draft.Targets)} {string.Join(", ", images)}; the canary is gone.{watched}");
        PromotionWatch.Explain(draft);
    }

    private static string All(IEnumerable<Target> targets) => string.Join(", ", targets.Select(t => t.Workload));

    private static string S(IReadOnlyList<Target> targets) => targets.Count == 1 ? "s" : "";
}

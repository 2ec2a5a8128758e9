using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>The way back. It asks nobody and waits for nothing that can fail (S1).</summary>
internal static class Reverting
{
    public static void Begin(Draft draft, RevertStatus why, string actor = Draft.Operator)
    {
        // A canary that is to be made or a workload that is to be promoted in the same breath would only have to be taken back.
        draft.DoNothingSoFar();
        draft.Status = draft.Status with
        {
            Revert = why,
            Hold = null,

            // After an edit that is not accepted yet there is none; without it, nobody would see the next edit.
            SpecDigest = draft.Status.SpecDigest ?? draft.Intent.Digest,

            // What an earlier revert restored may have been brought back since.
            Workloads = draft.Status.Workloads is { } workloads
                ? [.. workloads.Select(w => w with { DriftedAt = null, RestoreStartedAt = w.RestoredAt is null ? w.RestoreStartedAt : null, RestoredAt = null })]
                : null,
        };
        draft.Enter(PatchPhase.Reverting, why.Reason, why.Message, actor);
        draft.Timing(t => t with { RevertStartedAt = draft.Now, RolloutDeadline = Deadline(draft) });

        // The intent is stored before the actions of this plan are done, so the traffic need not wait for another round.
        TakeBack(draft);
    }

    /// <summary>Abort and revert are the same way back; after the promotion, revert alone fits.</summary>
    public static bool BeginIfAsked(Draft draft)
    {
        if (!draft.Phase.IsRunning() && draft.Observed.HeldBy is { } other)
        {
            // Each of the two would take the other's image for a sync from a Git that lags behind, and put its own back (S11).
            CommandDesk.Ignore(draft, $"EmergencyPatch {other.Patch} is at work on {other.Workload}, and two must not change its images at once. Take that one back with patchoperator.io/abort, or wait until it has ended, and ask again.", Commands.Revert);
            return false;
        }

        var command = draft.Phase.IsRunning() ? CommandDesk.Take(draft, Commands.Abort) ?? CommandDesk.Take(draft, Commands.Revert)
            : CanBeAsked(draft) ? CommandDesk.Take(draft, Commands.Revert)
            : null;
        if (command is null)
        {
            return false;
        }

        var (reason, word) = command.Name == Commands.Abort ? ("Aborted", "Aborted") : ("RevertAsked", "Revert asked for");
        Begin(draft, Progressing.Back(draft, reason, $"{word}: {command.Reason}.", PatchPhase.Reverted), command.Actor);
        return true;
    }

    /// <summary>Of a promoted patch always: where its images are gone for the moment, the hold would bring them back.</summary>
    public static bool CanBeAsked(Draft draft) => draft.Targets.Any(t => t.HasOurImages || draft.Phase is PatchPhase.Promoted);

    /// <summary>After an edit the way back ends in a new run, and that is what an abort stops. The edit counts as seen: the next one begins a run again.</summary>
    public static void TakeAbort(Draft draft)
    {
        if (draft.Status.Revert is { Then: nameof(PatchPhase.Pending) } revert && (CommandDesk.Take(draft, Commands.Abort) ?? CommandDesk.Take(draft, Commands.Revert)) is { } abort)
        {
            draft.Status = draft.Status with { SpecDigest = draft.Intent.Digest, Revert = revert with { Then = nameof(PatchPhase.Reverted) } };
            draft.Record("NewRunAborted", $"{abort.Reason}. No run begins after the way back; begin one with patchoperator.io/retry.", abort.Actor);
        }

        CommandDesk.IgnoreAllBut(draft, "the run is being taken back already.");
    }

    public static void Decide(Draft draft)
    {
        TakeAbort(draft);
        var why = draft.Status.Revert!;
        ExplainAs(draft, why.Reason, $"Taking the run back: {why.Message}");
        if (TakeBack(draft))
        {
            Finish(draft, why);
        }
        else if (draft.Status.Timings?.RolloutDeadline is not { } deadline)
        {
            draft.Timing(t => t with { RolloutDeadline = Deadline(draft) });
        }
        else if (deadline <= draft.Now)
        {
            draft.Enter(PatchPhase.Degraded, "RevertStuck", $"The run could not be taken back in time. {Missing(draft)} A person must look at it; it goes on by itself when it can.");
        }
        else
        {
            draft.WakeAt(deadline);
        }
    }

    /// <summary>Does whatever is left to do; true when traffic and pods are as before the run.</summary>
    public static bool TakeBack(Draft draft)
    {
        var canariesAreGone = CanaryRemoval.IsDone(draft);
        return Restore(draft) && canariesAreGone;
    }

    /// <summary>Where somebody brings the patched images again and again, only they can end that, and that stands before all else.</summary>
    public static void ExplainAs(Draft draft, string reason, string message)
    {
        if (ImageHold.FightOf(draft) is { } fight)
        {
            draft.Explain(
                PromotionWatch.NeedsGit,
                $"The patched images came back {fight.Drifts} times, the last time at {fight.LastDriftAt:u}; Git names them, it seems. Name the previous ones in Git, or stop the sync. Until then they are taken back less and less often. {message}");
        }
        else
        {
            draft.Explain(reason, message);
        }
    }

    /// <summary>What is not yet as before the run, in the words of who knows.</summary>
    public static string Missing(Draft draft)
    {
        var stable = draft.Targets.Where(t => t.IsPromotionBegun && t.Status.RestoredAt is null).Select(t => Missing(draft, t));
        var canaries = draft.Canaries.Where(t => t.Observed.Canary is { IsOurs: true }).Select(t => $"Deployment {t.Workload.Name}{Names.CanarySuffix} is still there.");
        var routes = draft.Canaries.SelectMany(t => t.Observed.Traffic.Routes ?? []).Where(r => r.NamesCanary).Select(r => $"{r.Route} still names the canary, whose Service leads to stable's pods.");
        return string.Join(" ", stable.Concat(canaries).Concat(routes).Append(draft.Observed.ActionProblem).OfType<string>());
    }

    private static string Missing(Draft draft, Target target)
    {
        string[] jobs = target.HasOurImages ? [] : [.. StableRollout.OtherJobs(target).Select(j => j.Name)];
        return jobs.Length > 0
            ? $"{target.Workload} is kept suspended until Job {string.Join(", ", jobs)} of other code has ended. To end it at once: kubectl delete job {string.Join(' ', jobs)} -n {draft.Patch.Metadata.Namespace}."
            : $"{target.Workload} does not run its previous images yet. {target.StableProblem}".TrimEnd();
    }

    /// <summary>The last to be promoted goes back first. A role that is slow keeps the next one waiting for a moment only.</summary>
    private static bool Restore(Draft draft)
    {
        var restored = true;
        foreach (var stage in PromotionOrder.Stages(draft).Reverse())
        {
            foreach (var target in stage.Where(t => t is { IsPromotionBegun: true, Status.RestoreStartedAt: null }))
            {
                draft.Update(target, w => w with { RestoreStartedAt = draft.Now, ImagesSetAt = null, RestoredAt = null });
            }

            var begun = draft.Targets.Where(t => t.IsPromotionBegun && stage.Any(s => s.Name == t.Name)).ToArray();
            var late = begun.Where(t => !StableRollout.IsRestored(draft, t)).ToArray();
            if (late.Length == 0)
            {
                continue;
            }

            restored = false;
            var nextAt = late.Max(t => t.Status.RestoreStartedAt)!.Value + draft.Policy.RevertStageLimit;
            if (nextAt > draft.Now)
            {
                draft.WakeAt(nextAt);
                break;
            }
        }

        return restored;
    }

    /// <summary>A deadline that is short for a step would be over before a few requests that hang: a person would be called before anything was tried.</summary>
    private static DateTimeOffset Deadline(Draft draft) =>
        draft.Now + (draft.Intent.ProgressDeadline > draft.Policy.ShortestRevertLimit ? draft.Intent.ProgressDeadline : draft.Policy.ShortestRevertLimit);

    private static void Finish(Draft draft, RevertStatus why)
    {
        var then = PatchPhases.Parse(why.Then);
        if (then is PatchPhase.Pending)
        {
            Intake.Restart(draft, why.Reason, $"{why.Message} Traffic and pods are as before the last run.");
            return;
        }

        OwnershipRelease.IsDone(draft);
        draft.Timing(t => t with { RevertedAt = draft.Now });
        if (draft.Status.Step is { } step)
        {
            draft.Status = draft.Status with { Step = step with { ActualWeight = 0 } };
        }

        draft.Enter(then, then is PatchPhase.Superseded ? "Superseded" : "Reverted", $"Traffic and pods are as before the run. {why.Message}");
    }
}

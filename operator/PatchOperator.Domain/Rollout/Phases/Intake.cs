using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout.Gates;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Pending and Blocked: does the spec make sense, and does what it names exist? Nothing is touched here.</summary>
internal static class Intake
{
    private const int ProblemsShown = 10;

    public static void Decide(Draft draft)
    {
        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        // An abort that comes after an approval which nobody could take in yet is meant for the run that the approval would begin.
        CommandDesk.IgnoreAllBut(draft, AwaitingApproval.NoRun, Commands.Approve, Commands.Revoke, Commands.Reject, CommandDesk.IsWaiting(draft, Commands.Approve) ? Commands.Abort : Commands.Approve);
        if (Obstacle(draft) is { } obstacle)
        {
            Block(draft, obstacle);
            return;
        }

        if (draft.Observed.Preflight is null && RetryAt(draft) is { } retryAt && retryAt > draft.Now)
        {
            var ready = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
            draft.Explain(ready?.Reason ?? "CheckingMetrics", ready?.Message ?? "");
            draft.WakeAt(retryAt);
            return;
        }

        if (TrafficGate.MayStillBlock(draft))
        {
            Ended.KeepExplanation(draft);
            draft.WakeAt(draft.Now + draft.Policy.PreflightRetry);
            return;
        }

        if (Preflight.Problem(draft.Observed.Preflight) is { } unreadable)
        {
            var retry = draft.Now + draft.Policy.PreflightRetry;
            Block(draft, unreadable);
            draft.Timing(t => t with { RetryAt = retry });
            draft.WakeAt(retry);
            return;
        }

        if (draft.Observed.Preflight is null)
        {
            if (Preflight.MayStillBlock(draft))
            {
                Ended.KeepExplanation(draft);
            }
            else
            {
                draft.Explain("CheckingMetrics", "Reading every metric once before anything is touched.");
            }

            draft.WakeAt(draft.Now + TimeSpan.FromSeconds(1));
            return;
        }

        if (!CronReturn.IsDone(draft))
        {
            draft.Explain("GivingCronJobBack", "A CronJob was suspended for a change of its images and is given back first; a Job of the code before may still run.");
            return;
        }

        Accept(draft);
    }

    /// <summary>Begins a new run of the same resource from the start; what was approved for the last one does not count.</summary>
    public static void Restart(Draft draft, string reason, string message, string actor = Draft.Operator)
    {
        draft.Enter(PatchPhase.Pending, reason, message, actor);
        Clear(draft);
        draft.Status = draft.Status with { Hold = null, Approvals = null, PromoteNow = null, Compatibility = null, Waivers = null, Revocation = null };
        BreakGlass.EndRun(draft);
    }

    /// <summary>Why the patch can't be accepted as things are, or null. AwaitingApproval asks again: things change.</summary>
    public static Hold? Obstacle(Draft draft)
    {
        var intent = draft.Intent;
        if (intent.Problems.Count > 0)
        {
            var (reason, message) = Describe(intent.Problems);
            return new Hold(reason, message);
        }

        return intent.Workloads.Select((workload, index) => Obstacle(draft, workload, index)).FirstOrDefault(hold => hold is not null);
    }

    private static Hold? Obstacle(Draft draft, WorkloadIntent workload, int index)
    {
        var path = $"spec.workloads[{index}]";
        var target = workload.Target;
        if (draft.Observed.Of(target).Stable is not { } stable)
        {
            var field = char.ToLowerInvariant(target.Kind.ToString()[0]) + target.Kind.ToString()[1..];
            return new Hold($"{target.Kind}NotFound", $"{path}.{field}: there is no {target} in namespace {draft.Patch.Metadata.Namespace}. Create it, or correct the name.");
        }

        var unknown = workload.Images.Select(i => i.Container).Where(c => !stable.Images.ContainsKey(c)).ToArray();
        if (unknown.Length > 0)
        {
            return new Hold(
                "ContainerNotFound",
                $"{path}.containers: {target} has no container {string.Join(", ", unknown)}; it has {string.Join(", ", stable.Images.Keys.Order(StringComparer.Ordinal))}.");
        }

        var missing = (workload.Overlay?.Volumes ?? []).Select(v => v.Name!).Except(stable.Volumes).ToArray();
        return missing.Length > 0
            ? new Hold(
                "VolumeNotFound",
                $"{path}.canary.volumes: the pods of {target} have no volume {string.Join(", ", missing)}; they have {(stable.Volumes.Count > 0 ? string.Join(", ", stable.Volumes) : "none")}.")
            : TrafficGate.Obstacle(draft, workload);
    }

    public static void Block(Draft draft, Hold obstacle)
    {
        var current = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Reason;
        if (draft.Phase is not PatchPhase.Blocked || current != obstacle.Reason)
        {
            draft.Enter(PatchPhase.Blocked, obstacle.Reason, obstacle.Message);
            Clear(draft);
        }

        draft.Status = draft.Status with { SpecDigest = draft.Intent.Digest };
        draft.Explain(obstacle.Reason, obstacle.Message);
    }

    public static (string Reason, string Message) Describe(IReadOnlyList<SpecProblem> problems)
    {
        // What is wrong comes before what is merely early; nobody can fix the latter.
        var reason = problems.Any(p => p.Kind is SpecProblemKind.Invalid) ? "SpecInvalid" : "NotSupportedYet";
        var ordered = problems.OrderBy(p => p.Kind is SpecProblemKind.Invalid ? 0 : 1).Select(p => $"{p.Path}: {p.Message}").ToArray();
        var shown = string.Join(" ", ordered.Take(ProblemsShown));
        return (reason, ordered.Length > ProblemsShown ? $"{shown} And {ordered.Length - ProblemsShown} more." : shown);
    }

    private static void Accept(Draft draft)
    {
        var isPatched = draft.Intent.Workloads.All(w => draft.Observed.Of(w.Target).Stable is { IsRolledOut: true } stable && stable.Images.RunsAll(w.Images));
        if (isPatched && !LeftOutAreReleased(draft))
        {
            return;
        }

        Clear(draft);
        draft.Status = draft.Status with { SpecDigest = draft.Intent.Digest, Run = (draft.Status.Run ?? 0) + 1 };
        draft.Timing(t => new TimingStatus { AcceptedAt = draft.Now, RemediateBy = draft.Intent.RemediateBy, PreflightAt = draft.Observed.Preflight is null ? null : draft.Now });
        if (isPatched)
        {
            draft.Status = draft.Status with { Workloads = StillPromoted(draft), Hold = null };
            var all = string.Join(", ", draft.Intent.Workloads.Select(w => w.Target));
            var held = draft.Intent.HoldUntilAdopted && draft.Status.Workloads is null ? " They did not come from this patch, so it holds none of them." : "";
            draft.Enter(PatchPhase.Promoted, "AlreadyPatched", $"The patched images are on {all} already; there is nothing to roll out.{held}");
            return;
        }

        draft.Enter(PatchPhase.AwaitingApproval, "Accepted", "The spec makes sense and everything it names exists.");
    }

    /// <summary>
    /// What the last promotion gave to workloads that the spec still names, with images that it still names, in whatever order: that can be taken back and
    /// held. Of others it says nothing that is of use now.
    /// </summary>
    private static IReadOnlyList<WorkloadStatus>? StillPromoted(Draft draft)
    {
        WorkloadStatus[] kept =
        [
            .. from workload in draft.Intent.Workloads
               from target in draft.Targets
               where target.Workload == workload.Target && target.Patched.ToDictionary(p => p.Container, p => p.Image).RunsAll(workload.Images)
               select target.Status with { Name = workload.Name, Role = workload.Role.ToString() },
        ];
        return kept.Length > 0 ? kept : null;
    }

    /// <summary>Lets go of what an earlier revision of the spec promoted and this one names no longer; true when nothing of that is left.</summary>
    public static bool LeftOutAreReleased(Draft draft)
    {
        Target[] leftOut = [.. draft.Targets.Where(t => draft.Intent.Workloads.All(w => w.Target != t.Workload))];
        if (OwnershipRelease.IsDone(draft, leftOut))
        {
            return true;
        }

        draft.Explain("ReleasingWorkload", $"The spec names {string.Join(", ", leftOut.Select(t => t.Workload))} no longer; the images stay, and nobody holds them any more. {draft.Observed.ActionProblem}".TrimEnd());
        draft.WakeAt(draft.Now + Schedule.LookAgain);
        return false;
    }

    private static void Clear(Draft draft) => draft.Status = draft.Status with
    {
        SpecDigest = null,
        Step = null,

        Workloads = Remembered(draft.Status.Workloads ?? []),
        Lineage = ImageLineage.Kept(draft.Status),
        Analysis = null,
        Approvals = draft.Status.Approvals?.Where(a => a.SpecDigest == draft.Intent.Digest).ToArray() is { Length: > 0 } kept ? kept : null,
        Revert = null,
        Superseding = null,
        Watch = null,
        Timings = new TimingStatus { RemediateBy = draft.Intent.RemediateBy, PhaseStartedAt = draft.Now, RetryAt = RetryAt(draft) },
    };

    /// <summary>
    /// What a finished promotion replaced stays known until the next run starts: it can still be taken back (S9). So does, until it is given back, a CronJob
    /// that is kept suspended: the next run would take that for its user's wish.
    /// </summary>
    private static IReadOnlyList<WorkloadStatus>? Remembered(IReadOnlyList<WorkloadStatus> last)
    {
        WorkloadStatus[] kept = last.All(w => w is { PatchedAt: not null, RestoreStartedAt: null }) ? [.. last] : [.. last.Where(w => w.WasSuspended is not null)];
        return kept.Length > 0 ? kept : null;
    }

    private static DateTimeOffset? RetryAt(Draft draft) =>
        draft.Status.SpecDigest == draft.Intent.Digest ? draft.Status.Timings?.RetryAt : null;
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Keeps the canaries as the step wants them, and the time in which they must be.</summary>
internal static class CanaryKeeping
{
    private static readonly TimeSpan CatchUp = TimeSpan.FromSeconds(30);

    /// <summary>True when every canary has all its pods ready on the right template, and those that answer requests get some.</summary>
    public static bool Keep(Draft draft)
    {
        CanaryAdmission.Admit(draft);
        var podsAreReady = draft.Canaries.Select(t => Keep(draft, t)).ToArray().All(ready => ready);
        var step = draft.Status.Step!;

        // Only what is stored counts: while no status can be written nothing is measured, and then the deadline must run.
        var serves = draft.Patch.Status?.Step is { ServingSince: not null } stored && stored.Index == step.Index;
        var allReady = RouteKeeping.Keep(draft, podsAreReady) && podsAreReady && serves && !draft.Targets.Any(t => t.IsUnread);
        step = draft.Status.Step!;
        var since = allReady ? step.ReadySince ?? draft.Now : (DateTimeOffset?)null;
        var settled = since + draft.Policy.Settled <= draft.Now;
        draft.Status = draft.Status with
        {
            Step = step with
            {
                ReadySince = since,
                ReadyAt = allReady ? step.ReadyAt ?? draft.Now : step.ReadyAt,
                NotBefore = allReady ? step.NotBefore ?? (draft.Now + draft.Intent.Steps[step.Index].Hold) : step.NotBefore,
                Deadline = settled ? null : step.Deadline is null || HasGrown(draft) ? draft.Now + draft.Intent.ProgressDeadline : step.Deadline,
            },
        };
        return allReady;
    }

    /// <summary>
    /// A canary that was ready gets more pods because stable has more: what is waited for is new, and a ramp of an autoscaler is no fault of the patch.
    /// One that crashes gains no time by it.
    /// </summary>
    private static bool HasGrown(Draft draft) => draft.Patch.Status?.Step is { ReadySince: not null }
        && draft.Canaries.Any(t => t.Status.CanaryReplicas > 0 && t.Status.CanaryReplicas > (draft.Patch.Status.Workloads ?? []).FirstOrDefault(w => w.Name == t.Name)?.CanaryReplicas)
        && !draft.Canaries.SelectMany(t => t.Observed.CanaryPods).Any(p => p is { HasCrashed: true, IsCurrent: true, IsTerminating: false, HasEnded: false });

    /// <summary>
    /// Where the deadline passed while nobody decided, nothing could go on: pods that came up meanwhile get the moment that the rest takes, and a canary
    /// without them gets none (S6).
    /// </summary>
    public static bool IsOverdue(Draft draft)
    {
        var from = draft.Status.Step!.Deadline <= draft.Observed.LookingSince ? draft.Observed.LookingSince + CatchUp : null;
        if (from > draft.Now && draft.Canaries.All(t => t.Status.CanaryReady >= t.Status.CanaryReplicas))
        {
            draft.WakeAt(from.Value);
            return false;
        }

        return draft.Status.Step.Deadline <= draft.Now;
    }

    public static RevertStatus TooLate(Draft draft) => Progressing.Back(
        draft,
        "ProgressDeadlineExceeded",
        $"Not within {Duration.Format(draft.Intent.ProgressDeadline)}: {Progress(draft)}" + (draft.Observed.ActionProblem is { } refused && !Progress(draft).Contains(refused, StringComparison.Ordinal) ? $" {refused}" : ""),
        PatchPhase.Reverted);

    /// <summary>What is to be waited for before a step of pods that crash now and then may pass, whatever they answer in between; null when nothing is.</summary>
    public static string? Crashed(Draft draft)
    {
        var until = draft.Status.Step!.ReadySince!.Value + draft.Policy.Settled;
        return until > draft.Now && draft.Canaries.SelectMany(t => t.Observed.CanaryPods).FirstOrDefault(p => p is { HasCrashed: true, IsCurrent: true, IsTerminating: false, HasEnded: false }) is { } pod
            ? $"Pod {pod.Name} has crashed: the canary must stay ready until {until:u} first."
            : null;
    }

    /// <summary>How far the canaries are, and what is in their way in the words of who knows.</summary>
    public static string Progress(Draft draft)
    {
        var several = draft.Canaries.Count > 1;
        if (draft.Canaries.Select(CanaryImages.Difference).FirstOrDefault(d => d is not null) is { } difference)
        {
            return difference;
        }

        if (draft.Canaries.FirstOrDefault(t => t.IsEmptied) is { } emptied)
        {
            return $"{emptied.Workload} was scaled to 0 replicas, so its canary has all requests instead of its share. Scale it up.";
        }

        var late = draft.Canaries.Where(t => t.Status.CanaryReady < t.Status.CanaryReplicas || t.CanaryProblem is not null).ToArray();
        if (late.Length > 0)
        {
            return string.Join(" ", late.Select(t =>
                $"{t.Status.CanaryReady} of {t.Status.CanaryReplicas} canary pods{(several ? $" of {t.Workload}" : "")} ready." + ((t.CanaryProblem ?? CanaryAdmission.Waiting(draft, t)) is { } problem ? $" {problem}" : "")));
        }

        if (draft.Traffic is { Status: not "True" } traffic)
        {
            return traffic.Message;
        }

        if (draft.Targets.FirstOrDefault(t => t.IsUnread) is { } unread)
        {
            return $"{unread.Workload} could not be read.";
        }

        return draft.Status.Step!.ServingSince is null
            ? $"The canary pods are ready, but no Service sends them requests{(several ? $" for {string.Join(", ", draft.Judged.Where(t => t.Observed.Traffic.CanaryEndpoints == 0).Select(t => t.Workload))}" : "")}."
            : "The canary pods are being replaced.";
    }

    /// <summary>The canary of a workload as the step wants it.</summary>
    public static EnsureCanary Wanted(Draft draft, Target target)
    {
        var (weight, stable) = (draft.Status.Step!.Weight, target.Stable!);
        var replicas = target.IsEmptied ? target.Status.CanaryReplicas ?? 1 : target.IsRouted ? CanaryStepper.ReplicasForShare(weight, Math.Max(stable.Replicas, target.Status.StableReplicas ?? 0)) : CanaryStepper.ReplicasFor(weight, stable.Replicas);
        var overlay = draft.Intent.Workloads.FirstOrDefault(w => w.Name == target.Name)?.Overlay;
        return new EnsureCanary(target.Name, target.Workload.Name, replicas, CanaryImages.SourceOf(target), target.Patched, overlay, target.IsRouted, CanaryAdmission.IsWanted(draft, target));
    }

    /// <summary>Has it made, or made right, whole.</summary>
    public static void Make(Draft draft, Target target, EnsureCanary wanted)
    {
        CanaryImages.ForgetTemplate(draft, target);
        draft.Do(wanted);
    }

    private static bool Keep(Draft draft, Target target)
    {
        draft.Update(target, w => w with { StableReplicas = Math.Max(target.Stable!.Replicas, w.StableReplicas ?? 0) });
        var maySetImages = CanaryImages.MaySet(draft, target);
        target = draft.Targets.Single(t => t.Name == target.Name);
        var wanted = Wanted(draft, target);
        var (replicas, source) = (wanted.Replicas, wanted.Source);
        var canary = target.Observed.Canary;
        var isRight = canary is { IsOurs: true, IsTerminating: false } && canary.Replicas == replicas && canary.Source == source && CanaryImages.Difference(target) is null;
        var maySet = ScaleKeeping.MaySet(draft, target, wanted) && maySetImages;
        if (canary is null || (maySet && canary is { IsOurs: true, IsTerminating: false } && !isRight))
        {
            Make(draft, target, wanted);
        }

        var ready = target.Observed.CanaryPods.Count(p => p is { Ready: true, IsCurrent: true, IsTerminating: false });
        draft.Update(target, w => w with { CanaryReplicas = replicas, CanaryReady = ready });
        return isRight && ready >= replicas && !target.IsEmptied;
    }
}

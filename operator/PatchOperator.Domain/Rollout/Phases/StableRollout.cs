using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Gives one workload its images, forwards or backwards, and says when all of it runs them and nothing else.</summary>
internal static class StableRollout
{
    private static readonly TimeSpan CronLookAgain = TimeSpan.FromSeconds(5);

    /// <summary>So long after its grace period, a pod that is not ready any more is on a node that is gone.</summary>
    private static readonly TimeSpan Lingering = TimeSpan.FromMinutes(2);

    public static void Begin(Draft draft, Target target) => draft.Update(target, w => w with
    {
        PromotionStartedAt = draft.Now,
        RolledOutSince = null,
    });

    /// <summary>Does the next thing on the way to the patched images; true when the workload is there.</summary>
    public static bool IsPatched(Draft draft, Target target)
    {
        if (target.Stable is not { } stable)
        {
            return false;
        }

        if (!target.RunsPatched)
        {
            SetImages(draft, target, Before(target), target.Patched);
            return false;
        }

        return target.Workload.Kind switch
        {
            WorkloadKind.CronJob => RunsOnlyNewJobs(draft, target, stable),
            WorkloadKind.Deployment or WorkloadKind.StatefulSet => StaysUp(draft, target, stable) && IsThere(draft, target),
        };
    }

    /// <summary>Does the next thing on the way to the images from before the run, where a sync brought older ones; true when the workload is told to run them.</summary>
    public static bool IsAsBefore(Draft draft, Target target)
    {
        if (target.Stable is not { } stable)
        {
            return !target.IsUnread;
        }

        if (target.SetBack.Any())
        {
            SetImages(draft, target, Before(target), target.Previous);
            return false;
        }

        return target.Workload.Kind switch
        {
            WorkloadKind.CronJob => RunsOnlyNewJobs(draft, target, stable),
            WorkloadKind.Deployment or WorkloadKind.StatefulSet => true,
        };
    }

    /// <summary>What is there instead of the patched images.</summary>
    private static IReadOnlyList<ImageRecord> Before(Target target) => [.. target.Previous.Select(p => target.SetBack.FirstOrDefault(s => s.Container == p.Container) ?? p)];

    /// <summary>It runs the patched images and nothing else at this moment, whatever comes of it; and where a canary answers in its stead, it does so itself.</summary>
    public static bool IsThere(Draft draft, Target target) =>
        target is { IsEmptied: false, Status.StandsInSince: null, RunsPatched: true, Stable.IsRolledOut: true, Workload.Kind: WorkloadKind.Deployment or WorkloadKind.StatefulSet } && !HasOldConsumers(draft, target);

    /// <summary>Does the next thing on the way back; true when nothing that the run did to the workload is left.</summary>
    public static bool IsRestored(Draft draft, Target target)
    {
        if (target.Stable is not { } stable)
        {
            return !target.IsUnread;
        }

        if (target.Ours is { Count: > 0 } ours)
        {
            // A container with someone else's image stays as it is: in one patch with the others it would keep them from going back (S8).
            var wasSet = target.Status.ImagesSetAt;
            SetImages(draft, target, ours, [.. target.Previous.Where(p => ours.Any(o => o.Container == p.Container))]);
            if (draft.Targets.Single(t => t.Name == target.Name).Status.ImagesSetAt == wasSet)
            {
                return false;
            }

            // They were gone, and are there again: a write of ours that did not go through is no one's bringing them back.
            draft.Update(target, w => w with { RestoredAt = null });
            if (wasSet is not null && (target.Status.RestoredAt is not null || draft.HasGiven(target, target.Previous)))
            {
                ImageHold.Count(draft, target, $"{target.Workload} was given the patched images again while the run is taken back; the previous ones are put back.");
            }

            return false;
        }

        if (target.Status.RestoredAt is not null)
        {
            return true;
        }

        ReplaceBrokenPods(draft, target, stable);
        EndUnbegunJobs(draft, target, stable);
        var done = target.Workload.Kind switch
        {
            WorkloadKind.CronJob => RunsOnlyNewJobs(draft, target, stable),
            WorkloadKind.Deployment or WorkloadKind.StatefulSet => IsBack(draft, target, stable),
        };
        if (done)
        {
            draft.Update(target, w => w with { RestoredAt = draft.Now });
        }

        return done;
    }

    private static void SetImages(Draft draft, Target target, IReadOnlyList<ImageRecord> from, IReadOnlyList<ImageRecord> to)
    {
        if (target.Status.ImagesSetAt + ImageHold.Spacing(draft) is { } earliest && earliest > draft.Now)
        {
            draft.WakeAt(earliest);
            return;
        }

        draft.Update(target, w => w with { ImagesSetAt = draft.Now, RolledOutSince = null });
        RememberSuspension(draft, target);
        draft.Do(new SetStableImages(target.Workload, target.Status.StableUid!, from, to, target.Stable!.IsSuspended));

        // The workload's event wakes this up as well; should the change not go through, try again.
        draft.WakeAt(draft.Now + draft.Policy.ImageSpacing);
    }

    /// <summary>
    /// Between two back-offs a crash loop is rolled out for a moment: images that no canary has shown to run must do so for a while, and so must those whose
    /// canary ran with other settings than stable.
    /// </summary>
    private static bool StaysUp(Draft draft, Target target, StableObservation stable)
    {
        var hasCrashed = target.Observed.StablePods.Any(p => p is { HasCrashed: true, HasEnded: false } && p.Images.RunsAll(target.Patched));
        var wasShown = target.HasCanary && draft.Intent.Workloads.FirstOrDefault(w => w.Name == target.Name)?.Overlay is null or { Env: null or { Count: 0 }, Volumes: null or { Count: 0 } };
        if (stable.Replicas == 0 || (wasShown && !hasCrashed))
        {
            return true;
        }

        var before = target.Status.RolledOutSince;
        var since = stable.IsRolledOut ? before ?? draft.Now : hasCrashed ? null : before;
        if (since != before)
        {
            draft.Update(target, w => w with { RolledOutSince = since });
        }

        var settled = since + (hasCrashed ? draft.Policy.Settled : draft.Policy.RolloutSettle);
        if (settled > draft.Now)
        {
            draft.WakeAt(settled.Value);
        }

        return settled <= draft.Now;
    }

    /// <summary>PHP consumers end with their message and not with SIGTERM: one that is still ending works on old code (S13).</summary>
    private static bool HasOldConsumers(Draft draft, Target target) => target.Role is WorkloadRole.Worker && (!target.Observed.ArePodsKnown || OldConsumers(draft, target).Any());

    /// <summary>
    /// One on a dead node is terminating until somebody deletes the node, and would keep the whole unit from being promoted or taken back. A node that is
    /// only cut off may let it work on for as long as it reaches the queue: that is the lesser evil, and in the README.
    /// </summary>
    public static IEnumerable<PodObservation> OldConsumers(Draft draft, Target target)
    {
        foreach (var pod in target.Observed.StablePods.Where(p => !p.HasEnded && p.Images.Count > 0 && !p.Images.RunsAll(Now(target))))
        {
            if (pod.DueGoneAt + Lingering is not { } lostAt || lostAt > draft.Now)
            {
                if (pod.DueGoneAt is { } due)
                {
                    draft.WakeAt(due + Lingering);
                }

                yield return pod;
            }
        }
    }

    /// <summary>
    /// Stored before the CronJob is suspended: afterwards nobody can tell whether its user had done so. Until our images and our mark come, in the same write, what
    /// is seen is the user's wish; and so is, at any time, that it runs.
    /// </summary>
    private static void RememberSuspension(Draft draft, Target target)
    {
        if (target.Workload.Kind is WorkloadKind.CronJob)
        {
            var mayBeOurs = target.Stable!.IsSuspended && (target.HasOurImages || target.Stable.MarkedBy == draft.Patch.Metadata.Name || draft.Observed.ImagesSet.Any(s => s.Workload == target.Workload));
            draft.Update(target, w => w with { WasSuspended = mayBeOurs ? w.WasSuspended ?? true : target.Stable.IsSuspended });
        }
    }

    /// <summary>Jobs that have not ended, of other code than the CronJob's next one.</summary>
    public static IEnumerable<JobObservation> OtherJobs(Target target) => (target.Stable?.ActiveJobs ?? []).Where(job => !job.Images.RunsAll(Now(target)));

    /// <summary>While a Job of other code runs, the CronJob begins none; then it is as the user had it (S13).</summary>
    public static bool RunsOnlyNewJobs(Draft draft, Target target, StableObservation stable)
    {
        if (!target.Observed.ArePodsKnown)
        {
            draft.WakeAt(draft.Now + draft.Policy.ImageSpacing);
            return false;
        }

        var settledAt = (target.Status.ImagesSetAt ?? DateTimeOffset.MinValue) + draft.Policy.CronSettle;
        if (settledAt > draft.Now || OtherJobs(target).Any())
        {
            if (!stable.IsSuspended)
            {
                RememberSuspension(draft, target);
                draft.Do(new SuspendCronJob(target.Workload.Name, stable.Uid, true));
            }

            // The Job's event wakes a run up; where none is under way, nothing may.
            draft.WakeAt(settledAt > draft.Now ? settledAt : draft.Now + CronLookAgain);
            return false;
        }

        if (!stable.IsSuspended || target.Status.WasSuspended is not false)
        {
            draft.Update(target, w => w with { WasSuspended = null });
            return true;
        }

        draft.Do(new SuspendCronJob(target.Workload.Name, stable.Uid, false));
        draft.WakeAt(draft.Now + draft.Policy.ImageSpacing);
        return false;
    }

    /// <summary>A StatefulSet waits for its broken pod to become ready before it rolls back, which it never will.</summary>
    private static void ReplaceBrokenPods(Draft draft, Target target, StableObservation stable)
    {
        var broken = target.Observed.StablePods.Where(p => p is { Ready: false, IsTerminating: false } && !p.Images.RunsAll(Now(target))).Select(p => p.Name).ToArray();
        if (target.Workload.Kind is WorkloadKind.StatefulSet && !stable.IsRolledOut && broken.Length > 0)
        {
            draft.Do(new ReplacePods(target.Workload.Name, broken));
        }
    }

    /// <summary>A Job that waits for its image waits for ever, and what it waits for is being taken back. One that has begun is waited for: what it was about must not stay half done.</summary>
    private static void EndUnbegunJobs(Draft draft, Target target, StableObservation stable)
    {
        foreach (var job in stable.ActiveJobs.Where(j => j.Begun is { } begun && target.OursIn(j.Images) is { Count: > 0 } ours && !ours.Any(o => begun.Contains(o.Container))))
        {
            draft.Do(new EndJob(target.Workload.Name, job.Name, job.Uid));
        }
    }

    /// <summary>A third image is someone else's roll-out, and not waited for; nor is one that the patch before this one will replace again.</summary>
    private static bool IsBack(Draft draft, Target target, StableObservation stable) => target.Foreign.Any() || target.SetBack.Any() || (stable.IsRolledOut && !HasOldConsumers(draft, target));

    /// <summary>What the containers of the patch are told to run at this moment.</summary>
    private static IReadOnlyList<ImageRecord> Now(Target target) =>
        [.. target.Previous.Select(p => p with { Image = target.Stable!.Images.GetValueOrDefault(p.Container) ?? "" })];
}

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// A CronJob is suspended for a moment while its images change. Whatever ends that in between (a deletion, an edit, a successor), it is given back as
/// its user had it.
/// </summary>
internal static class CronReturn
{
    /// <summary>What was deleted or made anew is owed nothing; kept in mind, it would keep every other patch from the workload for ever.</summary>
    public static void ForgetGone(Draft draft)
    {
        foreach (var target in draft.Targets.Where(t => t is { Status.WasSuspended: not null, Stable: null, IsUnread: false }))
        {
            draft.Update(target, w => w with { WasSuspended = null });
        }
    }

    /// <summary>Does the next thing; true when no CronJob is kept suspended.</summary>
    public static bool IsDone(Draft draft)
    {
        var done = !draft.Targets.Any(t => t is { Status.WasSuspended: not null, IsUnread: true });
        foreach (var target in Kept(draft))
        {
            done &= StableRollout.RunsOnlyNewJobs(draft, target, target.Stable!);
        }

        return done;
    }

    /// <summary>Nobody is left to wait for a Job: a CronJob that never runs again is worse than one run on mixed code.</summary>
    public static void DoAtOnce(Draft draft)
    {
        foreach (var target in Kept(draft).Where(t => t is { Status.WasSuspended: false, Stable.IsSuspended: true }))
        {
            draft.Do(new SuspendCronJob(target.Workload.Name, target.Stable!.Uid, false));
        }
    }

    private static Target[] Kept(Draft draft) => [.. draft.Targets.Where(t => t is { Status.WasSuspended: not null, Stable: not null })];
}

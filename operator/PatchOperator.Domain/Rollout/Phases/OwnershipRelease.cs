namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// The run marks a workload and owns its images for as long as it needs them. Afterwards both are let go without a change of the pods:
/// who ignores fields of ours must see the next release again.
/// </summary>
internal static class OwnershipRelease
{
    /// <summary>Lets go of what is left; true when nothing is.</summary>
    public static bool IsDone(Draft draft) => IsDone(draft, draft.Targets);

    /// <summary>The same for some of the workloads.</summary>
    public static bool IsDone(Draft draft, IReadOnlyList<Target> targets)
    {
        // Another patch's mark is another patch's business.
        var ours = targets.Where(t => t.Stable is { } stable && (stable.MarkedBy == draft.Patch.Metadata.Name || (stable.MarkedBy is null && stable.OwnsImages is true))).ToArray();
        foreach (var target in ours)
        {
            // This patch's own mark, from an earlier revision of its spec, stands for a hold that ended with it.
            var previous = target.HasOurImages || target.Status.PreviousMark == draft.Patch.Metadata.Name ? null : target.Status.PreviousMark;
            draft.Do(new ReleaseImages(target.Workload, target.Status.StableUid!, [.. target.Patched.Select(p => p.Container)], previous));
        }

        foreach (var target in targets.Where(t => t is { Status: { AdoptedAt: not null, ReleasedAt: null }, Stable: { MarkedBy: null, OwnsImages: false } }))
        {
            draft.Update(target, w => w with { ReleasedAt = draft.Now });
        }

        return ours.Length == 0 && !targets.Any(t => t.IsUnread);
    }
}

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// The run marks a workload and owns its images for as long as it needs them. Afterwards both are let go without a change of the pods:
/// who ignores fields of ours must see the next release again.
/// </summary>
internal static class OwnershipRelease
{
    /// <summary>Lets go of what is left; true when nothing is.</summary>
    public static bool IsDone(Draft draft)
    {
        // Another patch's mark is another patch's business.
        var ours = draft.Targets.Where(t => t.Stable is { } stable && (stable.MarkedBy == draft.Patch.Metadata.Name || (stable.MarkedBy is null && stable.OwnsImages is true))).ToArray();
        foreach (var target in ours)
        {
            var previous = target.HasOurImages ? null : target.Status.PreviousMark;
            draft.Do(new ReleaseImages(target.Workload, target.Status.StableUid!, [.. target.Patched.Select(p => p.Container)], previous));
        }

        foreach (var target in draft.Targets.Where(t => t is { Status: { AdoptedAt: not null, ReleasedAt: null }, Stable: { MarkedBy: null, OwnsImages: false } }))
        {
            draft.Update(target, w => w with { ReleasedAt = draft.Now });
        }

        return ours.Length == 0 && !draft.Targets.Any(t => t.IsUnread);
    }
}

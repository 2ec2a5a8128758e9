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
        var ours = draft.Targets.Where(t => t.Stable is { IsMarked: true } or { OwnsImages: true }).ToArray();
        foreach (var target in ours)
        {
            draft.Do(new ReleaseImages(target.Workload, target.Status.StableUid!, [.. target.Patched.Select(p => p.Container)]));
        }

        foreach (var target in draft.Targets.Where(t => t is { Status: { AdoptedAt: not null, ReleasedAt: null }, Stable: { IsMarked: false, OwnsImages: false } }))
        {
            draft.Update(target, w => w with { ReleasedAt = draft.Now });
        }

        return ours.Length == 0;
    }
}

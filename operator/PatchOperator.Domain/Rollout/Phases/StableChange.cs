using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Someone else changed stable in mid-run: the run gives way, it never fights.</summary>
internal static class StableChange
{
    public static RevertStatus? Find(Draft draft, bool patchedIsExpected)
    {
        foreach (var target in draft.Targets.Where(t => !t.IsUnread))
        {
            if (target.Stable is null)
            {
                return Progressing.Back(draft, "StableGone", $"{target.Workload} was deleted or made anew by someone else during the run.", PatchPhase.Superseded);
            }

            var changes = patchedIsExpected
                ? target.Foreign
                : target.Previous.Where(p => !ImageReference.IsSame(target.Stable.Images.GetValueOrDefault(p.Container), p.Image) && target.SetBack.All(s => s.Container != p.Container))
                    .Select(p => (p.Container, Image: target.Stable.Images.GetValueOrDefault(p.Container)));
            foreach (var (container, image) in changes)
            {
                return Progressing.Back(
                    draft,
                    "StableChangedByOthers",
                    $"Container {container} of {target.Workload} was set to {image ?? "nothing"} by {TrafficFight.Who(target.Stable.ImageOwner)} during the run; this run gives way.",
                    PatchPhase.Superseded);
            }
        }

        return null;
    }

    /// <summary>
    /// Before the promotion: what an earlier patch replaced and a sync brought back is replaced again, since the canary is compared with what that patch
    /// gave stable, and a revert must find it. True when nothing is to be put back; no step begins before that.
    /// </summary>
    public static bool IsPutBack(Draft draft)
    {
        foreach (var target in draft.Targets.Where(t => t.Status.DriftedAt is not null || t.SetBack.Any()))
        {
            if (target.Status.DriftedAt is null)
            {
                draft.Update(target, w => w with { DriftedAt = draft.Now });
            }

            var wasSet = target.Status.ImagesSetAt;
            if (StableRollout.IsAsBefore(draft, target))
            {
                draft.Update(target, w => w with { DriftedAt = null });
            }
            else if (draft.Targets.Single(t => t.Name == target.Name).Status.ImagesSetAt != wasSet && draft.Observed.ActionProblem is null)
            {
                ImageHold.Count(draft, target, Drift([target], target.Stable?.ImageOwner));
            }
        }

        return draft.Targets.All(t => t.Status.DriftedAt is null && !t.IsUnread);
    }

    /// <summary>Why no step begins, while images of an earlier patch are to be put back.</summary>
    public static string? Drift(Draft draft) => draft.Targets.Where(t => t.Status.DriftedAt is not null).ToArray() is { Length: > 0 } drifted ? Drift(drifted, draft.Status.Hold?.LastDriftBy) : null;

    /// <summary>What cannot be put back in the time in which a step must be ready is not waited for; null when nothing is that late.</summary>
    public static RevertStatus? TooLate(Draft draft) => Drift(draft) is { } drift && draft.Targets.Any(t => t.Status.DriftedAt + draft.Intent.ProgressDeadline <= draft.Now)
        ? Progressing.Back(draft, "StableSetBack", $"{drift} That did not work within {Duration.Format(draft.Intent.ProgressDeadline)}. {draft.Observed.ActionProblem}".TrimEnd(), PatchPhase.Reverted)
        : null;

    private static string Drift(IReadOnlyList<Target> drifted, string? by) =>
        $"{string.Join(", ", drifted.Select(t => t.Workload))} {(drifted.Count == 1 ? "was" : "were")} set back{ImageHold.By(by)} to images that an earlier patch replaced; those from before this run are put back, and no step begins meanwhile.";
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Someone else changed stable in mid-run: the run gives way, it never fights.</summary>
internal static class StableChange
{
    public static RevertStatus? Find(Draft draft, bool patchedIsExpected)
    {
        foreach (var target in draft.Targets)
        {
            if (target.Stable is null)
            {
                return Progressing.Back(draft, "StableGone", $"{target.Workload} was deleted or made anew by someone else during the run.", PatchPhase.Superseded);
            }

            var changes = patchedIsExpected
                ? target.Foreign
                : target.Previous.Where(p => target.Stable.Images.GetValueOrDefault(p.Container) != p.Image).Select(p => (p.Container, Image: target.Stable.Images.GetValueOrDefault(p.Container)));
            foreach (var (container, image) in changes)
            {
                return Progressing.Back(
                    draft,
                    "StableChangedByOthers",
                    $"Container {container} of {target.Workload} was set to {image ?? "nothing"} by someone else during the run; this run gives way.",
                    PatchPhase.Superseded);
            }
        }

        return null;
    }
}

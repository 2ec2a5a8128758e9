using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Someone else changed stable in mid-run: the run gives way, it never fights.</summary>
internal static class StableChange
{
    public static RevertStatus? Find(Draft draft, bool patchedIsExpected)
    {
        var target = draft.Status.Workloads![0];
        if (draft.Observed.Stable is not { } stable || stable.Uid != target.StableUid)
        {
            return Progressing.Back(draft, "StableGone", $"Deployment {target.Deployment} was deleted or made anew by someone else during the run.", PatchPhase.Superseded);
        }

        foreach (var previous in target.PreviousImages!)
        {
            var patched = target.PatchedImages!.Single(i => i.Container == previous.Container).Image;
            var now = stable.Images.GetValueOrDefault(previous.Container);
            if (now != previous.Image && !(patchedIsExpected && now == patched))
            {
                return Progressing.Back(
                    draft,
                    "StableChangedByOthers",
                    $"Container {previous.Container} of Deployment {target.Deployment} was set to {now ?? "nothing"} by someone else during the run; this run gives way.",
                    PatchPhase.Superseded);
            }
        }

        return null;
    }
}

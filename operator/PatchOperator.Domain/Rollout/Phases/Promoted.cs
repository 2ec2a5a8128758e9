using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>The patched images are on every workload. They can be taken back for as long as the resource exists (S9), and give way to newer ones.</summary>
internal static class Promoted
{
    public const string Drifted = "DriftDetected";

    /// <summary>Whether images that are set back are set right again, as far as this patch decides that.</summary>
    public static bool IsHolding(Draft draft) => draft.Observed.HeldBy is null && (draft.Phase is PatchPhase.Promoted ? ImageHold.IsActive(draft) : ImageHold.IsKeptOver(draft.Status));

    public static void Decide(Draft draft)
    {
        FollowMadeAnew(draft);
        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        if (PromotionWatch.Decide(draft))
        {
            return;
        }

        CommandDesk.IgnoreAllBut(draft, Reverting.CanBeAsked(draft) ? "the patch is promoted; patchoperator.io/revert takes it back." : "no workload has an image that only this patch gave it.");
        if (draft.Observed.HeldBy is { } other)
        {
            // Its images come and go while it runs; they say nothing about Git.
            draft.Explain("AnotherPatchRuns", $"EmergencyPatch {other.Patch} is running on {other.Workload}.");
        }
        else if (Newer(draft) is { } newer)
        {
            draft.Enter(PatchPhase.Superseded, "NewerImage", $"{newer} This patch gives way.");
            OwnershipRelease.IsDone(draft);
        }
        else if (ImageHold.IsActive(draft))
        {
            ImageHold.Decide(draft);
        }
        else
        {
            OwnershipRelease.IsDone(draft);
            Report(draft);
        }

        PromotionWatch.Explain(draft);
    }

    /// <summary>
    /// A workload that was deleted and made anew after the promotion, as by a reinstall, is still the one this patch is for: what was to be kept on the
    /// old object is kept on the new one. In mid-run it would end the run, since nobody knows what else changed.
    /// </summary>
    public static void FollowMadeAnew(Draft draft)
    {
        foreach (var target in draft.Targets.Where(t => t.Observed.Stable is { } stable && stable.Uid != t.Status.StableUid))
        {
            draft.Update(target, w => w with { StableUid = target.Observed.Stable!.Uid, DriftedAt = null, WasSuspended = null });
            draft.Record("WorkloadMadeAnew", $"{target.Workload} was deleted and made anew by someone else after the promotion. This patch goes on with the new object.");
        }
    }

    /// <summary>Nothing is held any more, or was to be: what was set back is reported and not undone.</summary>
    private static void Report(Draft draft)
    {
        var drifted = draft.Intent.Workloads.SelectMany(w => Drift(draft, w)).ToArray();
        var ready = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
        if (drifted.Length > 0)
        {
            var message = $"The patched images are no longer everywhere: {string.Join(", ", drifted)}.";
            if (ready?.Reason != Drifted)
            {
                draft.Record(Drifted, message);
            }

            draft.Explain(Drifted, message);
        }
        else if (ImageHold.Adoption(draft) is { } adoption)
        {
            draft.Explain("Adopted", adoption);
        }
        else if (ready?.Reason is Drifted or "AnotherPatchRuns" or PromotionWatch.Watching)
        {
            draft.Explain("Promoted", "The patched images are on every workload.");
        }
        else
        {
            Ended.KeepExplanation(draft);
        }
    }

    /// <summary>A third image, in words: someone else's newer release, which nobody fights.</summary>
    private static string? Newer(Draft draft) => draft.Targets.Where(t => t.Stable is not null)
        .SelectMany(t => t.Foreign.Select(f => $"Container {f.Container} of {t.Workload} was set to {f.Image ?? "nothing"} by {TrafficFight.Who(t.Stable!.ImageOwner)}."))
        .FirstOrDefault();

    private static IEnumerable<string> Drift(Draft draft, WorkloadIntent workload) =>
        draft.Observed.Of(workload.Target).Stable is not { } stable
            ? []
            : workload.Images.Where(i => !ImageReference.IsSame(stable.Images.GetValueOrDefault(i.Container), i.Image))
                .Select(i => $"container {i.Container} of {workload.Target} runs {stable.Images.GetValueOrDefault(i.Container) ?? "nothing"}");
}

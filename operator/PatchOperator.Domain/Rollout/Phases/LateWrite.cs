using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// What a leader sent before its term ended can reach the API server after its successor has declared the end, and a cache can be behind when that is
/// done. So what appears of a run that was taken back is taken back, too, whenever it is seen.
/// </summary>
internal static class LateWrite
{
    public const string Reason = "LateWrite";

    /// <summary>True when the way back begins once more; not while another patch is at work on the workloads (S11).</summary>
    public static bool IsTakenBack(Draft draft)
    {
        if (draft.Status.Revert is not { } revert || draft.Phase.IsRunning() || draft.Observed.HeldBy is not null)
        {
            return false;
        }

        Target[] changed = [.. draft.Targets.Where(t => MayHaveChanged(draft, t) && t.Stable!.OwnsImages is true)];
        string[] found =
        [
            .. draft.Canaries.Where(t => t.Observed.Canary is { IsOurs: true, IsTerminating: false }).Select(t => $"Deployment {t.Workload.Name}{Names.CanarySuffix} is there again."),
            .. changed.Select(t => $"{t.Workload} was given the patched images again."),
        ];
        if (found.Length == 0)
        {
            return false;
        }

        // With the images of a CronJob comes its suspension, which is no wish of its user.
        foreach (var target in changed.Where(t => t.Stable is { IsSuspended: true, OwnsSuspension: true }))
        {
            draft.Update(target, w => w with { WasSuspended = false });
        }

        Reverting.Begin(draft, revert with { Reason = Reason, Message = $"{string.Join(" ", found)} A request of this run took effect after its end. {revert.Message}", At = draft.Now });
        return true;
    }

    /// <summary>
    /// It runs the patched images beside our mark. That alone proves nothing: <c>kubectl rollout undo</c> brings an old mark along. Until it is known who
    /// owns the images, or while they must wait, the mark must stay, since nothing else tells them from somebody's choice.
    /// </summary>
    public static bool MayHaveChanged(Draft draft, Target target) =>
        draft.Status.Revert is not null
        && target is { IsPromotionBegun: true, HasOurImages: true, Stable: { OwnsImages: not false } stable } && stable.MarkedBy == draft.Patch.Metadata.Name
        && !draft.Observed.Promotions.Any(p => p.Target() == target.Workload && p is { PatchedAt: not null, RestoreStartedAt: null } && target.Ours.All(o => Brings(p, o)));

    private static bool Brings(WorkloadStatus promotion, ImageRecord image) =>
        (promotion.PatchedImages ?? []).Any(p => p.Container == image.Container && ImageReference.IsSame(p.Image, image.Image));
}

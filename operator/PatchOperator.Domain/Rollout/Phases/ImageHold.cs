using System.Numerics;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// Git still names the vulnerable image, and every sync may bring it back. Until Git names the patched one, what is set back is set right again:
/// at once, but for each workload at most once a second, whoever else keeps writing.
/// </summary>
internal static class ImageHold
{
    /// <summary>From here on it is no sync by the way but a fight, and people must know how to end it.</summary>
    private const int Fight = 5;

    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);

    public static bool IsActive(Draft draft) => draft.Intent.HoldUntilAdopted && draft.Targets.Any(t => t.Status.AdoptedAt is null);

    /// <summary>Who named the patched images, once everybody did.</summary>
    public static string? Adoption(Draft draft) => draft.Intent.HoldUntilAdopted && draft.Targets is { Count: > 0 } all && all.All(t => t.Status.AdoptedAt is not null)
        ? $"The patched images are named by {string.Join(", ", all.Select(t => t.Status.AdoptedBy).Distinct())} too; nothing is held any more."
        : null;

    public static void Decide(Draft draft)
    {
        foreach (var target in draft.Targets.Where(t => t.Status.AdoptedAt is null && t.Stable is not null))
        {
            Keep(draft, target);
        }

        if (Adoption(draft) is { } adoption)
        {
            draft.Record("Adopted", adoption);
            draft.Explain("Adopted", adoption);
            return;
        }

        var drifted = draft.Targets.Where(t => t.Status.DriftedAt is not null).ToArray();
        var held = string.Join(", ", draft.Targets.Where(t => t.Status.AdoptedAt is null).Select(t => t.Workload));
        var hold = draft.Status.Hold;
        if (hold is { Drifts: >= Fight, LastDriftAt: { } last } && last + Recent > draft.Now)
        {
            draft.Explain("FightOverImages", $"The vulnerable images came back {hold.Drifts} times, the last time at {last:u}{By(hold.LastDriftBy)}, and were replaced each time. "
                + "Name the patched images in Git, or tell the one who syncs to leave fields of patch-operator alone (for Argo CD: ignoreDifferences with managedFieldsManagers).");
            draft.WakeAt(last + Recent);
        }
        else if (drifted.Length > 0)
        {
            draft.Explain(Promoted.Drifted, Message(drifted, hold?.LastDriftBy));
        }
        else
        {
            draft.Explain("HoldingImages", $"The patched images of {held} are kept until Git names them.");
        }
    }

    private static void Keep(Draft draft, Target target)
    {
        if (!target.RunsPatched && target.Status.DriftedAt is null)
        {
            draft.Update(target, w => w with { DriftedAt = draft.Now });
            target = draft.Targets.Single(t => t.Name == target.Name);
        }

        if (target.Status.DriftedAt is not null)
        {
            PutRight(draft, target);
        }

        // Also in the look that finds all put right: nothing may happen any more that would lead to another.
        if (draft.Targets.Single(t => t.Name == target.Name).Status.DriftedAt is null && target.Stable!.NamedBy is { } who)
        {
            draft.Update(target, w => w with { AdoptedAt = draft.Now, AdoptedBy = who });
        }
    }

    private static void PutRight(Draft draft, Target target)
    {
        if (StableRollout.IsPatched(draft, target))
        {
            draft.Update(target, w => w with { DriftedAt = null });
        }

        // What the API server refuses is no one's coming back.
        if (draft.Targets.Single(t => t.Name == target.Name).Status.ImagesSetAt != target.Status.ImagesSetAt && draft.Observed.ActionProblem is null)
        {
            Count(draft, target, Message([target], target.Stable!.ImageOwner));
        }
    }

    public static void Count(Draft draft, Target target, string message)
    {
        var drifts = (draft.Status.Hold?.Drifts ?? 0) + 1;
        var by = target.Stable!.ImageOwner;
        draft.Status = draft.Status with { Hold = new HoldStatus { Drifts = drifts, LastDriftAt = draft.Now, LastDriftBy = by } };

        // A sync every few seconds must not fill the trail: the 1st, 2nd, 4th, 8th, ... time.
        if (BitOperations.IsPow2(drifts))
        {
            draft.Record(Promoted.Drifted, message + (drifts > 1 ? $" That is {drifts} times by now." : ""));
        }
    }

    private static string Message(IReadOnlyList<Target> drifted, string? by) =>
        $"{string.Join(", ", drifted.Select(t => t.Workload))} {(drifted.Count == 1 ? "was" : "were")} set back to the vulnerable images{By(by)}; the patched ones are put back.";

    public static string By(string? manager) => manager is null ? "" : $" by {manager}";
}

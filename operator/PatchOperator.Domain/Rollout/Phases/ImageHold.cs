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

    public const string Fought = "FightOverImages";

    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestSpacing = TimeSpan.FromMinutes(5);

    /// <summary>What somebody brings back again and again, and not long ago; null where nobody does.</summary>
    public static HoldStatus? FightOf(Draft draft) => draft.Status.Hold is { Drifts: >= Fight, LastDriftAt: { } last } hold && last + Recent > draft.Now ? hold : null;

    /// <summary>
    /// Least time until the images are set again: what has no end must go on (S1), and must not roll out once a second for ever where Git has it otherwise.
    /// </summary>
    public static TimeSpan Spacing(Draft draft) =>
        draft.Status.Hold is { Drifts: >= Fight and var drifts } && draft.Phase.IsRunning() && (draft.Status.Revert is not null || draft.Phase is PatchPhase.Degraded) ? TimeSpan.FromTicks(Math.Min(LongestSpacing.Ticks, draft.Policy.ImageSpacing.Ticks << Math.Min(drifts - Fight + 1, 10))) : draft.Policy.ImageSpacing;

    public static bool IsActive(Draft draft) => draft.Intent.HoldUntilAdopted && draft.Targets.Any(t => t.Status.AdoptedAt is null);

    /// <summary>
    /// Whether the images are held at this moment, as the workloads say: the spec that asked for it may be another one by now. A mark that is gone from
    /// everywhere was let go, or dropped by somebody who replaced the objects.
    /// </summary>
    public static bool IsActiveOn(Draft draft) => IsKeptOver(draft.Status)
        || (draft.Phase is PatchPhase.Promoted && draft.Targets.Any(t => t.Status.AdoptedAt is null && (t.Status.DriftedAt is not null || t.Stable?.MarkedBy == draft.Patch.Metadata.Name)));

    /// <summary>The spec of a promoted patch was edited: what it held is held until the new run begins, and with the old spec's images.</summary>
    public static bool IsKeptOver(EmergencyPatchStatus? status) =>
        PatchPhases.Parse(status?.Phase) is PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval
        && status is { Hold: not null, Workloads: { Count: > 0 } workloads } && workloads.Any(w => w is { PatchedAt: not null, AdoptedAt: null, RestoreStartedAt: null });

    /// <summary>Between an edit and the new run: sets right what was set back, and leaves the explanation to what the patch waits for.</summary>
    public static void KeepOver(Draft draft)
    {
        if (!IsKeptOver(draft.Status) || draft.Observed.HeldBy is not null)
        {
            return;
        }

        Promoted.FollowMadeAnew(draft);
        if (draft.Targets.FirstOrDefault(t => t.Foreign.Any()) is { } newer)
        {
            OwnershipRelease.IsDone(draft);
            draft.Status = draft.Status with { Hold = null };
            draft.Record("HoldEnded", $"{newer.Workload} was given a newer image{By(newer.Stable!.ImageOwner)}; what was promoted before is held no longer.");
            return;
        }

        var wasLost = Lost(draft) is not null;
        foreach (var target in draft.Targets.Where(t => t.Status.AdoptedAt is null && t.Stable is not null))
        {
            Keep(draft, target);
        }

        if (wasLost && Lost(draft) is null)
        {
            // The start may have waited for nothing else.
            draft.WakeAt(draft.Now);
        }

        if (Adopters(draft.Targets) is { } adoption)
        {
            OwnershipRelease.IsDone(draft);
            draft.Record("Adopted", adoption);
        }
        else if (Lost(draft) is { } lost && draft.Explanation.Reason.Length > 0)
        {
            draft.Explain(draft.Explanation.Reason, $"{draft.Explanation.Message} {lost}".TrimStart());
        }
    }

    /// <summary>What is being put back between an edit and the new run, which must find what was promoted before; null when all is in place.</summary>
    public static string? Lost(Draft draft) => IsKeptOver(draft.Status) && draft.Observed.HeldBy is null && draft.Targets.Where(t => t.Status.DriftedAt is not null || t is { Stable: not null, RunsPatched: false, Status.AdoptedAt: null }).ToArray() is { Length: > 0 } lost
        ? Message(lost, draft.Status.Hold?.LastDriftBy)
        : null;

    /// <summary>Who named the patched images, once everybody did.</summary>
    public static string? Adoption(Draft draft) => draft.Intent.HoldUntilAdopted ? Adopters(draft.Targets) : null;

    private static string? Adopters(IReadOnlyList<Target> all) => all.Count > 0 && all.All(t => t.Status.AdoptedAt is not null)
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
        if (FightOf(draft) is not null && hold?.LastDriftAt is { } last)
        {
            draft.Explain(Fought, Words(hold));
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

    /// <summary>What happens, and who can end it.</summary>
    public static string Words(HoldStatus fight) =>
        $"The vulnerable images came back {fight.Drifts} times, the last time at {fight.LastDriftAt:u}{By(fight.LastDriftBy)}, and were replaced each time. "
        + "Name the patched images in Git, or tell the one who syncs to leave fields of patch-operator alone (for Argo CD: ignoreDifferences with managedFieldsManagers).";

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

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// The canary shows what the patched images do in stable's own pod template. Whoever gives it another image or changes anything else of its template makes
/// its evidence that of something else: it is put back and counted anew.
/// </summary>
internal static class CanaryImages
{
    private const string Edited = "CanaryEdited";
    private const string Contested = "CanaryContested";

    /// <summary>True when the canary may be written now; false while someone who keeps changing its template is answered later.</summary>
    public static bool MaySet(Draft draft, Target target)
    {
        if (Ours(target) is not { } canary)
        {
            return true;
        }

        target = Learn(draft, target, canary);
        var known = target.Status.CanaryImages ?? new CanaryImagesStatus();
        if (canary.Source == SourceOf(target))
        {
            if (Difference(target) is { } difference)
            {
                return PutRight(draft, target, known, difference);
            }

            var areReplaced = target.Observed.CanaryPods.All(p => p.IsCurrent || p.IsTerminating || p.HasEnded);
            Store(draft, target, known = known with { InPlaceAt = known.InPlaceAt ?? draft.Now, OffSince = areReplaced ? null : known.OffSince });
        }

        if (known.OffSince is not null)
        {
            CountAnew(draft);
        }

        return true;
    }

    /// <summary>While stable is promoted, the canary keeps the number of pods it has.</summary>
    public static void Hold(Draft draft, Target target)
    {
        if (Ours(target) is not { } canary || target.Stable is null)
        {
            return;
        }

        target = Learn(draft, target, canary);
        if (Difference(target) is null && target.Status.CanaryImages?.OffSince is null)
        {
            return;
        }

        var maySet = MaySet(draft, target);
        target = draft.Targets.Single(t => t.Name == target.Name);
        if (maySet && (Difference(target) is not null || canary.Source != SourceOf(target)))
        {
            CanaryKeeping.Make(draft, target, CanaryKeeping.Wanted(draft, target) with { Replicas = canary.Replicas });
        }
    }

    /// <summary>What the canary is to be made from. It differs after an edit, so that pods of the edited template are known from those of the one put back.</summary>
    public static string SourceOf(Target target) =>
        CanarySource.Of(target.Stable!.TemplateDigest, target.Patched) + (target.Status.CanaryImages?.Edits is > 0 and var edits ? $"-{edits}" : "");

    /// <summary>Before a write: what the API server makes of the template, with its defaults and webhooks, is known only after it.</summary>
    public static void ForgetTemplate(Draft draft, Target target) =>
        draft.Update(target, w => w.CanaryImages?.TemplateDigest is null ? w : w with { CanaryImages = w.CanaryImages with { TemplateDigest = null } });

    /// <summary>Some canary runs, or may still run, what the patch did not give it: measurements say nothing of the patch.</summary>
    public static bool AreOff(Draft draft) => draft.Canaries.Any(t => t.Status.CanaryImages?.OffSince is not null || Difference(t) is not null);

    /// <summary>
    /// The API server stores another image than it was told, as a webhook makes it, and would do so with stable, where it could not be told from someone
    /// else's release: so the run ends before stable is touched. Null when that is not so.
    /// </summary>
    public static RevertStatus? Rewritten(Draft draft) =>
        draft.Canaries.Where(t => t.Stable is not null && t.Status.CanaryImages?.InPlaceAt is null && Ours(t) is { ImagesSetBy: null } canary && canary.Source == SourceOf(t))
            .Select(ImageDifference).FirstOrDefault(d => d is not null) is { } difference
            ? Progressing.Back(
                draft,
                "ImageRewritten",
                $"{difference} The API server stored it so: something such as an admission webhook rewrites images, and would do so with stable. "
                + "Name in the patch what it makes of the image, or name the image by digest (…@sha256:…), which is the same image in every registry.",
                PatchPhase.Reverted)
            : null;

    /// <summary>What is there instead of what; null when all is as the run made it.</summary>
    public static string? Difference(Target target)
    {
        var canary = $"Deployment {target.Workload.Name}{Names.CanarySuffix}";
        return ImageDifference(target)
            ?? (Drift.IsPaused(target.Observed.Canary) ? $"{canary} is paused."
                : Drift.HasOtherTemplate(target.Status, target.Observed.Canary) ? $"The pod template of {canary} is another than the operator gave it."
                : null);
    }

    private static string? ImageDifference(Target target) => Ours(target) is { } canary
        && target.Patched.FirstOrDefault(p => !ImageReference.IsSame(canary.Images.GetValueOrDefault(p.Container), p.Image)) is { } patched
        ? $"Container {patched.Container} of Deployment {target.Workload.Name}{Names.CanarySuffix} has image {canary.Images.GetValueOrDefault(patched.Container) ?? "nothing"} instead of {patched.Image}."
        : null;

    /// <summary>What became of our last write is seen, and what is seen from now on is compared with it.</summary>
    private static Target Learn(Draft draft, Target target, CanaryObservation canary)
    {
        var known = target.Status.CanaryImages ?? new CanaryImagesStatus();
        if (known.TemplateDigest is not null || canary.TemplateDigest is null || canary.Source != SourceOf(target) || ImageDifference(target) is not null)
        {
            return target;
        }

        Store(draft, target, known with { TemplateDigest = canary.WrittenDigest ?? canary.TemplateDigest });
        return draft.Targets.Single(t => t.Name == target.Name);
    }

    private static bool PutRight(Draft draft, Target target, CanaryImagesStatus known, string difference)
    {
        var times = TrafficFight.Times(draft, known.CorrectedAt, known.Corrections);
        var at = TrafficFight.AnswerAt(draft, known.CorrectedAt, times);
        var what = $"{difference} It was set by {TrafficFight.Who(ImageDifference(target) is null ? target.Observed.Canary!.TemplateSetBy : target.Observed.Canary!.ImagesSetBy)}; what was measured is counted anew.";
        CountAnew(draft);
        draft.Health = TrafficFight.Condition(draft, what, times, at, Edited, Contested) with { Status = "Unknown" };
        known = known with { OffSince = known.OffSince ?? draft.Now };
        if (at > draft.Now)
        {
            draft.WakeAt(at);
            Store(draft, target, known);
            return false;
        }

        TrafficFight.Report(draft, what, times, "an image updater or a program that writes into pod templates", "the canary's Deployment", Edited, Contested);
        Store(draft, target, known with { Edits = (known.Edits ?? 0) + 1, Corrections = times, CorrectedAt = draft.Now });
        return true;
    }

    /// <summary>As at the begin of the run: what was learned may be of the other image, too.</summary>
    private static void CountAnew(Draft draft)
    {
        if (draft.Phase is PatchPhase.Progressing or PatchPhase.Paused)
        {
            draft.Status = draft.Status with { Analysis = null, Step = draft.Status.Step! with { TakingSince = null, ServingSince = null, ReadySince = null, ReadyAt = null, NotBefore = null } };
        }
    }

    private static CanaryObservation? Ours(Target target) => target.Observed.Canary is { IsOurs: true, IsTerminating: false } ours ? ours : null;

    private static void Store(Draft draft, Target target, CanaryImagesStatus images) => draft.Update(target, w => w with { CanaryImages = images });
}

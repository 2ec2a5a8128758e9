using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// What our own earlier patches replaced on the way to the images that run now. A Git that nobody has told of those patches still names one of them,
/// and every sync brings it back, which is no decision of anyone.
/// </summary>
internal static class ImageLineage
{
    /// <summary>Saved before the run touches anything; null when there is nothing to know.</summary>
    public static IReadOnlyList<ImageRecord>? Of(Draft draft, WorkloadIntent workload, StableObservation stable)
    {
        // This patch's own last run, too: it may have been edited to bring a newer image.
        WorkloadStatus[] promotions = [.. draft.Observed.Promotions.Concat(draft.Status.Workloads ?? []).Where(w => w.Target() == workload.Target && w.PatchedAt is not null)];
        LineageStatus[] known = [.. (draft.Status.Lineage ?? []).Where(l => l.Target() == workload.Target)];
        ImageRecord[] earlier = [.. workload.Images.SelectMany(i => Of(i, stable.Images[i.Container], image => Before(image, i.Container, promotions, known)))];
        return earlier.Length > 0 ? earlier : null;
    }

    /// <summary>
    /// What a run that is over knew is of use to the next one, which cannot always find it out anew: a promotion of this resource's own is no longer in its
    /// status, and other patches may be deleted. After a newer image of somebody else's, or once Git has followed, it is no longer true.
    /// </summary>
    public static IReadOnlyList<LineageStatus>? Kept(EmergencyPatchStatus status)
    {
        if (status.Workloads is not { Count: > 0 } run)
        {
            return status.Lineage;
        }

        if (status.Revert is { Then: nameof(PatchPhase.Superseded) })
        {
            return null;
        }

        var others = (status.Lineage ?? []).Where(l => run.All(w => w.Target() != l.Target()));
        LineageStatus[] kept = [.. run.Where(w => w.AdoptedAt is null).SelectMany(Kept), .. others];
        return kept.Length > 0 ? kept : null;
    }

    private static IEnumerable<LineageStatus> Kept(WorkloadStatus workload) =>
        from earlier in workload.EarlierImages ?? []
        group earlier.Image by earlier.Container into images
        where Image(workload.PreviousImages, images.Key) is not null
        select new LineageStatus
        {
            Deployment = workload.Deployment,
            StatefulSet = workload.StatefulSet,
            CronJob = workload.CronJob,
            Container = images.Key,
            Image = Image(workload.PreviousImages, images.Key)!,
            Earlier = [.. images],
        };

    private static IEnumerable<ImageRecord> Of(ImageRecord patched, string running, Func<string, IEnumerable<string>> before)
    {
        HashSet<string> known = [running];
        var ahead = new Queue<string>(known);
        while (ahead.TryDequeue(out var image))
        {
            foreach (var earlier in before(image).Where(known.Add).ToArray())
            {
                ahead.Enqueue(earlier);
            }
        }

        return known.Where(image => !ImageReference.IsSame(image, running) && !ImageReference.IsSame(image, patched.Image)).Select(image => patched with { Image = image });
    }

    /// <summary>What was there before an image. What the other patches' statuses say by now goes before what was known once.</summary>
    private static IEnumerable<string> Before(string image, string container, WorkloadStatus[] promotions, LineageStatus[] known)
    {
        WorkloadStatus[] bringers = [.. promotions.Where(w => ImageReference.IsSame(Image(w.PatchedImages, container), image))];
        return bringers.Where(Stands).SelectMany(w => Images(w.PreviousImages, container).Concat(Images(w.EarlierImages, container)))
            .Concat(bringers.All(Stands) ? known.Where(l => l.Container == container && ImageReference.IsSame(l.Image, image)).SelectMany(l => l.Earlier) : []);
    }

    /// <summary>Once Git has named what a patch brought, it names what was there before only when somebody goes back on purpose.</summary>
    private static bool Stands(WorkloadStatus promotion) => promotion is { RestoreStartedAt: null, AdoptedAt: null };

    private static string? Image(IReadOnlyList<ImageRecord>? images, string container) => Images(images, container).FirstOrDefault();

    private static IEnumerable<string> Images(IReadOnlyList<ImageRecord>? images, string container) => (images ?? []).Where(i => i.Container == container).Select(i => i.Image);
}

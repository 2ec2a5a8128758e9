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
        WorkloadStatus[] promotions = [.. draft.Observed.Promotions.Concat(draft.Status.Workloads ?? []).Where(w => w.Target() == workload.Target && Stands(w))];
        ImageRecord[] earlier = [.. workload.Images.SelectMany(i => Of(i, stable.Images[i.Container], promotions))];
        return earlier.Length > 0 ? earlier : null;
    }

    private static IEnumerable<ImageRecord> Of(ImageRecord patched, string running, WorkloadStatus[] promotions)
    {
        HashSet<string> known = [running];
        var ahead = new Queue<string>(known);
        while (ahead.TryDequeue(out var image))
        {
            foreach (var before in promotions.Where(w => Image(w.PatchedImages, patched.Container) == image).SelectMany(w => Known(w, patched.Container)))
            {
                if (known.Add(before))
                {
                    ahead.Enqueue(before);
                }
            }
        }

        return known.Where(image => image != running && image != patched.Image).Select(image => patched with { Image = image });
    }

    private static IEnumerable<string> Known(WorkloadStatus promotion, string container) => Images(promotion.PreviousImages, container).Concat(Images(promotion.EarlierImages, container));

    /// <summary>Once Git has named what a patch brought, it names what was there before only when somebody goes back on purpose.</summary>
    private static bool Stands(WorkloadStatus workload) => workload is { PatchedAt: not null, RestoreStartedAt: null, AdoptedAt: null };

    private static string? Image(IReadOnlyList<ImageRecord>? images, string container) => Images(images, container).FirstOrDefault();

    private static IEnumerable<string> Images(IReadOnlyList<ImageRecord>? images, string container) => (images ?? []).Where(i => i.Container == container).Select(i => i.Image);
}

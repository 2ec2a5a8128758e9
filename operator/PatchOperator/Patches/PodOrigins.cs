using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// The images that pods were made to run. A webhook may write others into a pod than its template names (a mirror's, a digest for a tag), so a pod's own
/// images do not tell old code from new; the template it was made from does. A StatefulSet's status names that of today; for a Deployment's pod its
/// ReplicaSet is read, once, and only where its images are not those of the Deployment.
/// </summary>
internal sealed class PodOrigins(IClusterClient client, TimeProvider time)
{
    private static readonly ResourceType<ReplicaSetResource> ReplicaSets = new("apps", "v1", "replicasets", "ReplicaSet", KindsJson.Default.ReplicaSetResource);

    /// <summary>Nothing waits longer than this for all of them; what is not known by then is judged by the pods' own images.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>Of ReplicaSets. What is forgotten is at worst read once more.</summary>
    private readonly BoundedMemory<(IReadOnlyDictionary<string, string>? Images, DateTimeOffset AskedAt)> known = new();

    /// <returns>Image by container, by uid of the pod, of those whose own images are not to be gone by.</returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> ReadAsync(
        ScheduledWorkload workload, StableObservation? stable, IReadOnlyList<PodResource> pods, CancellationToken cancellation)
    {
        var origins = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        if (stable is null)
        {
            return origins;
        }

        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        foreach (var pod in pods.Where(pod => !PodFacts.HasEnded(pod) && RunsAnother(PodFacts.Images(pod), workload, stable)))
        {
            var images = workload.Workload.Kind switch
            {
                WorkloadKind.Deployment when ReplicaSetOf(pod) is { } owner => await TemplateAsync(pod.Metadata.Namespace ?? "", owner, either.Token),
                WorkloadKind.StatefulSet when stable.Revision is { } revision && PodFacts.RevisionOf(pod) == revision => stable.Images,
                WorkloadKind.Deployment or WorkloadKind.StatefulSet or WorkloadKind.CronJob => null,
            };
            if (images is not null)
            {
                origins[pod.Metadata.Uid] = images;
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return origins;
    }

    private static bool RunsAnother(IReadOnlyDictionary<string, string> images, ScheduledWorkload workload, StableObservation stable) =>
        workload.Images.Any(i => !ImageReference.IsSame(images.GetValueOrDefault(i.Container), stable.Images.GetValueOrDefault(i.Container)));

    private static OwnerReference? ReplicaSetOf(PodResource pod) => (pod.Metadata.OwnerReferences ?? []).FirstOrDefault(o => o is { Controller: true, Kind: "ReplicaSet" });

    private async Task<IReadOnlyDictionary<string, string>?> TemplateAsync(string ns, OwnerReference owner, CancellationToken cancellation)
    {
        if (known.TryGet(owner.Uid, out var last) && (last.Images is not null || last.AskedAt + AskAgain > time.GetUtcNow()))
        {
            return last.Images;
        }

        known.Set(owner.Uid, (null, time.GetUtcNow()));
        try
        {
            // Its template never changes, so it is never asked for again.
            var images = await client.FindAsync(ReplicaSets, new ObjectKey(ns, owner.Name), cancellation) is { } read && read.Metadata.Uid == owner.Uid ? read.Spec.Template.Images : null;
            known.Set(owner.Uid, (images, time.GetUtcNow()));
            return images;
        }
        catch (Exception exception) when (exception is ClusterException or OperationCanceledException)
        {
            return null;
        }
    }
}

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// Reads, for workloads whose images are held, what the caches leave out: who owns which field. One request for each version of the object, so that a
/// quiet cluster costs none.
/// </summary>
internal sealed class GitReader(IClusterClient client, WorkloadCaches workloads)
{
    private readonly ConcurrentDictionary<string, (string Version, GitEvidence Evidence)> known = new(StringComparer.Ordinal);

    public async Task<StableObservation> ReadAsync(string ns, ScheduledWorkload workload, StableObservation stable, CancellationToken cancellation)
    {
        if (!known.TryGetValue(stable.Uid, out var last) || last.Version != stable.Version)
        {
            if (await FindAsync(ns, workload, cancellation) is not { } read)
            {
                return stable;
            }

            last = (stable.Version, GitEvidence.Of(read, workload.Images, WorkloadWriter.PodTemplateOf(workload.Workload.Kind)));
            known[stable.Uid] = last;
        }

        return stable with { NamedBy = last.Evidence.NamedBy, ImageOwner = last.Evidence.ImageOwner, OwnsImages = last.Evidence.OwnsImages, OwnsSuspension = last.Evidence.OwnsSuspension };
    }

    /// <summary>Who owns what is worth knowing and no reason to stop: the vulnerable image is replaced without it, too.</summary>
    private async Task<JsonObject?> FindAsync(string ns, ScheduledWorkload workload, CancellationToken cancellation)
    {
        try
        {
            return await client.FindAsync(await workloads.TypeAsync(workload.Workload.Kind, cancellation), new ObjectKey(ns, workload.Workload.Name), cancellation);
        }
        catch (ClusterException)
        {
            return null;
        }
    }
}

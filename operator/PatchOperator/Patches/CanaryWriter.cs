using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Makes and removes canaries; never touches a Deployment of that name which this patch does not own.</summary>
internal sealed class CanaryWriter(IClusterClient client, WorkloadCaches workloads)
{
    public async Task EnsureAsync(EmergencyPatch patch, EnsureCanary action, NamespaceView view, CancellationToken cancellation)
    {
        var ns = patch.Metadata.Namespace ?? "";
        var stable = await client.GetAsync((ResourceType)Kinds.Deployments, new ObjectKey(ns, action.Deployment), cancellation);
        var key = CanaryOf(patch, action.Deployment);
        var manifest = CanaryManifest.Of(patch, stable, action, [.. view.Services.List().Select(s => s.Spec.Selector).OfType<IReadOnlyDictionary<string, string>>()]);
        if (await client.FindAsync(Kinds.Deployments, key, cancellation) is { } existing)
        {
            if (!IsOurs(existing, patch))
            {
                return;
            }

            // With the uid the apply can only hit this very object.
            manifest["metadata"]!["uid"] = existing.Metadata.Uid;
        }

        await workloads.ObserveAsync(WorkloadKind.Deployment, client.ApplyAsync(Kinds.Deployments, key, manifest, Names.FieldManager, force: true, cancellation), cancellation);
    }

    public async Task DeleteAsync(EmergencyPatch patch, DeleteCanary action, CancellationToken cancellation)
    {
        var key = CanaryOf(patch, action.Deployment);
        if (workloads.Deployment(key) is { } canary && IsOurs(canary, patch))
        {
            await client.DeleteAsync(Kinds.Deployments, key, new DeleteOptions(Uid: canary.Metadata.Uid), cancellation);
        }
    }

    private static ObjectKey CanaryOf(EmergencyPatch patch, string deployment) => new(patch.Metadata.Namespace ?? "", deployment + Names.CanarySuffix);

    private static bool IsOurs(DeploymentResource deployment, EmergencyPatch patch) =>
        (deployment.Metadata.OwnerReferences ?? []).Any(o => o.Uid == patch.Metadata.Uid);
}

using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Makes and removes canaries; never touches a Deployment of that name which this patch does not own.</summary>
internal sealed class CanaryWriter(IClusterClient client, WorkloadCaches workloads, WrittenCanaries written, TimeProvider time)
{
    public async Task EnsureAsync(EmergencyPatch patch, EnsureCanary action, NamespaceView view, CancellationToken cancellation)
    {
        if (!view.Services.HasSynced)
        {
            // By their selectors it gets its labels: with those of none it would stand in the user's own Services.
            throw new ClusterException(new ApiError { Kind = ApiErrorKind.Conflict, Message = "the Services are not known yet" }, $"PATCH {Kinds.Deployments.ObjectPath(CanaryOf(patch, action.Deployment))}");
        }

        var ns = patch.Metadata.Namespace ?? "";
        var stable = await client.GetAsync((ResourceType)Kinds.Deployments, new ObjectKey(ns, action.Deployment), cancellation);
        var key = CanaryOf(patch, action.Deployment);
        var manifest = CanaryManifest.Of(patch, stable, action, [.. view.Services.List().Select(s => s.Spec.Selector).OfType<IReadOnlyDictionary<string, string>>()]);
        if (await client.FindAsync((ResourceType)Kinds.Deployments, key, cancellation) is not { } found)
        {
            await ObserveAsync(client.ApplyAsync(Kinds.Deployments, key, manifest, Names.FieldManager, force: true, cancellation));
            return;
        }

        var existing = Kinds.Deployments.Decode(found);
        if (IsOurs(existing, patch))
        {
            written.Forget(existing.Metadata.Uid);
            await ObserveAsync(client.JsonPatchAsync(Kinds.Deployments, key, CanaryChange.Of(found, manifest), cancellation, fieldManager: Names.FieldManager));
        }
    }

    private async Task ObserveAsync(Task<JsonObject> write)
    {
        var answered = await write.As(Kinds.Deployments);
        workloads.Observe(answered);
        written.Set(answered);
    }

    /// <summary>Each pod on its own: one that is gone needs no requests.</summary>
    public async Task AdmitAsync(EmergencyPatch patch, AdmitPods action, NamespaceView view, CancellationToken cancellation) => await Task.WhenAll(
        WorkloadPods.Canaries(view, patch, action.Name).Where(pod => action.Pods.Contains(pod.Metadata.Name, StringComparer.Ordinal)).Select(pod => AdmitAsync(view, pod, cancellation)));

    private async Task AdmitAsync(NamespaceView view, PodResource pod, CancellationToken cancellation)
    {
        var gate = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = PodFacts.Gate,
                    ["status"] = "True",
                    ["reason"] = "MetricsScraped",
                    ["lastTransitionTime"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                }),
            },
        };
        try
        {
            view.Pods.Observe(await client.ApplyAsync(Kinds.Pods, ObjectKey.Of(pod), gate, Names.FieldManager, force: true, cancellation, subresource: "status").As(Kinds.Pods));
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.NotFound or ApiErrorKind.Conflict)
        {
            // It is gone, or another pod of that name is there, which waits on its own.
        }
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

    private static bool IsOurs(DeploymentResource deployment, EmergencyPatch patch) => CanaryOwner.IsOf(patch, deployment.Metadata);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

/// <summary>Stores the intent, then does what it says. Every write may be repeated; none touches a field that is not ours.</summary>
internal sealed class PlanExecutor(
    IClusterClient client,
    IInformerFactory informers,
    OperatorOptions options,
    NamespaceViews views,
    ITrafficRouter router,
    PatchNeighbours neighbours,
    ActionProblems problems,
    ILogger<PlanExecutor> logger) : IDisposable
{
    private readonly IInformerLease<DeploymentResource> deployments = informers.Shared(Kinds.Deployments, options.WatchNamespace);

    public async Task<(EmergencyPatch Patch, Trouble? Trouble)> ActAsync(EmergencyPatch patch, Plan plan, CancellationToken cancellation)
    {
        EmergencyPatch stored;
        try
        {
            stored = await StoreStatusAsync(patch, plan.Status, cancellation);
        }
        catch (ClusterException exception)
        {
            // Without a stored intent nothing is done: after a crash nobody would know why.
            return (patch, Trouble.Of(exception));
        }

        Trouble? trouble = null;
        string? refusal = null;
        foreach (var action in plan.Actions)
        {
            try
            {
                await DoAsync(stored, action, cancellation);
            }
            catch (ClusterException exception)
            {
                // One action that fails keeps no other from being tried: a revert takes what it can get.
                trouble = Trouble.Of(exception);
                refusal = Trouble.IsRefusal(exception) ? exception.Error.Message : refusal;
                logger.LogInformation("Action {Action} of {Patch} did not succeed: {Problem}", action.GetType().Name, ObjectKey.Of(stored), exception.Message);
            }
        }

        problems.Set(stored, refusal);
        return (stored, trouble);
    }

    public void Dispose() => deployments.Dispose();

    private async Task<EmergencyPatch> StoreStatusAsync(EmergencyPatch patch, EmergencyPatchStatus status, CancellationToken cancellation)
    {
        var before = patch.Status is null ? null : JsonSerializer.SerializeToNode(patch.Status, DomainJson.Default.EmergencyPatchStatus);
        var after = JsonSerializer.SerializeToNode(status, DomainJson.Default.EmergencyPatchStatus)!.AsObject();
        if (JsonNode.DeepEquals(before, after))
        {
            return patch;
        }

        var stored = await client.ReplaceStatusAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), patch.Metadata.ResourceVersion, after, cancellation).As(Kinds.EmergencyPatches);
        neighbours.Observe(stored);
        return stored;
    }

    private Task DoAsync(EmergencyPatch patch, PlanAction action, CancellationToken cancellation) => action switch
    {
        EnsureCanary ensure => EnsureCanaryAsync(patch, ensure, cancellation),
        WithdrawCanaryTraffic => WithdrawAsync(patch, cancellation),
        DeleteCanary delete => DeleteCanaryAsync(patch, delete, cancellation),
        SetStableImages set => SetStableImagesAsync(patch, set, cancellation),
        RemoveCommands remove => RemoveCommandsAsync(patch, remove, cancellation),
        _ => throw new InvalidOperationException($"No one knows how to do {action.GetType().Name}"),
    };

    private async Task EnsureCanaryAsync(EmergencyPatch patch, EnsureCanary action, CancellationToken cancellation)
    {
        var ns = patch.Metadata.Namespace ?? "";
        var stable = await client.GetAsync((ResourceType)Kinds.Deployments, new ObjectKey(ns, action.Deployment), cancellation);
        var key = new ObjectKey(ns, action.Deployment + Names.CanarySuffix);
        var manifest = CanaryManifest.Of(patch, stable, action);
        if (await client.FindAsync(Kinds.Deployments, key, cancellation) is { } existing)
        {
            if (!(existing.Metadata.OwnerReferences ?? []).Any(o => o.Uid == patch.Metadata.Uid))
            {
                return;
            }

            // With the uid the apply can only hit this very object.
            manifest["metadata"]!["uid"] = existing.Metadata.Uid;
        }

        deployments.Informer.Observe(await client.ApplyAsync(Kinds.Deployments, key, manifest, Names.FieldManager, force: true, cancellation).As(Kinds.Deployments));
    }

    private async Task WithdrawAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        var view = await views.UseAsync(patch, cancellation);
        await router.WithdrawAsync(view, [.. view.Pods.List(where: p => PodFacts.IsCanaryOf(p, patch))], cancellation);
    }

    private async Task DeleteCanaryAsync(EmergencyPatch patch, DeleteCanary action, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", action.Deployment + Names.CanarySuffix);
        if (deployments.Informer.Get(key) is { } canary && (canary.Metadata.OwnerReferences ?? []).Any(o => o.Uid == patch.Metadata.Uid))
        {
            await client.DeleteAsync(Kinds.Deployments, key, new DeleteOptions(Uid: canary.Metadata.Uid), cancellation);
        }
    }

    /// <summary>The tests make it all or nothing: a container moved, another image, or another Deployment, and nothing is changed.</summary>
    private async Task SetStableImagesAsync(EmergencyPatch patch, SetStableImages action, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", action.Deployment);
        var stable = await client.GetAsync((ResourceType)Kinds.Deployments, key, cancellation);
        var containers = stable["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
        var change = new JsonPatch().Test(["metadata", "uid"], action.StableUid);
        var changes = false;
        for (var i = 0; i < containers.Count; i++)
        {
            var name = containers[i]!["name"]!.GetValue<string>();
            var wanted = action.Wanted.FirstOrDefault(w => w.Container == name)?.Image;
            var now = containers[i]!["image"]?.GetValue<string>();
            if (wanted is null || wanted == now)
            {
                continue;
            }

            string[] container = ["spec", "template", "spec", "containers", i.ToString()];
            change.Test([.. container, "name"], name)
                .Test([.. container, "image"], action.Expected.Single(e => e.Container == name).Image)
                .Replace([.. container, "image"], wanted);
            changes = true;
        }

        if (changes)
        {
            deployments.Informer.Observe(
                await client.JsonPatchAsync(Kinds.Deployments, key, change, cancellation, fieldManager: Names.FieldManager).As(Kinds.Deployments));
        }
    }

    private async Task RemoveCommandsAsync(EmergencyPatch patch, RemoveCommands action, CancellationToken cancellation)
    {
        var change = new JsonPatch();
        foreach (var handled in action.Handled)
        {
            string[] annotation = ["metadata", "annotations", Annotations.CommandPrefix + handled.Name];
            change.Test(annotation, handled.Value).Remove(annotation);
        }

        neighbours.Observe(await client.JsonPatchAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), change, cancellation, fieldManager: Names.FieldManager).As(Kinds.EmergencyPatches));
    }
}

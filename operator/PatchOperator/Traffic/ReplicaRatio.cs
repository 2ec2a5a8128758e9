using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>
/// Splits by the number of pods behind the user's own Services. Traffic is taken from a canary by taking from its pods one label of each
/// Service's selector: they leave the endpoints at once, keep running, and end what they have.
/// </summary>
internal sealed class ReplicaRatio(IClusterClient client) : ITrafficRouter
{
    private const string TemplateHash = "pod-template-hash";

    public TrafficObservation Observe(TrafficScene scene, ScheduledRouting? routing)
    {
        var (view, canary, stable) = (scene.View, scene.Canary, scene.Stable);
        if (!stable.Concat(canary).Any(pod => IsInRotation(view, pod)))
        {
            return new TrafficObservation { IsRouted = false, CanaryEndpoints = canary.Count(PodFacts.IsReady), StableEndpoints = stable.Count(PodFacts.IsReady) };
        }

        if (!view.EndpointsAreKnown)
        {
            return new TrafficObservation { IsKnown = false };
        }

        var serving = view.ServingPods();
        return new TrafficObservation
        {
            CanaryEndpoints = canary.Count(p => serving.Contains(p.Metadata.Name)),
            StableEndpoints = stable.Count(p => serving.Contains(p.Metadata.Name)),
        };
    }

    /// <summary>Nothing but the pods themselves, which the canary's Deployment keeps.</summary>
    public Task EnsureAsync(TrafficScene scene, EnsureRoutes action, CancellationToken cancellation) => Task.CompletedTask;

    public async Task WithdrawAsync(TrafficScene scene, WithdrawCanaryTraffic action, CancellationToken cancellation) =>
        await Task.WhenAll(scene.Canary.Select(pod => WithdrawAsync(scene.View, pod, cancellation)));

    public Task RemoveAsync(TrafficScene scene, DeleteRouting action, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Whether requests can reach this pod by what it is, ready or not.</summary>
    public static bool IsInRotation(NamespaceView view, PodResource pod) => Selecting(view, pod).Count > 0;

    /// <summary>The user's Services whose selectors match this pod.</summary>
    public static IReadOnlyCollection<ServiceResource> Selecting(NamespaceView view, PodResource pod) => view.Services.List(pod.Metadata.Namespace, s => Selects(s, pod));

    private async Task WithdrawAsync(NamespaceView view, PodResource pod, CancellationToken cancellation)
    {
        var labels = new JsonObject();
        foreach (var service in Selecting(view, pod).OrderBy(s => s.Metadata.Name, StringComparer.Ordinal))
        {
            var keys = service.Spec.Selector!.Keys.Where(k => !IsOurs(k)).Order(StringComparer.Ordinal).ToArray();
            if (!keys.Any(labels.ContainsKey))
            {
                labels[keys[0]] = null;
            }
        }

        if (labels.Count == 0)
        {
            return;
        }

        try
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels } };
            var written = await client.MergePatchAsync(Kinds.Pods, ObjectKey.Of(pod), patch, cancellation, fieldManager: Names.FieldManager).As(Kinds.Pods);
            view.Pods.Observe(written);
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.NotFound)
        {
            // A pod that is gone has no traffic.
        }
    }

    /// <summary>A Service that names our own labels was made for looking at the canary; it is not the shop's traffic.</summary>
    private static bool Selects(ServiceResource service, PodResource pod) =>
        service.Spec.Selector is { Count: > 0 } selector
        && selector.All(s => pod.Metadata.Labels?.GetValueOrDefault(s.Key) == s.Value)
        && !selector.Keys.All(IsOurs)
        && !selector.ContainsKey(Labels.Track);


    /// <summary>Labels by which the canary's ReplicaSet knows its pods: without one it would make another pod.</summary>
    private static bool IsOurs(string key) => key is TemplateHash || key.StartsWith(Names.Group + "/", StringComparison.Ordinal);
}

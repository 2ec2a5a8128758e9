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

    public TrafficObservation Observe(NamespaceView view, IReadOnlyList<PodResource> canary, IReadOnlyList<PodResource> stable)
    {
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

    public bool IsInRotation(NamespaceView view, PodResource pod) => view.Services.List(where: s => Selects(s, pod)).Count > 0;

    public async Task WithdrawAsync(NamespaceView view, IReadOnlyList<PodResource> canary, CancellationToken cancellation) =>
        await Task.WhenAll(canary.Select(pod => WithdrawAsync(view, pod, cancellation)));

    private async Task WithdrawAsync(NamespaceView view, PodResource pod, CancellationToken cancellation)
    {
        var labels = new JsonObject();
        foreach (var service in view.Services.List(where: s => Selects(s, pod)).OrderBy(s => s.Metadata.Name, StringComparer.Ordinal))
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

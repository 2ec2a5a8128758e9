using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>The user's own Services in front of stable, by which proxies call stable's share of the traffic.</summary>
internal static class StableServices
{
    public static IReadOnlyList<string> Of(NamespaceView view, IReadOnlyList<PodResource> stable) =>
        [.. view.Services.List(where: service => stable.Any(pod => Selects(service, pod))).Select(service => service.Metadata.Name).Order(StringComparer.Ordinal)];

    private static bool Selects(ServiceResource service, PodResource pod) =>
        service.Spec.Selector is { Count: > 0 } selector
        && !selector.ContainsKey(Labels.Track)
        && selector.All(pair => pod.Metadata.Labels?.GetValueOrDefault(pair.Key) == pair.Value);
}

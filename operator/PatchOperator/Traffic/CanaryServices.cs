using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>Makes, turns and removes the Services that routes name for a canary; never touches one that this patch does not own.</summary>
internal sealed class CanaryServices(IClusterClient client)
{
    private static readonly string[] PortFields = ["name", "port", "protocol", "targetPort", "appProtocol"];

    /// <summary>The user's Services that lead to the workload's own pods.</summary>
    public static IReadOnlyList<string> OfStable(TrafficScene scene) =>
    [
        .. scene.Stable.SelectMany(pod => ReplicaRatio.Selecting(scene.View, pod))
            .Where(s => s.Metadata.Labels?.GetValueOrDefault(Labels.Track) != Labels.TrackCanary)
            .Select(s => s.Metadata.Name)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    public static bool LeadsToCanary(TrafficScene scene, string service) =>
        Find(scene, service) is { Metadata.IsTerminating: false, Spec.Selector: { } selector } found
        && IsOurs(found, scene) && Identity(scene) is var wanted && selector.Count == wanted.Count && wanted.All(w => selector.GetValueOrDefault(w.Key) == w.Value);

    /// <summary>It leads to the canary, but by ports that stable's Service has not any more, or stable's was made anew and does not own it.</summary>
    public static bool IsBehind(TrafficScene scene, string service) =>
        LeadsToCanary(scene, service)
        && scene.View.Services.Get(new ObjectKey(scene.Namespace, service)) is { } stable
        && Find(scene, service) is { } found
        && !(Ports(stable).SetEquals(Ports(found)) && CanaryOwner.HasSecond(scene.Patch, scene.Workload, found.Metadata, stable.Metadata));

    /// <summary>Someone else's Service has the name that the canary's would get.</summary>
    public static bool IsTaken(TrafficScene scene, string service) => Find(scene, service) is { } found && !IsOurs(found, scene);

    public static IEnumerable<string> Existing(TrafficScene scene, IReadOnlyList<string> services) =>
        services.Where(s => Find(scene, s) is { } found && IsOurs(found, scene)).Select(CanaryService.NameOf);

    public async Task LeadToCanaryAsync(TrafficScene scene, string service, CancellationToken cancellation)
    {
        if (!LeadsToCanary(scene, service) || IsBehind(scene, service))
        {
            var stable = await client.GetAsync((ResourceType)Kinds.Services, new ObjectKey(scene.Namespace, service), cancellation);
            scene.View.Services.Observe(Kinds.Services.Decode(stable));
            await ApplyAsync(scene, stable, Identity(scene), mayCreate: true, cancellation);
        }
    }

    public async Task LeadToStableAsync(TrafficScene scene, string service, CancellationToken cancellation)
    {
        if (await client.FindAsync((ResourceType)Kinds.Services, new ObjectKey(scene.Namespace, service), cancellation) is { } stable && Selector(stable) is { Count: > 0 } selector)
        {
            await ApplyAsync(scene, stable, selector, mayCreate: false, cancellation);
        }
    }

    public async Task DeleteAsync(TrafficScene scene, string service, CancellationToken cancellation)
    {
        var key = new ObjectKey(scene.Namespace, CanaryService.NameOf(service));
        if (Find(scene, service) is { } found && IsOurs(found, scene))
        {
            await client.DeleteAsync(Kinds.Services, key, new DeleteOptions(Uid: found.Metadata.Uid), cancellation);
        }
    }

    private async Task ApplyAsync(TrafficScene scene, JsonObject stable, IReadOnlyDictionary<string, string> selector, bool mayCreate, CancellationToken cancellation)
    {
        var manifest = CanaryService.Of(scene.Patch, scene.Workload, stable, selector);
        var key = new ObjectKey(scene.Namespace, manifest["metadata"]!["name"]!.GetValue<string>());
        if (await client.FindAsync((ResourceType)Kinds.Services, key, cancellation) is { } existing)
        {
            if (!IsOurs(Kinds.Services.Decode(existing), scene))
            {
                return;
            }

            // With the uid the apply can only hit this very object.
            manifest["metadata"]!["uid"] = existing["metadata"]!["uid"]!.DeepClone();

            // The first family of a Service cannot change, and stable's may have been made anew with another.
            if (existing["spec"]?["ipFamilies"] is { } families)
            {
                manifest["spec"]!["ipFamilies"] = families.DeepClone();
            }
        }
        else if (!mayCreate)
        {
            return;
        }

        scene.View.Services.Observe(await client.ApplyAsync(Kinds.Services, key, manifest, Names.FieldManager, force: true, cancellation).As(Kinds.Services));
    }

    private static HashSet<string> Ports(ServiceResource service) =>
    [
        .. CanaryService.Ports(service.Spec.Ports.ValueKind is JsonValueKind.Array ? JsonArray.Create(service.Spec.Ports) : null)
            .Select(port => string.Join(' ', PortFields.Select(field => port![field]?.ToJsonString()))),
    ];

    private static ServiceResource? Find(TrafficScene scene, string service) => scene.View.Services.Get(new ObjectKey(scene.Namespace, CanaryService.NameOf(service)));

    private static bool IsOurs(ServiceResource service, TrafficScene scene) => CanaryOwner.IsOf(scene.Patch, service.Metadata);

    private static Dictionary<string, string> Selector(JsonObject service) => service["spec"]?["selector"] is JsonObject selector
        ? selector.ToDictionary(s => s.Key, s => s.Value?.GetValue<string>() ?? "", StringComparer.Ordinal)
        : [];

    /// <summary>The labels by which the canary's own Deployment knows its pods.</summary>
    private static Dictionary<string, string> Identity(TrafficScene scene) => new()
    {
        [Labels.Track] = Labels.TrackCanary,
        [Labels.PatchUid] = scene.Patch.Metadata.Uid,
        [Labels.Workload] = scene.Workload,
    };
}

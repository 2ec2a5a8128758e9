using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>Which inventories a patch has, in which version; or why there are none.</summary>
internal sealed record InventoryIdentity(string Version, string Source, ConfigMapKeys? ConfigMap, ConfigMapKeys? Stable, IReadOnlyList<(string Source, string Text)> Annotations)
{
    public CompatibilityObservation.Unavailable? Problem { get; init; }

    /// <summary>Name of the Job that printed it.</summary>
    public string? Job { get; init; }

    public static InventoryIdentity Failed(string reason, string message, bool isPassing = false) =>
        new("", "", null, null, []) { Problem = new CompatibilityObservation.Unavailable(reason, message, isPassing) };
}

/// <summary>Finds and reads inventories. Parsed ones are shared while somebody uses them, and not kept after that.</summary>
internal sealed class InventoryStore(IClusterClient client, NamedWatches<ConfigMapHead> watches, InventoryJobs jobs, WorkloadCaches workloads)
{
    private readonly ConcurrentDictionary<string, WeakReference<Inventory>> parsed = new(StringComparer.Ordinal);

    /// <summary>Costs no request once the patch's ConfigMaps are watched.</summary>
    public async Task<InventoryIdentity> IdentifyAsync(EmergencyPatch patch, PatchIntent intent, CancellationToken cancellation)
    {
        var source = intent.Compatibility?.Inventory;
        var ns = patch.Metadata.Namespace ?? "";
        ConfigMapKeys[] maps = [.. new[] { source?.ConfigMap, source?.Stable?.ConfigMap }.OfType<ConfigMapKeys>()];
        watches.Use(ObjectKey.Of(patch), [.. maps.Select(map => new ObjectKey(ns, map.Name!)).Distinct()]);
        var versions = new List<string>();
        foreach (var map in maps)
        {
            var (head, isKnown) = await watches.GetAsync(new ObjectKey(ns, map.Name!), cancellation);
            if (!isKnown)
            {
                return InventoryIdentity.Failed("InventoryNotRead", $"ConfigMap {map.Name} could not be read yet; trying again.", isPassing: true);
            }

            if (head?.Metadata.ResourceVersion is not { } version)
            {
                return InventoryIdentity.Failed("InventoryMissing", $"There is no ConfigMap {map.Name} in namespace {ns}. Create it with: kubectl create configmap {map.Name} -n {ns} --from-file={map.All()[0]}.");
            }

            versions.Add($"{map.Name}@{version}:{string.Join(',', map.All())}");
        }

        if (source?.ConfigMap is not null)
        {
            return new InventoryIdentity(string.Join('|', versions), $"ConfigMap {source.ConfigMap.Name}", source.ConfigMap, source.Stable?.ConfigMap, []);
        }

        if (source?.Job is { } job)
        {
            var found = await jobs.FindAsync(patch, intent, job, cancellation);
            return found.Problem is { } problem
                ? InventoryIdentity.Failed("", "") with { Problem = problem }
                : new InventoryIdentity(string.Join('|', versions.Append(found.Version)), $"Job {found.Job}", null, source.Stable?.ConfigMap, []) { Job = found.Job };
        }

        jobs.Release(patch);
        var annotated = intent.Workloads
            .Select(workload => (Source: $"annotation {Annotations.Inventory} of {workload.Target}", Text: workloads.Annotation(ns, workload.Target, Annotations.Inventory)))
            .Where(each => !string.IsNullOrEmpty(each.Text)).Select(each => (each.Source, Text: each.Text!)).ToArray();
        return annotated.Length == 0
            ? InventoryIdentity.Failed("InventoryMissing", $"Nothing tells what is installed: set spec.compatibility.inventory.configMap, or the annotation {Annotations.Inventory} on {string.Join(" or ", intent.Workloads.Select(w => w.Target))}.")
            : new InventoryIdentity(string.Join('|', versions.Concat(annotated.Select(each => Fingerprint.Of(each.Text)))), string.Join(", ", annotated.Select(each => each.Source)), null, source?.Stable?.ConfigMap, annotated);
    }

    public async Task<(InventoryResult Patched, InventoryResult? Stable)> ReadAsync(string ns, InventoryIdentity identity, CancellationToken cancellation)
    {
        var patched = identity.ConfigMap is { } map ? await ReadAsync(ns, map, cancellation)
            : identity.Job is { } job ? await jobs.ReadAsync(ns, job, cancellation)
            : InventoryFiles.ReadTexts(identity.Annotations.DistinctBy(each => each.Text));
        return (patched, identity.Stable is { } stable ? await ReadAsync(ns, stable, cancellation) : null);
    }

    public void Release(EmergencyPatch patch)
    {
        watches.Release(ObjectKey.Of(patch));
        jobs.Release(patch);
    }

    private async Task<InventoryResult> ReadAsync(string ns, ConfigMapKeys map, CancellationToken cancellation)
    {
        var name = new ObjectKey(ns, map.Name!);
        if (await client.FindAsync(CompatibilityKinds.ConfigMaps as ResourceType, name, cancellation) is not { } content)
        {
            return InventoryResult.Failed("InventoryMissing", $"There is no ConfigMap {map.Name} in namespace {ns}.");
        }

        var key = $"{name}@{content["metadata"]!["uid"]}/{content["metadata"]!["resourceVersion"]}:{string.Join(',', map.All())}";
        if (parsed.TryGetValue(key, out var reference) && reference.TryGetTarget(out var known))
        {
            return new InventoryResult(known, null, null);
        }

        var read = InventoryFiles.Read(content, map.All());
        if (read.Inventory is not null)
        {
            foreach (var dead in parsed.Where(each => !each.Value.TryGetTarget(out _)).Select(each => each.Key).ToArray())
            {
                parsed.TryRemove(dead, out _);
            }

            parsed[key] = new WeakReference<Inventory>(read.Inventory);
        }

        return read;
    }
}

using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// Learns, for what others changed in mid-run, who they are: the caches leave that out. One request for each version of an object that is not as the run
/// wants it, whatever comes of it, and none for any other.
/// </summary>
internal sealed class DriftReader(IClusterClient client, WorkloadCaches workloads, TimeProvider time)
{
    /// <summary>What was changed is put back whether or not it is known by whom; nothing waits longer than this for all the names together.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly string[] Replicas = ["f:spec", "f:replicas"];
    private static readonly string[] Template = ["f:spec", "f:template"];
    private static readonly string[] Pause = ["f:spec", "f:paused"];
    private static readonly string[] Selector = ["f:spec", "f:selector"];
    private static readonly string[] Rules = ["f:spec", "f:rules"];
    private static readonly string[][] CanaryIngress = [["f:spec", "f:*"], ["f:metadata", "f:annotations", "f:nginx.ingress.kubernetes.io/*"]];

    /// <summary>What is forgotten is at worst asked for once more.</summary>
    private readonly BoundedMemory<(string Version, string? Manager)> known = new();

    public async Task<ObservedState> NameAsync(EmergencyPatch patch, ObservedState seen, NamespaceView view, CancellationToken cancellation)
    {
        var named = new Dictionary<WorkloadRef, WorkloadObservation>(seen.Workloads);
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            foreach (var workload in patch.Status!.Workloads ?? [])
            {
                if (named.TryGetValue(workload.Target(), out var observed))
                {
                    observed = await ImagesAsync(patch, workload, observed, either.Token);
                    observed = await ScaleAsync(patch, workload, observed, either.Token);
                    observed = await CanaryImagesAsync(patch, workload, observed, either.Token);
                    observed = await CanaryTemplateAsync(patch, workload, observed, either.Token);
                    named[workload.Target()] = observed with { Traffic = await RoutesAsync(patch, workload, observed.Traffic, view, either.Token) };
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Those that are still without a name stay so.
        }

        return seen with { Workloads = named };
    }

    private async Task<WorkloadObservation> ImagesAsync(EmergencyPatch patch, WorkloadStatus workload, WorkloadObservation observed, CancellationToken cancellation)
    {
        if (Drift.Containers(workload, observed.Stable) is not { Count: > 0 } containers)
        {
            return observed;
        }

        var (stable, target) = (observed.Stable!, workload.Target());
        var template = WorkloadWriter.PodTemplateOf(target.Kind);
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", target.Name);
        var type = await workloads.TypeAsync(target.Kind, cancellation);
        return observed with { Stable = stable with { ImageOwner = await OwnerAsync(type, key, stable.Uid, stable.Version, [.. containers.SelectMany(c => FieldOwners.Image(template, c))], cancellation) } };
    }

    private async Task<WorkloadObservation> ScaleAsync(EmergencyPatch patch, WorkloadStatus workload, WorkloadObservation observed, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", workload.Target().Name + Names.CanarySuffix);
        return Drift.IsScaled(workload, observed.Canary)
            ? observed with { Canary = observed.Canary! with { ScaledBy = await OwnerAsync(Kinds.Deployments, key, workloads.Deployment(key)?.Metadata, [Replicas], cancellation) } }
            : observed;
    }

    private async Task<WorkloadObservation> CanaryImagesAsync(EmergencyPatch patch, WorkloadStatus workload, WorkloadObservation observed, CancellationToken cancellation)
    {
        if (Drift.CanaryContainers(workload, observed.Canary) is not { Count: > 0 } containers)
        {
            return observed;
        }

        var key = new ObjectKey(patch.Metadata.Namespace ?? "", workload.Target().Name + Names.CanarySuffix);
        var images = containers.SelectMany(c => FieldOwners.Image(WorkloadWriter.PodTemplateOf(WorkloadKind.Deployment), c)).ToArray();
        return observed with { Canary = observed.Canary! with { ImagesSetBy = await OwnerAsync(Kinds.Deployments, key, workloads.Deployment(key)?.Metadata, images, cancellation) } };
    }

    private async Task<WorkloadObservation> CanaryTemplateAsync(EmergencyPatch patch, WorkloadStatus workload, WorkloadObservation observed, CancellationToken cancellation)
    {
        var isPaused = Drift.IsPaused(observed.Canary);
        if (!isPaused && !Drift.HasOtherTemplate(workload, observed.Canary))
        {
            return observed;
        }

        var key = new ObjectKey(patch.Metadata.Namespace ?? "", workload.Target().Name + Names.CanarySuffix);
        return observed with { Canary = observed.Canary! with { TemplateSetBy = await OwnerAsync(Kinds.Deployments, key, workloads.Deployment(key)?.Metadata, [isPaused ? Pause : Template], cancellation) } };
    }

    private async Task<TrafficObservation> RoutesAsync(EmergencyPatch patch, WorkloadStatus workload, TrafficObservation traffic, NamespaceView view, CancellationToken cancellation)
    {
        var ns = patch.Metadata.Namespace ?? "";
        var routes = new List<RouteObservation>(traffic.Routes ?? []);
        foreach (var route in Drift.Routes(patch.Status!, traffic))
        {
            var index = routes.FindIndex(r => r.Route == route);
            routes[index] = routes[index] with { ChangedBy = await EditorAsync(ns, workload.Routes?.FirstOrDefault(r => r.Ref() == route), view, cancellation) };
        }

        string? turnedBy = null;
        foreach (var service in Drift.IsTurned(patch.Status!, traffic) ? (workload.Routes ?? []).SelectMany(r => r.Services()).Distinct(StringComparer.Ordinal) : [])
        {
            var key = new ObjectKey(ns, Traffic.CanaryService.NameOf(service));
            turnedBy ??= await OwnerAsync(Kinds.Services, key, view.Services.Get(key)?.Metadata, [Selector], cancellation);
        }

        return traffic with { Routes = traffic.Routes is null ? null : routes, ServiceChangedBy = turnedBy };
    }

    private Task<string?> EditorAsync(string ns, RouteStatus? route, NamespaceView view, CancellationToken cancellation)
    {
        if (route is null)
        {
            return Task.FromResult<string?>(null);
        }

        var key = new ObjectKey(ns, route.Canary ?? route.Name);
        return route.Ref().Kind switch
        {
            RouteKind.HTTPRoute => OwnerAsync(Kinds.HttpRoutes, key, view.Routes.HttpRoutes?.Get(key)?.Metadata, [Rules], cancellation),
            RouteKind.Ingress => OwnerAsync(Kinds.Ingresses, key, view.Routes.Ingresses?.Get(key)?.Metadata, CanaryIngress, cancellation),
        };
    }

    private Task<string?> OwnerAsync(ResourceType type, ObjectKey key, ObjectMeta? cached, IReadOnlyList<IReadOnlyList<string>> fields, CancellationToken cancellation) =>
        cached is null ? Task.FromResult<string?>(null) : OwnerAsync(type, key, cached.Uid, cached.ResourceVersion, fields, cancellation);

    private async Task<string?> OwnerAsync(ResourceType type, ObjectKey key, string uid, string version, IReadOnlyList<IReadOnlyList<string>> fields, CancellationToken cancellation)
    {
        var subject = $"{uid} {fields[0][^1]}";
        if (known.TryGet(subject, out var last) && last.Version == version)
        {
            return last.Manager;
        }

        known.Set(subject, (version, null));
        try
        {
            var owner = await client.FindAsync(type, key, cancellation) is { } read ? FieldOwners.Of(read, fields) : null;
            known.Set(subject, (version, owner));
            return owner;
        }
        catch (ClusterException)
        {
            return null;
        }
    }
}

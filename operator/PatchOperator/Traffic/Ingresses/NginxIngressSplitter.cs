using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>Splits by a second Ingress beside the user's, as ingress-nginx understands it. The user's own is never written.</summary>
internal sealed class NginxIngressSplitter(IClusterClient client, TimeProvider time) : IRouteSplitter
{
    /// <summary>A class may be made anew for another controller.</summary>
    private static readonly TimeSpan ClassValidity = TimeSpan.FromSeconds(30);

    private static readonly ResourceType Classes = new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", Namespaced: false);

    /// <summary>Which controller a class belongs to, as far as it could be read.</summary>
    private readonly ConcurrentDictionary<string, (string Controller, DateTimeOffset ReadAt)> controllers = new(StringComparer.Ordinal);

    public RouteKind Kind => RouteKind.Ingress;

    public async Task<bool> PrepareAsync(TrafficScene scene, IReadOnlyList<RouteStatus> routes, bool isStart, CancellationToken cancellation)
    {
        var known = await scene.View.Routes.UseAsync(Kind, time, cancellation);
        foreach (var name in isStart ? routes.Select(r => Class(Find(scene, r.Name))).OfType<string>() : [])
        {
            await ReadClassAsync(name, cancellation);
        }

        return known;
    }

    public RouteReading Read(TrafficScene scene, RouteTask task, ScheduledRouting routing)
    {
        var route = task.Route.Ref();
        var ours = Find(scene, task.Route.Canary!) is { } second && IsOurs(second, scene) ? second : null;
        var observation = new RouteObservation
        {
            Route = route,
            Exists = false,
            Backends = task.Route.Backends ?? [],
            Weight = CanaryIngress.PercentOf(ours?.Metadata.Annotations),
            NamesCanary = ours is { Metadata.IsTerminating: false } && CanaryIngress.LetsAnyoneIn(ours.Metadata.Annotations),

            // ingress-nginx reports nothing of the kind.
            HasFollowed = true,
        };
        var leftover = ours is null ? null : $"Ingress {task.Route.Canary}";
        if (Find(scene, route.Name) is not { } first)
        {
            return new RouteReading(observation, new TrafficObstacle("RouteNotFound", $"there is no {route} in namespace {scene.Namespace}. Create it, or correct the name."), leftover);
        }

        var spec = Spec(first);
        var wanted = routing.Weight is { } weight ? Manifest(scene, task, first, weight, routing.Preview) : null;
        observation = observation with
        {
            Exists = true,
            Backends = observation.Backends.Count > 0 ? observation.Backends : [.. CanaryIngress.ServicesOf(spec).Where(task.Services.Contains).Select(s => new BackendRecord { Service = s })],
            IsAsAsked = wanted is null ? ours is null : ours is { Metadata.IsTerminating: false } && CanaryIngress.IsAsWanted(ours.Metadata.Annotations, Spec(ours), wanted),
        };
        return new RouteReading(observation, routing.Weight is null ? Obstacle(scene, task, first) : null, leftover);
    }

    public async Task SetAsync(TrafficScene scene, RouteTask task, int weight, PreviewIntent? preview, CancellationToken cancellation)
    {
        if (await client.FindAsync(Kinds.Ingresses, new ObjectKey(scene.Namespace, task.Route.Name), cancellation) is { } first)
        {
            await ApplyAsync(scene, task, Manifest(scene, task, first, weight, preview), mayCreate: true, cancellation);
        }
    }

    /// <summary>Nobody is let in any more; the Ingress itself goes when that has been followed.</summary>
    public async Task RestoreAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation)
    {
        if (Find(scene, task.Route.Canary!) is { } ours && IsOurs(ours, scene) && !CanaryIngress.LetsAnyoneIn(ours.Metadata.Annotations))
        {
            return;
        }

        var key = new ObjectKey(scene.Namespace, task.Route.Canary!);
        if (await client.FindAsync(Kinds.Ingresses, key, cancellation) is { } existing && IsOurs(existing, scene))
        {
            // Made of itself: the user's may be gone.
            var closed = CanaryIngress.Of(scene.Patch, key.Name, (existing.Metadata.Annotations, Spec(existing)), [], 0, null);
            closed["spec"] = Spec(existing);
            await ApplyAsync(scene, task, closed, mayCreate: false, cancellation);
        }
    }

    public async Task RemoveAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation)
    {
        if (Find(scene, task.Route.Canary!) is { } ours && IsOurs(ours, scene))
        {
            await client.DeleteAsync(Kinds.Ingresses, ObjectKey.Of(ours), new DeleteOptions(Uid: ours.Metadata.Uid), cancellation);
        }
    }

    private async Task ApplyAsync(TrafficScene scene, RouteTask task, JsonObject manifest, bool mayCreate, CancellationToken cancellation)
    {
        var key = new ObjectKey(scene.Namespace, task.Route.Canary!);
        if (await client.FindAsync(Kinds.Ingresses, key, cancellation) is { } existing)
        {
            if (!IsOurs(existing, scene))
            {
                return;
            }

            // With the uid the apply can only hit this very object.
            manifest["metadata"]!["uid"] = existing.Metadata.Uid;
            var foreign = CanaryIngress.Foreign(existing.Metadata.Annotations, manifest);
            if (foreign.Length > 0)
            {
                // Apply leaves what others wrote; on our own Ingress it would still lead requests.
                var without = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject(foreign.Select(f => KeyValuePair.Create(f, (JsonNode?)null))) } };
                await client.MergePatchAsync(Kinds.Ingresses, key, without, cancellation, fieldManager: Names.FieldManager);
            }
        }
        else if (!mayCreate)
        {
            return;
        }

        var written = await client.ApplyAsync(Kinds.Ingresses, key, manifest, Names.FieldManager, force: true, cancellation).As(Kinds.Ingresses);
        scene.View.Routes.Ingresses?.Observe(written);
    }

    private TrafficObstacle? Obstacle(TrafficScene scene, RouteTask task, IngressResource first)
    {
        var route = task.Route.Ref();
        if (first.Metadata.Annotations?.GetValueOrDefault(CanaryIngress.IsCanary) == "true")
        {
            return new TrafficObstacle("RouteIsCanary", $"{route} is itself the canary of another Ingress. Name the one that serves the shop.");
        }

        if (Class(first) is { } name && !MayBeNginx(name))
        {
            return new TrafficObstacle("IngressClassNotSupported", $"{route} is of class {name}, which is not served by ingress-nginx{(controllers.TryGetValue(name, out var by) ? $" but by {by.Controller}" : "")}. Use httpRoute or replicaRatio.");
        }

        if (Find(scene, task.Route.Canary!) is { } taken && !IsOurs(taken, scene))
        {
            return new TrafficObstacle("CanaryIngressNameTaken", $"the canary needs an Ingress {task.Route.Canary}, and one exists in namespace {scene.Namespace} that does not belong to this patch. Remove or rename it; the patch then goes on by itself.");
        }

        var paths = CanaryIngress.PathsOf(Spec(first)).ToHashSet();
        var other = scene.View.Routes.Ingresses!.List(scene.Namespace, i =>
                i.Metadata.Annotations?.GetValueOrDefault(CanaryIngress.IsCanary) == "true" && !IsOurs(i, scene) && CanaryIngress.PathsOf(Spec(i)).Any(paths.Contains))
            .FirstOrDefault();
        return other is null
            ? null
            : new TrafficObstacle("AnotherCanary", $"Ingress {other.Metadata.Name} is a canary of the same hosts and paths, and ingress-nginx heeds only one. Remove it for the run.");
    }

    /// <summary><c>k8s.io/ingress-nginx</c>; where there are several, its documentation has the others called <c>k8s.io/internal-ingress-nginx</c>, <c>example.com/ingress-nginx-2</c>.</summary>
    public static bool IsNginx(string controller) => controller.Split('/')[^1].Contains("ingress-nginx", StringComparison.Ordinal);

    /// <summary>What cannot be read is decided by the name, and only if that says plainly that it is another.</summary>
    private bool MayBeNginx(string name) => controllers.TryGetValue(name, out var controller)
        ? IsNginx(controller.Controller)
        : !((string[])["alb", "azure-application-gateway", "cilium", "contour", "gce", "haproxy", "istio", "kong", "traefik"]).Contains(name, StringComparer.Ordinal);

    private async Task ReadClassAsync(string name, CancellationToken cancellation)
    {
        if (controllers.TryGetValue(name, out var known) && known.ReadAt + ClassValidity > time.GetUtcNow())
        {
            return;
        }

        try
        {
            if ((await client.FindAsync(Classes, new ObjectKey("", name), cancellation))?["spec"]?["controller"]?.GetValue<string>() is { } controller)
            {
                controllers[name] = (controller, time.GetUtcNow());
            }
            else
            {
                controllers.TryRemove(name, out _);
            }
        }
        catch (ClusterException)
        {
            // Without the right to read it, or on an older server, the question stays open.
        }
    }

    private static JsonObject Manifest(TrafficScene scene, RouteTask task, IngressResource first, int weight, PreviewIntent? preview) =>
        CanaryIngress.Of(scene.Patch, task.Route.Canary!, (first.Metadata.Annotations, Spec(first)), task.Services, weight, preview);

    private static IngressResource? Find(TrafficScene scene, string name) => scene.View.Routes.Ingresses?.Get(new ObjectKey(scene.Namespace, name));

    private static bool IsOurs(IngressResource ingress, TrafficScene scene) => CanaryOwner.IsOf(scene.Patch, ingress.Metadata);

    private static string? Class(IngressResource? ingress) => ingress is null
        ? null
        : Spec(ingress)["ingressClassName"]?.GetValue<string>() ?? ingress.Metadata.Annotations?.GetValueOrDefault(CanaryIngress.ClassAnnotation);

    private static JsonObject Spec(IngressResource ingress) => ingress.Spec.ValueKind is JsonValueKind.Object ? JsonObject.Create(ingress.Spec)! : [];
}

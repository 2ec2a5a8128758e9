using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>
/// Splits by the weights of routes between the user's Services and Services of the canary's own. Traffic is taken from a canary in two ways at once, either
/// of which is enough: the routes are put back, and the canary's Services are made to lead to stable's pods. So a route that cannot be written, or a
/// gateway that does not follow, keeps nobody on a bad canary and sends nobody to a Service without pods.
/// </summary>
internal sealed class RouteTraffic(ReplicaRatio pods, CanaryServices services, IEnumerable<IRouteSplitter> splitters) : ITrafficRouter
{
    private readonly Dictionary<RouteKind, IRouteSplitter> splitterOf = splitters.ToDictionary(s => s.Kind);

    /// <returns>False if the routes are not known in time.</returns>
    public async Task<bool> PrepareAsync(TrafficScene scene, ScheduledRouting routing, bool isStart, CancellationToken cancellation)
    {
        var known = true;
        foreach (var kind in routing.Routes.GroupBy(r => r.Ref().Kind))
        {
            known &= await splitterOf[kind.Key].PrepareAsync(scene, [.. kind], isStart, cancellation);
        }

        return known;
    }

    public TrafficObservation Observe(TrafficScene scene, ScheduledRouting? routing)
    {
        if (!scene.View.EndpointsAreKnown)
        {
            return new TrafficObservation { IsKnown = false };
        }

        var serving = scene.View.ServingPods();
        var names = Services(scene, routing!.Routes);
        var readings = routing.Routes.Select(route => splitterOf[route.Ref().Kind].Read(scene, new RouteTask(route, names), routing)).ToArray();
        return new TrafficObservation
        {
            CanaryEndpoints = scene.Canary.Count(p => serving.Contains(p.Metadata.Name)),
            StableEndpoints = scene.Stable.Count(p => serving.Contains(p.Metadata.Name)),
            Routes = [.. readings.Select(r => r.Route)],
            Obstacle = readings.Select(r => r.Obstacle).FirstOrDefault(o => o is not null) ?? Obstacle(scene, names, readings) ?? (routing.Weight is null ? Shared(scene, readings, serving) : null),
            ServiceIsBehind = names.Any(n => CanaryServices.IsBehind(scene, n)),
            CanaryIsReachable = names.Count > 0 && names.All(n => CanaryServices.LeadsToCanary(scene, n)),
            Leftovers = [.. readings.Select(r => r.Leftover).OfType<string>(), .. CanaryServices.Existing(scene, names).Select(n => $"Service {n}")],
        };
    }

    public async Task EnsureAsync(TrafficScene scene, EnsureRoutes action, CancellationToken cancellation)
    {
        var names = Services(scene, action.Routes);
        foreach (var name in names)
        {
            await services.LeadToCanaryAsync(scene, name, cancellation);
        }

        if (action.Weight is { } weight)
        {
            await AllAsync(action.Routes.Select(route => splitterOf[route.Ref().Kind].SetAsync(scene, new RouteTask(route, names), weight, action.Preview, cancellation)));
        }
    }

    public Task WithdrawAsync(TrafficScene scene, WithdrawCanaryTraffic action, CancellationToken cancellation)
    {
        var names = Services(scene, action.Routes!);
        return AllAsync(
        [
            .. action.Routes!.Select(route => splitterOf[route.Ref().Kind].RestoreAsync(scene, new RouteTask(route, names), cancellation)),
            .. names.Select(name => services.LeadToStableAsync(scene, name, cancellation)),

            // Someone may have made a Service for the canary's pods meanwhile.
            pods.WithdrawAsync(scene, action, cancellation),
        ]);
    }

    public async Task RemoveAsync(TrafficScene scene, DeleteRouting action, CancellationToken cancellation)
    {
        var names = Services(scene, action.Routes);
        await AllAsync(action.Routes.Select(route => splitterOf[route.Ref().Kind].RemoveAsync(scene, new RouteTask(route, names), cancellation)));
        await AllAsync(names.Select(name => services.DeleteAsync(scene, name, cancellation)));
    }

    /// <summary>What was saved, so that a run goes on with what it began with; before anything is saved, what selects stable's pods.</summary>
    private static IReadOnlyList<string> Services(TrafficScene scene, IReadOnlyList<RouteStatus> routes) =>
        routes.SelectMany(r => r.Services()).Distinct(StringComparer.Ordinal).ToArray() is { Length: > 0 } saved ? saved : CanaryServices.OfStable(scene);

    private static TrafficObstacle? Obstacle(TrafficScene scene, IReadOnlyList<string> names, RouteReading[] readings)
    {
        if (names.Count == 0)
        {
            return new TrafficObstacle("ServiceNotFound", $"no Service selects the pods of workload {scene.Workload}, so no route can lead to them. Create one and name it in the route.");
        }

        var used = readings.SelectMany(r => r.Route.Backends).Select(b => b.Service).Distinct(StringComparer.Ordinal).ToArray();
        if (used.Length == 0 && readings.All(r => r.Route.Exists))
        {
            return new TrafficObstacle(
                "RouteNamesNoService",
                $"no rule of {string.Join(", ", readings.Select(r => r.Route.Route))} names a Service that selects the pods of workload {scene.Workload} (in this namespace: {string.Join(", ", names)}). "
                + "Name the route that leads to it; a Service of another namespace cannot be split.");
        }

        if (used.Length > 0 && readings.All(r => r.Route.Exists && r.Route.Backends.All(b => b.Weight == 0)))
        {
            return new TrafficObstacle(
                "RouteGivesNoTraffic",
                $"{string.Join(", ", readings.Select(r => r.Route.Route))} names {string.Join(", ", used.Select(n => $"Service {n}"))} of workload {scene.Workload} with weight 0 alone, so no request leads there and a share of none would test nothing. "
                + "Patch the workload that serves, or give that Service its weight; the patch then goes on by itself.");
        }

        return used.FirstOrDefault(n => CanaryServices.IsTaken(scene, n)) is { } taken
            ? new TrafficObstacle("CanaryServiceNameTaken", $"the canary needs a Service {CanaryService.NameOf(taken)}, and one exists in namespace {scene.Namespace} that does not belong to this patch. Remove or rename it; the patch then goes on by itself.")
            : null;
    }

    /// <summary>The weight is a share of what the whole Service gets, and the canary's pods are as many as befits the workload's part of it.</summary>
    private static TrafficObstacle? Shared(TrafficScene scene, RouteReading[] readings, HashSet<string> serving)
    {
        var used = readings.SelectMany(r => r.Route.Backends).Select(b => b.Service).ToHashSet(StringComparer.Ordinal);
        var own = scene.Stable.Concat(scene.Canary).Select(p => p.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var shared = scene.View.Pods.List(where: p => serving.Contains(p.Metadata.Name) && PodFacts.IsReady(p) && !own.Contains(p.Metadata.Name))
            .OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .Select(p => (Owner: PodFacts.OwnerOf(p), Service: ReplicaRatio.Selecting(scene.View, p).Select(s => s.Metadata.Name).FirstOrDefault(used.Contains)))
            .FirstOrDefault(p => p.Service is not null);
        return shared.Service is null ? null : new TrafficObstacle(
            "ServiceShared",
            $"Service {shared.Service} leads to pods of {shared.Owner} as well as to those of workload {scene.Workload}, so a share of its requests would be more than the canary of that workload alone has pods for. "
            + "Give each of them a Service of its own and name both in the route, or let the number of pods decide with spec.canary.traffic.replicaRatio; the patch then goes on by itself.");
    }

    /// <summary>One that fails keeps no other from being tried; what failed is told afterwards.</summary>
    private static async Task AllAsync(IEnumerable<Task> tasks)
    {
        var all = tasks.ToArray();
        try
        {
            await Task.WhenAll(all);
        }
        catch (ClusterException)
        {
            // A refusal says more than a race does.
            throw all.SelectMany(t => t.Exception?.InnerExceptions ?? (IEnumerable<Exception>)[]).OfType<ClusterException>().OrderBy(e => e.Kind is ApiErrorKind.Conflict).First();
        }
    }
}

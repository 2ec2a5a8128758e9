using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>Splits by the backend weights of a Gateway API HTTPRoute.</summary>
internal sealed class HttpRouteSplitter(IClusterClient client, TimeProvider time) : IRouteSplitter
{
    public RouteKind Kind => RouteKind.HTTPRoute;

    public Task<bool> PrepareAsync(TrafficScene scene, IReadOnlyList<RouteStatus> routes, bool isStart, CancellationToken cancellation) =>
        scene.View.Routes.UseAsync(Kind, time, cancellation);

    public RouteReading Read(TrafficScene scene, RouteTask task, ScheduledRouting routing)
    {
        var route = task.Route.Ref();
        if (scene.View.Routes.HttpRoutes is not { } cache)
        {
            return new RouteReading(
                Gone(task),
                new TrafficObstacle("GatewayApiMissing", "the cluster does not serve HTTPRoute of gateway.networking.k8s.io/v1. Install Gateway API v1.0 or newer, or use ingress or replicaRatio."));
        }

        if (cache.Get(new ObjectKey(scene.Namespace, route.Name)) is not { } found)
        {
            return new RouteReading(Gone(task), new TrafficObstacle("RouteNotFound", $"there is no {route} in namespace {scene.Namespace}. Create it, or correct the name."));
        }

        var editor = new HttpRouteRules(scene.Namespace, task.Services, routing.Preview);
        var rules = Rules(found.Spec.ValueKind is System.Text.Json.JsonValueKind.Object ? JsonObject.Create(found.Spec) : null);
        var saved = task.Route.Backends ?? [];
        var parents = HttpRouteParents.Of(found);
        var observation = new RouteObservation
        {
            Route = route,
            Exists = true,
            Backends = editor.Originals(rules, saved),
            Weight = editor.Percent(rules),
            IsAsAsked = JsonNode.DeepEquals(rules, editor.Split(rules, saved, routing.Weight)),
            NamesCanary = editor.NamesCanary(rules),
            HasFollowed = parents.HaveFollowed,
            Problem = parents.Problem,
            TooCoarse = routing.Weight is { } weight ? editor.TooCoarse(rules, saved, weight) : null,
        };
        return new RouteReading(observation, Obstacle(editor, route, rules, routing, parents));
    }

    public Task SetAsync(TrafficScene scene, RouteTask task, int weight, PreviewIntent? preview, CancellationToken cancellation) =>
        ChangeAsync(scene, task, preview, (editor, rules, saved) => editor.Split(rules, saved, weight), mustBeSaved: true, cancellation);

    public Task RestoreAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation) =>
        ChangeAsync(scene, task, scene.Patch.Spec.Canary is { } canary ? TrafficIntent.From(canary).Preview : null, (editor, rules, saved) => editor.Restored(rules, saved), mustBeSaved: false, cancellation);

    /// <summary>
    /// Nothing was made beside it. But the API server took the changes down in our name: who applies the route with server-side apply would meet a
    /// conflict with someone who is gone.
    /// </summary>
    public async Task RemoveAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation)
    {
        var key = new ObjectKey(scene.Namespace, task.Route.Name);
        if (await client.FindAsync((ResourceType)Kinds.HttpRoutes, key, cancellation) is not { } route || route["metadata"]?["managedFields"] is not JsonArray entries)
        {
            return;
        }

        var left = new JsonArray([.. entries.Where(e => e?["manager"]?.GetValue<string>() != Names.FieldManager).Select(e => e?.DeepClone())]);
        if (left.Count < entries.Count && !new HttpRouteRules(scene.Namespace, task.Services).NamesCanary(Rules(route["spec"] as JsonObject)))
        {
            // An empty list would change nothing; one empty entry is how the API server is told to clear it.
            var change = new JsonPatch()
                .Test(["metadata", "uid"], route["metadata"]!["uid"]!.GetValue<string>())
                .Test(["metadata", "managedFields"], entries)
                .Replace(["metadata", "managedFields"], left.Count > 0 ? left : new JsonArray(new JsonObject()));
            scene.View.Routes.HttpRoutes?.Observe(await client.JsonPatchAsync(Kinds.HttpRoutes, key, change, cancellation, fieldManager: Names.FieldManager).As(Kinds.HttpRoutes));
        }
    }

    private async Task ChangeAsync(
        TrafficScene scene, RouteTask task, PreviewIntent? preview, Func<HttpRouteRules, JsonArray, IReadOnlyList<BackendRecord>, JsonArray> change, bool mustBeSaved, CancellationToken cancellation)
    {
        var key = new ObjectKey(scene.Namespace, task.Route.Name);
        if (await client.FindAsync((ResourceType)Kinds.HttpRoutes, key, cancellation) is not { } route)
        {
            return;
        }

        // A change whose answer was lost is there already: it is known from now on, and not only when the watch tells of it.
        scene.View.Routes.HttpRoutes?.Observe(await Task.FromResult(route).As(Kinds.HttpRoutes));
        var editor = new HttpRouteRules(scene.Namespace, task.Services, preview);
        var rules = Rules(route["spec"] as JsonObject);
        var saved = task.Route.Backends ?? [];
        if (mustBeSaved && !editor.Originals(rules, saved).SequenceEqual(saved))
        {
            // What it was would be lost: the next decision stores it first.
            throw new ClusterException(new ApiError { Kind = ApiErrorKind.Conflict, Message = $"HTTPRoute {key} was changed in between" }, $"PATCH {Kinds.HttpRoutes.ObjectPath(key)}");
        }

        var wanted = change(editor, rules, saved);
        if (HttpRoutePatch.Between(route["metadata"]!["uid"]!.GetValue<string>(), rules, wanted, rule => editor.IsPreview(rule, rules)) is { } patch)
        {
            var written = await client.JsonPatchAsync(Kinds.HttpRoutes, key, patch, cancellation, fieldManager: Names.FieldManager).As(Kinds.HttpRoutes);
            scene.View.Routes.HttpRoutes?.Observe(written);
        }
    }

    private static TrafficObstacle? Obstacle(HttpRouteRules editor, RouteRef route, JsonArray rules, ScheduledRouting routing, HttpRouteParents parents)
    {
        // First, since the gateway would have that Service made, where it is missing.
        if (routing.Weight is null && editor.NamesCanary(rules))
        {
            return new TrafficObstacle("RouteNamesCanary", $"{route} names a canary's Service already, which the run would make and remove. Take that backend out of the route.");
        }

        if (parents.Problem is { } problem)
        {
            return new TrafficObstacle("RouteNotAccepted", $"{route}: {problem}");
        }

        if (routing.Weight is not null)
        {
            return null;
        }

        var split = editor.Split(rules, [], routing.LowestWeight);
        if (split.Count > HttpRouteRules.MostRules)
        {
            return new TrafficObstacle("RouteTooLarge", $"{route} would have {split.Count} rules with those for the preview, and the API allows {HttpRouteRules.MostRules}. Split the route, or leave spec.canary.preview out.");
        }

        if (HttpRouteRules.Matches(split) is > HttpRouteRules.MostMatches and var matches)
        {
            return new TrafficObstacle("RouteTooLarge", $"{route} would have {matches} matches with those for the preview, and the API allows {HttpRouteRules.MostMatches} in all rules together. Split the route, or leave spec.canary.preview out.");
        }

        if (split.OfType<JsonObject>().Any(r => r["backendRefs"] is JsonArray { Count: > HttpRouteRules.MostBackends }))
        {
            return new TrafficObstacle("RouteTooLarge", $"a rule of {route} would have more than the {HttpRouteRules.MostBackends} backends that the API allows. Split the rule.");
        }

        return editor.TooCoarse(rules, [], routing.LowestWeight) is { } coarse ? new TrafficObstacle("WeightTooCoarse", $"{route}: {coarse}.") : null;
    }

    private static RouteObservation Gone(RouteTask task) => new() { Route = task.Route.Ref(), Exists = false, Backends = task.Route.Backends ?? [], HasFollowed = true };

    private static JsonArray Rules(JsonObject? spec) => spec?["rules"] as JsonArray ?? [];
}

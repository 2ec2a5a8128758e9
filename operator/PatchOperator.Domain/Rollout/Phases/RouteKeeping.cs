using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// Keeps routes at the weight that the step has earned: capacity first, then the weight. What others make of it in between is put back and reported;
/// who keeps doing so is named once, and answered ever more slowly.
/// </summary>
internal static class RouteKeeping
{
    /// <summary>True when every route gives the canary the step's weight and its gateway has followed; also where no route is used.</summary>
    public static bool Keep(Draft draft, bool podsAreReady)
    {
        var routed = Routed(draft);
        if (routed.Length == 0)
        {
            return true;
        }

        var step = draft.Status.Step!;
        if (step.Routing?.Weight != step.Weight && IsSettled(draft, podsAreReady && routed.All(HasCapacity)))
        {
            Route(draft, new RoutingStatus { Weight = step.Weight, Corrections = step.Routing?.Corrections, CorrectedAt = step.Routing?.CorrectedAt });
        }

        var isInPlace = Enforce(draft, routed) && draft.Status.Step!.Routing?.Weight == step.Weight;
        if (draft.Traffic is null && draft.Status.Step!.ReachableSince is { } since)
        {
            draft.Traffic = ("False", "SettlingEndpoints", $"The canary's pods are in the endpoints since {since:u}; the routes name them once what sends the requests has had {Duration.Format(draft.Policy.EndpointSettle)} to learn of them.");
        }

        return isInPlace;
    }

    /// <summary>Nothing is asked of the routes but to stay as they are.</summary>
    public static void Hold(Draft draft)
    {
        var routed = Routed(draft);
        if (routed.Length > 0 && draft.Status.Step?.Routing is not null)
        {
            Enforce(draft, routed);
        }
    }

    private static Target[] Routed(Draft draft) => [.. draft.Canaries.Where(t => t.IsRouted)];

    private static bool HasCapacity(Target target) =>
        target.Observed.Traffic is { IsKnown: true, CanaryIsReachable: true } traffic && traffic.CanaryEndpoints >= (target.Status.CanaryReplicas ?? 1);

    /// <summary>Capacity is there, and what sends the requests has had time to learn of it: until the first weight nobody knew the canary's Service.</summary>
    private static bool IsSettled(Draft draft, bool hasCapacity)
    {
        var step = draft.Status.Step!;
        var since = hasCapacity && step.Routing is null ? step.ReachableSince ?? draft.Now : (DateTimeOffset?)null;
        var isSettled = hasCapacity && !(since + draft.Policy.EndpointSettle > draft.Now);
        draft.Status = draft.Status with { Step = step with { ReachableSince = isSettled ? null : since } };
        if (since is not null && !isSettled)
        {
            draft.WakeAt(since.Value + draft.Policy.EndpointSettle);
        }

        return isSettled;
    }

    private static bool Enforce(Draft draft, Target[] routed)
    {
        if (routed.Any(t => t.Observed.Traffic is not { IsKnown: true, Routes: not null }))
        {
            draft.Traffic = ("Unknown", "RoutesUnknown", "The routes could not be read.");
            return false;
        }

        foreach (var target in routed)
        {
            Save(draft, target);
        }

        var routing = draft.Status.Step!.Routing;
        var isNew = routing is not null && draft.Patch.Status?.Step?.Routing?.Weight != routing.Weight;
        var off = routed.Where(t => !t.Observed.Traffic.CanaryIsReachable || (routing is not null && t.Observed.Traffic.Routes!.Any(r => isNew || r is { Exists: true, IsAsAsked: false }))).ToArray();
        if (off.Length > 0)
        {
            PutRight(draft, off, isEdit: routing?.InPlaceAt is not null);
            return false;
        }

        return routing is not null && IsFollowed(draft, routed);
    }

    /// <summary>What a route is without the canary must be stored before it is changed.</summary>
    private static void Save(Draft draft, Target target) => draft.Update(target, w => w with
    {
        Routes =
        [
            .. w.Routes!.Select(route => target.Observed.Traffic.Routes!.FirstOrDefault(r => r.Route == route.Ref() && r.Exists) is { } seen
                ? route with { Backends = (route.Backends ?? []).SequenceEqual(seen.Backends) ? route.Backends : seen.Backends, ActualWeight = seen.HasFollowed ? seen.Weight : route.ActualWeight }
                : route),
        ],
    });

    private static void PutRight(Draft draft, Target[] off, bool isEdit)
    {
        var routing = draft.Status.Step!.Routing;
        if (isEdit && routing!.OffSince is null)
        {
            var times = TrafficFight.Times(draft, routing.CorrectedAt, routing.Corrections);
            routing = routing with { OffSince = draft.Now, Corrections = times };
            Route(draft, routing);
            TrafficFight.Report(draft, What(off, routing.Weight), times, "a GitOps controller that applies the route's manifest", "the weights");
        }

        var at = isEdit ? TrafficFight.AnswerAt(draft, routing!.CorrectedAt, routing.Corrections) : draft.Now;
        draft.Traffic = isEdit
            ? TrafficFight.Condition(draft, What(off, routing!.Weight), routing.Corrections, at)
            : ("False", "SettingWeight", routing is null ? "The canary's Services are being made; no route names it yet." : $"The routes are being set to {routing.Weight} %.");
        if (at > draft.Now)
        {
            draft.WakeAt(at);
            return;
        }

        if (isEdit)
        {
            Route(draft, routing! with { CorrectedAt = draft.Now });
        }

        foreach (var target in off)
        {
            var saved = draft.Targets.Single(t => t.Name == target.Name).Status.Routes!;
            draft.Do(new EnsureRoutes(target.Name, saved, routing?.Weight, draft.Intent.Traffic.Preview));
        }
    }

    private static string What(Target[] off, int weight) => string.Join(" ", off.SelectMany(t => t.Observed.Traffic.Routes!.Where(r => r is { Exists: true, IsAsAsked: false }))
        .Select(r => $"{r.Route} was changed by {TrafficFight.Who(r.ChangedBy)}: the canary has {r.Weight} % instead of {weight} %{(r.Weight == weight ? ", by other rules" : "")}.")
        .Concat(off.Where(t => !t.Observed.Traffic.CanaryIsReachable).Select(t => $"The canary's Service of {t.Workload} was changed by {TrafficFight.Who(t.Observed.Traffic.ServiceChangedBy)}.")));

    private static bool IsFollowed(Draft draft, Target[] routed)
    {
        var routing = draft.Status.Step!.Routing!;
        var routes = routed.SelectMany(t => t.Observed.Traffic.Routes!).ToArray();
        if (routes.FirstOrDefault(r => !r.Exists) is { } gone)
        {
            draft.Traffic = ("False", "RouteNotFound", $"{gone.Route} was deleted in mid-run.");
            return false;
        }

        if (routes.FirstOrDefault(r => r.Problem is not null) is { } refused)
        {
            draft.Traffic = ("False", "RouteNotAccepted", $"{refused.Route}: {refused.Problem}");
            return false;
        }

        if (routes.FirstOrDefault(r => !r.HasFollowed) is { } late)
        {
            draft.Traffic = ("False", "WaitingForGateway", $"{late.Route} is set to {routing.Weight} %; its gateway has not reported that it follows.");
            return false;
        }

        if (routing.InPlaceAt is null)
        {
            // What the step waits for is decided from the stored status: look again at once.
            draft.WakeAt(draft.Now);
        }

        TrafficFight.MakeUp(draft, routing.OffSince);
        Route(draft, routing with { InPlaceAt = routing.InPlaceAt ?? draft.Now, OffSince = null });
        var actual = routes.Max(r => r.Weight);
        draft.Traffic = ("True", "AtWeight", actual == routing.Weight ? $"The canary gets {actual} %." : $"The canary gets {actual} %, which is as near to {routing.Weight} % as the routes' weights can be divided.");
        return true;
    }

    private static void Route(Draft draft, RoutingStatus routing) => draft.Status = draft.Status with { Step = draft.Status.Step! with { Routing = routing } };
}

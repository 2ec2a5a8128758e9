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

        CanaryDown.Follow(draft);
        var isInPlace = Enforce(draft, Routed(draft)) && draft.Status.Step!.Routing?.Weight == step.Weight;
        if (draft.Traffic is null && draft.Status.Step!.ReachableSince is { } since)
        {
            draft.Traffic = ("False", "SettlingEndpoints", $"The canary's pods are in the endpoints since {since:u}; the routes name them once what sends the requests has had {Duration.Format(draft.Policy.EndpointSettle)} to learn of them.");
        }

        return isInPlace;
    }

    /// <summary>Nothing is asked of the routes but to stay as they are, unless stable cannot answer its share.</summary>
    public static void Hold(Draft draft)
    {
        if (draft.Status.Step?.Routing is null)
        {
            return;
        }

        foreach (var target in Routed(draft))
        {
            StandIn(draft, target);
        }

        if (Routed(draft) is { Length: > 0 } routed)
        {
            Enforce(draft, routed);
        }
    }

    /// <summary>What the routes are to become is nobody's edit until they have been that once.</summary>
    /// <param name="draft">Gets it.</param>
    /// <param name="movingSince">From when that takes time which does not count for a hold.</param>
    public static void AskAnew(Draft draft, DateTimeOffset? movingSince = null)
    {
        if (draft.Status.Step?.Routing is { } routing)
        {
            Route(draft, routing with { AsAskedAt = null, InPlaceAt = null, OffSince = null, MovingSince = movingSince });
        }
    }

    /// <summary>While stable has no endpoint at all, as where a roll-out that replaces all pods at once fails, its share would be answered by nobody.</summary>
    private static void StandIn(Draft draft, Target target)
    {
        var (traffic, routing) = (target.Observed.Traffic, draft.Status.Step!.Routing!);
        var canServe = traffic is { CanaryEndpoints: > 0, CanaryIsReachable: true } && routing.Weight > 0;
        // Pods and endpoints are followed apart: in a roll-out there may seem to be none of stable's for a moment.
        var canAnswer = traffic.StableEndpoints > 0 || target.Stable is not { ReadyReplicas: 0 };
        var since = canAnswer ? null : target.Status.StandsInSince ?? (canServe ? draft.Now : null);
        if (!traffic.IsKnown || since == target.Status.StandsInSince)
        {
            return;
        }

        draft.Update(target, w => w with { StandsInSince = since });
        AskAnew(draft, routing.MovingSince ?? routing.OffSince);
        draft.Record(
            since is null ? "StableServesAgain" : "CanaryStandsIn",
            since is null
                ? $"Pods of {target.Workload} are in the endpoints again; its canary gets {routing.Weight} %."
                : $"No pod of {target.Workload} is in the endpoints; its canary gets all requests until one is.");
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

        // Stable's Service got other ports or was made anew, and that is nobody's edit of the canary's.
        foreach (var target in routed.Where(t => t.Observed.Traffic.ServiceIsBehind))
        {
            draft.Do(new EnsureRoutes(target.Name, draft.Targets.Single(t => t.Name == target.Name).Status.Routes!, null, null));
        }

        var routing = draft.Status.Step!.Routing;
        var off = routed.Where(t => !t.Observed.Traffic.CanaryIsReachable || (routing is not null && t.Observed.Traffic.Routes!.Any(r => IsNew(draft, t) || r is { Exists: true, IsAsAsked: false }))).ToArray();
        if (off.Length > 0)
        {
            PutRight(draft, off, isEdit: Drift.IsEdit(routing));
            return false;
        }

        return routing is not null && IsFollowed(draft, routed);
    }

    /// <summary>What was seen was compared with what is stored, and that is something else by now.</summary>
    private static bool IsNew(Draft draft, Target target) =>
        (draft.Patch.Status?.Workloads ?? []).FirstOrDefault(w => w.Name == target.Name) is not { } stored || draft.Patch.Status!.Step.WeightOf(stored) != draft.Status.Step.WeightOf(target.Status);

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
        if (routing is { AsAskedAt: not null })
        {
            var times = TrafficFight.Times(draft, routing.CorrectedAt, routing.Corrections);
            routing = routing with { AsAskedAt = null, OffSince = routing.OffSince ?? draft.Now, Corrections = times };
            Route(draft, routing);
            TrafficFight.Report(draft, What(draft, off), times, "a GitOps controller that applies the route's manifest", "the weights");
        }

        var at = isEdit ? TrafficFight.AnswerAt(draft, routing!.CorrectedAt, routing.Corrections) : draft.Now;
        draft.Traffic = isEdit
            ? TrafficFight.Condition(draft, What(draft, off), routing!.Corrections, at)
            : ("False", "SettingWeight", routing is null ? "The canary's Services are being made; no route names it yet." : $"The routes are being set to {string.Join(", ", off.Select(t => draft.Status.Step.WeightOf(t.Status)).Distinct())} %.");
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
            draft.Do(new EnsureRoutes(target.Name, saved, draft.Status.Step.WeightOf(target.Status), draft.Intent.Traffic.Preview));
        }
    }

    private static string What(Draft draft, Target[] off) => string.Join(" ", off
        .SelectMany(t => t.Observed.Traffic.Routes!.Where(r => r is { Exists: true, IsAsAsked: false }).Select(r => (Route: r, Weight: draft.Status.Step.WeightOf(t.Status))))
        .Select(r => $"{r.Route.Route} was changed by {TrafficFight.Who(r.Route.ChangedBy)}: the canary has {r.Route.Weight} % instead of {r.Weight} %{(r.Route.Weight == r.Weight ? ", by other rules" : "")}.")
        .Concat(off.Where(t => !t.Observed.Traffic.CanaryIsReachable).Select(t => $"The canary's Service of {t.Workload} was changed by {TrafficFight.Who(t.Observed.Traffic.ServiceChangedBy)}.")));

    private static bool IsFollowed(Draft draft, Target[] routed)
    {
        var routing = draft.Status.Step!.Routing!;
        var routes = routed.SelectMany(t => t.Observed.Traffic.Routes!).ToArray();
        if (routes.FirstOrDefault(r => !r.Exists) is { } gone)
        {
            if (routing is { AsAskedAt: not null, OffSince: null })
            {
                Route(draft, routing with { OffSince = draft.Now });
            }

            draft.Traffic = ("False", "RouteNotFound", $"{gone.Route} was deleted in mid-run.");
            return false;
        }

        var coarse = routed.SelectMany(t => t.Observed.Traffic.Routes!.Where(r => r.TooCoarse is not null || r.Weight > draft.Status.Step.WeightOf(t.Status))).FirstOrDefault();
        if (coarse is null && routing.Weight > 0 && routed.FirstOrDefault(t => !CanaryDown.IsDown(t) && t.Observed.Traffic.Routes!.All(r => r.Weight == 0)) is { } idle)
        {
            LeadElsewhere(draft, idle, routing);
            return false;
        }

        // From now on what is otherwise is somebody's edit, whether or not the gateway has come to report.
        Route(draft, routing = routing with { AsAskedAt = routing.AsAskedAt ?? draft.Now });
        if (routes.FirstOrDefault(r => r.Problem is not null) is { } refused)
        {
            draft.Traffic = ("False", "RouteNotAccepted", $"{refused.Route}: {refused.Problem}");
            return false;
        }

        if (coarse is not null)
        {
            Route(draft, routing with { OffSince = routing.OffSince ?? draft.Now });
            draft.Traffic = ("False", "WeightTooCoarse", $"{coarse.Route}: {coarse.TooCoarse ?? $"it gives the canary {coarse.Weight} % instead of {routing.Weight} %"}.");
            return false;
        }

        if (routes.FirstOrDefault(r => !r.HasFollowed) is { } late)
        {
            draft.Traffic = ("False", "WaitingForGateway", $"{late.Route} is set to {routed.Where(t => t.Observed.Traffic.Routes!.Contains(late)).Select(t => draft.Status.Step.WeightOf(t.Status)).First()} %; its gateway has not reported that it follows.");
            return false;
        }

        if (routing.InPlaceAt is null)
        {
            // What the step waits for is decided from the stored status: look again at once.
            draft.WakeAt(draft.Now);
        }

        TrafficFight.MakeUp(draft, routing.MovingSince ?? routing.OffSince);
        Route(draft, routing with { InPlaceAt = routing.InPlaceAt ?? draft.Now, OffSince = null, MovingSince = null });
        if (routed.FirstOrDefault(t => t.Status.StandsInSince is not null) is { } alone)
        {
            draft.Traffic = ("True", "CanaryStandsIn", $"The canary of {alone.Workload} gets all requests since {alone.Status.StandsInSince:u}: stable has no pod in the endpoints.");
            return true;
        }

        if (CanaryDown.Of(routed) is { } down)
        {
            draft.Traffic = ("False", "CanaryDown", $"{down} It gets no requests until one is.");
            return false;
        }

        var actual = routes.Max(r => r.Weight);
        draft.Traffic = ("True", "AtWeight", actual == routing.Weight ? $"The canary gets {actual} %." : $"The canary gets {actual} %, which is as near to {routing.Weight} % as the routes' weights can be divided.");
        return true;
    }

    /// <summary>There is nothing to put back: of no requests the canary can have no share. What is not tested does not count, and the deadline is the limit.</summary>
    private static void LeadElsewhere(Draft draft, Target target, RoutingStatus routing)
    {
        var routes = target.Observed.Traffic.Routes!;
        var by = routes.Select(r => r.ChangedBy).FirstOrDefault(c => c is not null);
        var what = $"{string.Join(", ", routes.Select(r => r.Route))} leads no request to {target.Workload} any more{(by is null ? "" : $", since {by} changed it")}: its Services are not named, or have weight 0. "
            + $"The canary gets nothing of the {routing.Weight} % that the step asks for. Let the route lead there again, or take the run back with patchoperator.io/abort.";
        if (routing is { InPlaceAt: not null, OffSince: null })
        {
            Route(draft, routing with { AsAskedAt = null, OffSince = draft.Now });
            draft.Record("RouteLeadsElsewhere", what);
        }

        draft.Traffic = ("False", "RouteLeadsElsewhere", what);
    }

    private static void Route(Draft draft, RoutingStatus routing) => draft.Status = draft.Status with { Step = draft.Status.Step! with { Routing = routing } };
}

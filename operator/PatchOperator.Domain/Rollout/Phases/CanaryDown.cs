namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>A canary of which no pod answers: a route would go on giving it its share, which nobody would answer. Stable gets all of it until a pod is back.</summary>
internal static class CanaryDown
{
    public static void Follow(Draft draft)
    {
        foreach (var target in draft.Canaries.Where(t => t.Observed.Traffic.IsKnown))
        {
            Follow(draft, target);
        }
    }

    /// <summary>In words; null where all answer.</summary>
    public static string? Of(IEnumerable<Target> targets) => targets.FirstOrDefault(IsDown) is { } down
        ? $"No pod of the canary of {down.Workload} is in the endpoints since {down.Status.CanaryDownSince:u}."
        : null;

    public static bool IsDown(Target target) => target.Status.CanaryDownSince is not null;

    private static void Follow(Draft draft, Target target)
    {
        var since = target.Status.CanaryDownSince;
        if (since is null ? !HasGone(draft, target) : !IsBack(draft, target))
        {
            return;
        }

        draft.Update(target, w => w with { CanaryDownSince = since is null ? draft.Now : null });
        if (!target.IsRouted)
        {
            return;
        }

        // Nor does the time count in which the routes were on their way to the weight already.
        var routing = draft.Status.Step?.Routing;
        TrafficFight.MakeUp(draft, since ?? routing?.MovingSince ?? routing?.OffSince);
        RouteKeeping.AskAnew(draft, since is null ? null : draft.Now);
        draft.Record(
            since is null ? "CanaryDown" : "CanaryServesAgain",
            since is null
                ? $"No pod of the canary of {target.Workload} is in the endpoints; it gets no requests until one is. {target.CanaryProblem}".TrimEnd()
                : $"Pods of the canary of {target.Workload} are in the endpoints again; it gets {draft.Status.Step?.Routing?.Weight} %.");
    }

    /// <summary>Pods and endpoints are followed apart, so both must say so; and where routes lead requests to it, stable must be there to take them.</summary>
    private static bool HasGone(Draft draft, Target target) => target.Observed.Traffic is { CanaryEndpoints: 0 } traffic && !Ready(target).Any()
        && (!target.IsRouted || (traffic.StableEndpoints > 0 && draft.Status.Step?.Routing is { Weight: > 0 }));

    /// <summary>What sends the requests learns of a pod a moment after the API server does, as before the first weight.</summary>
    private static bool IsBack(Draft draft, Target target)
    {
        if (target.Observed.Traffic.CanaryEndpoints == 0 || !Ready(target).Any())
        {
            return false;
        }

        var settled = Ready(target).Min(p => p.ContainersReadyAt) + draft.Policy.EndpointSettle;
        if (target.IsRouted && settled > draft.Now)
        {
            draft.WakeAt(settled.Value);
            return false;
        }

        return true;
    }

    private static IEnumerable<PodObservation> Ready(Target target) => target.Observed.CanaryPods.Where(p => p is { Ready: true, IsTerminating: false });
}

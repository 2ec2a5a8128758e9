using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>What is to split the traffic can do it, and is at rest.</summary>
internal static class TrafficGate
{
    /// <summary>By which a later decision knows again why the patch is blocked.</summary>
    private const string Field = "spec.canary.traffic: ";

    public static Hold? Check(Draft draft)
    {
        if (WorkloadGate.IsEndedForThis(draft))
        {
            return null;
        }

        foreach (var workload in draft.Intent.Workloads.Where(draft.Intent.IsRouted))
        {
            if (RoutesOf(draft, workload) is not { } routes)
            {
                draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(200));
                return new Hold("CheckingRoutes", $"Reading {string.Join(", ", draft.Intent.Traffic.Routes)} before the start. If this lasts, the operator may not list them: see the rights in its chart.");
            }

            if (routes.FirstOrDefault(r => !r.HasFollowed) is { } late)
            {
                return new Hold("WaitingForGateway", $"{late.Route} was changed, and its gateway has not reported that it follows; starting when it has.");
            }
        }

        return null;
    }

    /// <summary>Why routes cannot split the traffic as things are; asked wherever the routes were read.</summary>
    public static Hold? Obstacle(Draft draft, WorkloadIntent workload)
    {
        if (!draft.Intent.IsRouted(workload) || draft.Observed.Of(workload.Target).Traffic.Obstacle is not { } obstacle)
        {
            return null;
        }

        // Not everything that mends it is watched, such as the installation of an API.
        draft.WakeAt(draft.Now + draft.Policy.PreflightRetry);
        return new Hold(obstacle.Reason, $"{Field}{obstacle.Message}");
    }

    /// <summary>Routes were what blocked it, and cannot be read now, as after a restart: that says nothing of whether the obstacle is gone.</summary>
    public static bool MayStillBlock(Draft draft) =>
        draft.Phase is PatchPhase.Blocked
        && draft.Status.SpecDigest == draft.Intent.Digest
        && draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Message?.StartsWith(Field, StringComparison.Ordinal) is true
        && draft.Intent.Workloads.Any(w => draft.Intent.IsRouted(w) && RoutesOf(draft, w) is null);

    private static IReadOnlyList<RouteObservation>? RoutesOf(Draft draft, WorkloadIntent workload) =>
        draft.Observed.Of(workload.Target).Traffic is { IsKnown: true } traffic ? traffic.Routes : null;
}

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>What is to split the traffic can do it, and is at rest.</summary>
internal static class TrafficGate
{
    public static Hold? Check(Draft draft)
    {
        if (WorkloadGate.IsEndedForThis(draft))
        {
            return null;
        }

        foreach (var workload in draft.Intent.Workloads.Where(draft.Intent.IsRouted))
        {
            var traffic = draft.Observed.Of(workload.Target).Traffic;
            if (traffic is not { IsKnown: true, Routes: { } routes })
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
        return new Hold(obstacle.Reason, $"spec.canary.traffic: {obstacle.Message}");
    }
}

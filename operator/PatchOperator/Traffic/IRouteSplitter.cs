using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Traffic;

/// <param name="Route">As it is.</param>
/// <param name="Obstacle">Why it cannot split the traffic.</param>
/// <param name="Leftover">What was made beside it and is still there.</param>
internal sealed record RouteReading(RouteObservation Route, TrafficObstacle? Obstacle = null, string? Leftover = null);

/// <summary>What a route is asked for, and the Services that it is about.</summary>
/// <param name="Route">Which one, and what is saved of it.</param>
/// <param name="Services">The user's Services that lead to the workload; each has, or will have, one of the canary's beside it.</param>
internal sealed record RouteTask(RouteStatus Route, IReadOnlyList<string> Services);

/// <summary>One kind of object that splits traffic by weight between Services.</summary>
internal interface IRouteSplitter
{
    RouteKind Kind { get; }

    /// <summary>Makes sure that what <see cref="Read"/> needs is known, as far as it can be.</summary>
    /// <param name="scene">Where.</param>
    /// <param name="routes">Which.</param>
    /// <param name="isStart">Nothing was touched yet, so there is time for questions.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>False if it is not known in time.</returns>
    Task<bool> PrepareAsync(TrafficScene scene, IReadOnlyList<RouteStatus> routes, bool isStart, CancellationToken cancellation);

    RouteReading Read(TrafficScene scene, RouteTask task, ScheduledRouting routing);

    Task SetAsync(TrafficScene scene, RouteTask task, int weight, PreviewIntent? preview, CancellationToken cancellation);

    /// <summary>The route leads nobody to the canary, and is what it was before.</summary>
    Task RestoreAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation);

    /// <summary>What was made beside the route goes.</summary>
    Task RemoveAsync(TrafficScene scene, RouteTask task, CancellationToken cancellation);
}

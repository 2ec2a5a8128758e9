using PatchOperator.Domain.Rollout;

namespace PatchOperator.Traffic;

/// <summary>Picks who splits a workload's traffic: its routes where it has any, and the number of pods otherwise.</summary>
internal sealed class TrafficRouters(ReplicaRatio pods, RouteTraffic routes) : ITrafficRouter
{
    public TrafficObservation Observe(TrafficScene scene, ScheduledRouting? routing) => routing is null ? pods.Observe(scene, null) : routes.Observe(scene, routing);

    public Task<bool> PrepareAsync(TrafficScene scene, ScheduledRouting? routing, bool isStart, CancellationToken cancellation) =>
        routing is null ? Task.FromResult(true) : routes.PrepareAsync(scene, routing, isStart, cancellation);

    public Task EnsureAsync(TrafficScene scene, EnsureRoutes action, CancellationToken cancellation) => routes.EnsureAsync(scene, action, cancellation);

    public Task WithdrawAsync(TrafficScene scene, WithdrawCanaryTraffic action, CancellationToken cancellation) =>
        action.Routes is { Count: > 0 } ? routes.WithdrawAsync(scene, action, cancellation) : pods.WithdrawAsync(scene, action, cancellation);

    public Task RemoveAsync(TrafficScene scene, DeleteRouting action, CancellationToken cancellation) => routes.RemoveAsync(scene, action, cancellation);
}

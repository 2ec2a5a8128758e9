using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Traffic;

/// <summary>One workload of one patch, and what its namespace's caches hold.</summary>
/// <param name="Patch">Owner of everything that is made.</param>
/// <param name="View">The namespace.</param>
/// <param name="Workload">What the patch calls it.</param>
/// <param name="Canary">Its canary's pods.</param>
/// <param name="Stable">Its own pods.</param>
internal sealed record TrafficScene(EmergencyPatch Patch, NamespaceView View, string Workload, IReadOnlyList<PodResource> Canary, IReadOnlyList<PodResource> Stable)
{
    public string Namespace => Patch.Metadata.Namespace ?? "";
}

/// <summary>Who splits the traffic of a workload between stable and canary. Every write may be repeated.</summary>
internal interface ITrafficRouter
{
    /// <summary>Who gets requests now.</summary>
    /// <param name="scene">Where.</param>
    /// <param name="routing">Null where the number of pods decides.</param>
    TrafficObservation Observe(TrafficScene scene, ScheduledRouting? routing);

    /// <summary>The canary gets the share that is asked for.</summary>
    Task EnsureAsync(TrafficScene scene, EnsureRoutes action, CancellationToken cancellation);

    /// <summary>No request reaches the canary's pods any more, while they live on.</summary>
    Task WithdrawAsync(TrafficScene scene, WithdrawCanaryTraffic action, CancellationToken cancellation);

    /// <summary>What was made for the split is gone.</summary>
    Task RemoveAsync(TrafficScene scene, DeleteRouting action, CancellationToken cancellation);
}

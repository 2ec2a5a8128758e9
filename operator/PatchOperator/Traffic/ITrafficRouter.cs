using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Traffic;

/// <summary>Who splits the traffic between stable and canary.</summary>
internal interface ITrafficRouter
{
    /// <summary>Who gets requests now.</summary>
    TrafficObservation Observe(NamespaceView view, IReadOnlyList<PodResource> canary, IReadOnlyList<PodResource> stable);

    /// <summary>Whether requests can reach this pod by what it is, ready or not.</summary>
    bool IsInRotation(NamespaceView view, PodResource pod);

    /// <summary>No request reaches the canary's pods any more, while they live on.</summary>
    Task WithdrawAsync(NamespaceView view, IReadOnlyList<PodResource> canary, CancellationToken cancellation);
}

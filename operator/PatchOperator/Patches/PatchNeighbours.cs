using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Which patches have to do with which workloads and with each other.</summary>
internal sealed class PatchNeighbours(IInformer<EmergencyPatch> patches, IReconcileQueue<EmergencyPatch> queue)
{
    /// <summary>The Deployment a patch is about: what its run began with, else what its spec names.</summary>
    public static string? Deployment(EmergencyPatch patch) => IsRunning(patch) && patch.Status?.Workloads is [{ Deployment: { } running }, ..]
        ? running
        : patch.Spec.Workloads is [{ Deployment: { } named }, ..] ? named : null;

    public static bool IsRunning(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase).IsRunning();

    /// <summary>Name of another patch that runs on this Deployment, or null.</summary>
    public string? Holder(EmergencyPatch patch, string deployment) => patches
        .List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid && IsRunning(other) && Deployment(other) == deployment)
        .Select(other => other.Metadata.Name)
        .Order(StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>Our own write is in the cache before anyone else decides.</summary>
    public void Observe(EmergencyPatch written) => patches.Observe(written);

    public IEnumerable<ObjectKey> OfDeployment(DeploymentResource deployment)
    {
        var name = deployment.Metadata.Name;
        var stable = name.EndsWith(Names.CanarySuffix, StringComparison.Ordinal) ? name[..^Names.CanarySuffix.Length] : null;
        return patches.List(deployment.Metadata.Namespace, p => Deployment(p) is { } target && (target == name || target == stable)).Select(p => ObjectKey.Of(p));
    }

    public IEnumerable<ObjectKey> RunningIn(string? ns) => patches.List(ns, p => IsRunning(p) || p.Metadata.IsTerminating).Select(p => ObjectKey.Of(p));

    /// <summary>A run that ended frees its workload: whoever waits for it looks again.</summary>
    public void WakeAfter(EmergencyPatch before, EmergencyPatch after)
    {
        if (IsRunning(before) && !IsRunning(after))
        {
            WakeWaiting(before);
        }
    }

    public void WakeWaiting(EmergencyPatch ended)
    {
        var deployment = Deployment(ended);
        foreach (var waiting in patches.List(ended.Metadata.Namespace, p => p.Metadata.Uid != ended.Metadata.Uid && Deployment(p) == deployment))
        {
            queue.Enqueue(ObjectKey.Of(waiting));
        }
    }
}

using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Which patches have to do with which workloads and with each other.</summary>
internal sealed class PatchNeighbours(IInformer<EmergencyPatch> patches, IReconcileQueue<EmergencyPatch> queue)
{
    /// <summary>The workloads a patch is about: what its run began with, else what its spec names.</summary>
    public static IEnumerable<WorkloadRef> Workloads(EmergencyPatch patch) => IsRunning(patch) && patch.Status?.Workloads is { Count: > 0 } running
        ? running.Select(w => w.Target())
        : (patch.Spec.Workloads ?? []).Select(w => w.Target()).OfType<WorkloadRef>();

    public static bool IsRunning(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase).IsRunning();

    /// <summary>Another patch that runs on one of these workloads, or null.</summary>
    public HolderObservation? Holder(EmergencyPatch patch, IReadOnlyCollection<WorkloadRef> workloads) => patches
        .List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid && IsRunning(other))
        .OrderBy(other => other.Metadata.Name, StringComparer.Ordinal)
        .SelectMany(other => Workloads(other).Where(workloads.Contains).Select(shared => new HolderObservation(other.Metadata.Name, shared)))
        .FirstOrDefault();

    /// <summary>Our own write is in the cache before anyone else decides.</summary>
    public void Observe(EmergencyPatch written) => patches.Observe(written);

    public IEnumerable<ObjectKey> Of(WorkloadKind kind, ObjectKey workload)
    {
        var named = new WorkloadRef(kind, workload.Name);
        var stable = kind is WorkloadKind.Deployment && workload.Name.EndsWith(Names.CanarySuffix, StringComparison.Ordinal)
            ? named with { Name = workload.Name[..^Names.CanarySuffix.Length] }
            : named;
        return patches.List(workload.Namespace, p => Workloads(p).Any(w => w == named || w == stable)).Select(p => ObjectKey.Of(p));
    }

    public IEnumerable<ObjectKey> RunningIn(string? ns) => patches.List(ns, p => IsRunning(p) || p.Metadata.IsTerminating).Select(p => ObjectKey.Of(p));

    /// <summary>A change of a route matters to runs, and to patches that wait for it to be there or accepted.</summary>
    public IEnumerable<ObjectKey> UsingRoutesIn(string? ns) => patches
        .List(ns, p => IsRunning(p) || p.Metadata.IsTerminating || (IsWaiting(p) && p.Spec.Canary?.Traffic is { ReplicaRatio: null }))
        .Select(p => ObjectKey.Of(p));

    private static bool IsWaiting(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase) is PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval;

    /// <summary>A run that ended frees its workloads: whoever waits for one looks again.</summary>
    public void WakeAfter(EmergencyPatch before, EmergencyPatch after)
    {
        if (IsRunning(before) && !IsRunning(after))
        {
            WakeWaiting(before);
        }
    }

    public void WakeWaiting(EmergencyPatch ended)
    {
        var freed = Workloads(ended).ToHashSet();
        foreach (var waiting in patches.List(ended.Metadata.Namespace, p => p.Metadata.Uid != ended.Metadata.Uid && Workloads(p).Any(freed.Contains)))
        {
            queue.Enqueue(ObjectKey.Of(waiting));
        }
    }
}

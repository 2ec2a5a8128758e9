using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// One decision at a time for each workload, so that two patches cannot both see it free (S11). Between processes the leader's term does the same.
/// Nobody waits inside: a worker that did would be missing to patches that have nothing to do with the workload.
/// </summary>
internal sealed class WorkloadLocks(IReconcileQueue<EmergencyPatch> queue)
{
    /// <summary>What is decided about now, each with the patches that wait for the end of it.</summary>
    private readonly Dictionary<(string Namespace, WorkloadRef Workload), HashSet<ObjectKey>> held = [];

    /// <returns>Null while one of them is decided about; the patch is enqueued when that is over.</returns>
    public IDisposable? TryEnter(EmergencyPatch patch, IEnumerable<WorkloadRef> workloads)
    {
        var wanted = workloads.Distinct().Select(workload => (patch.Metadata.Namespace ?? "", workload)).ToArray();
        lock (held)
        {
            foreach (var key in wanted)
            {
                if (held.TryGetValue(key, out var waiting))
                {
                    waiting.Add(ObjectKey.Of(patch));
                    return null;
                }
            }

            foreach (var key in wanted)
            {
                held[key] = [];
            }
        }

        return new Holder(() => Leave(wanted));
    }

    private void Leave((string Namespace, WorkloadRef Workload)[] keys)
    {
        HashSet<ObjectKey> waiting = [];
        lock (held)
        {
            foreach (var key in keys)
            {
                held.Remove(key, out var those);
                waiting.UnionWith(those!);
            }
        }

        foreach (var patch in waiting)
        {
            queue.Enqueue(patch);
        }
    }

    private sealed class Holder(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}

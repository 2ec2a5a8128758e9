using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>
/// One decision at a time for each workload, so that two patches cannot both see it free (S11). Between processes the leader's term does the same.
/// </summary>
internal sealed class WorkloadLocks
{
    private readonly Dictionary<(string Namespace, WorkloadRef Workload), Entry> entries = [];

    /// <summary>Always in the same order, so that two patches with the same workloads never wait for each other.</summary>
    public async Task<IDisposable> EnterAsync(EmergencyPatch patch, IEnumerable<WorkloadRef> workloads, CancellationToken cancellation)
    {
        var held = new Holder();
        try
        {
            foreach (var workload in workloads.Distinct().OrderBy(w => w.Kind).ThenBy(w => w.Name, StringComparer.Ordinal))
            {
                held.Add(await EnterAsync((patch.Metadata.Namespace ?? "", workload), cancellation));
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private async Task<Action> EnterAsync((string Namespace, WorkloadRef Workload) key, CancellationToken cancellation)
    {
        Entry entry;
        lock (entries)
        {
            if (!entries.TryGetValue(key, out entry!))
            {
                entries[key] = entry = new Entry();
            }

            entry.Users++;
        }

        try
        {
            await entry.Semaphore.WaitAsync(cancellation);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }

        return () =>
        {
            entry.Semaphore.Release();
            Leave(key, entry);
        };
    }

    private void Leave((string Namespace, WorkloadRef Workload) key, Entry entry)
    {
        lock (entries)
        {
            if (--entry.Users == 0)
            {
                entries.Remove(key);
                entry.Semaphore.Dispose();
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Holder : IDisposable
    {
        private readonly Stack<Action> leave = [];

        public void Add(Action action) => leave.Push(action);

        public void Dispose()
        {
            while (leave.TryPop(out var action))
            {
                action();
            }
        }
    }
}

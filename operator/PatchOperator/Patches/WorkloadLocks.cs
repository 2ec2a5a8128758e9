using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Patches;

/// <summary>
/// One decision at a time for each workload, so that two patches cannot both see it free (S11). Between processes the leader's term does the same.
/// </summary>
internal sealed class WorkloadLocks
{
    private readonly Dictionary<ObjectKey, Entry> entries = [];

    public async Task<IDisposable> EnterAsync(EmergencyPatch patch, string deployment, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", deployment);
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

        return new Holder(this, key, entry);
    }

    private void Leave(ObjectKey key, Entry entry)
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

    private sealed class Holder(WorkloadLocks owner, ObjectKey key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Semaphore.Release();
            owner.Leave(key, entry);
        }
    }
}

using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>
/// Watches each object of one kind that a waiting patch names, that one object and no other, for as long as some patch waits. A change of it
/// wakes its patches.
/// </summary>
internal sealed class NamedWatches<T>(ResourceType<T> type, IInformerFactory informers, IReconcileQueue<EmergencyPatch> queue, TimeProvider time) : IDisposable
    where T : class, IResource
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, Watch> watches = [];

    /// <summary>Watches these and no others for the patch.</summary>
    public void Use(ObjectKey patch, IReadOnlyCollection<ObjectKey> objects)
    {
        lock (gate)
        {
            foreach (var (key, watch) in watches.Where(each => each.Value.Patches.Contains(patch) && !objects.Contains(each.Key)).ToArray())
            {
                Leave(key, watch, patch);
            }

            foreach (var key in objects)
            {
                if (!watches.TryGetValue(key, out var watch))
                {
                    var lease = informers.Shared(type, key.Namespace, fieldSelector: $"metadata.name={key.Name}");
                    watches[key] = watch = new Watch(lease, queue.Map(lease.Informer, _ => Waiting(key)));
                }

                watch.Patches.Add(patch);
            }
        }
    }

    public void Release(ObjectKey patch) => Use(patch, []);

    /// <summary>Null if there is no such object. False in the second place if that is not known yet.</summary>
    public async Task<(T? Object, bool IsKnown)> GetAsync(ObjectKey key, CancellationToken cancellation)
    {
        Watch? watch;
        lock (gate)
        {
            if (!watches.TryGetValue(key, out watch))
            {
                return (null, false);
            }
        }

        var informer = watch.Lease.Informer;
        return informer.HasSynced || await watch.Wait.ForAsync(informer.WaitForSyncAsync, time, cancellation) ? (informer.Get(key), true) : (null, false);
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var watch in watches.Values)
            {
                watch.Dispose();
            }

            watches.Clear();
        }
    }

    private ObjectKey[] Waiting(ObjectKey key)
    {
        lock (gate)
        {
            return watches.TryGetValue(key, out var watch) ? [.. watch.Patches] : [];
        }
    }

    private void Leave(ObjectKey key, Watch watch, ObjectKey patch)
    {
        watch.Patches.Remove(patch);
        if (watch.Patches.Count == 0)
        {
            watches.Remove(key);
            watch.Dispose();
        }
    }

    private sealed class Watch(IInformerLease<T> lease, IDisposable subscription) : IDisposable
    {
        public IInformerLease<T> Lease { get; } = lease;

        public CacheWait Wait { get; } = new();

        public HashSet<ObjectKey> Patches { get; } = [];

        public void Dispose()
        {
            subscription.Dispose();
            Lease.Dispose();
        }
    }
}

using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>The queue of one controller, and the last state of objects whose deletion it has not been told of yet.</summary>
internal sealed class ReconcileQueue<T>(ResourceType<T> type, RuntimeMetrics metrics, TimeProvider time, Func<double> random) : IReconcileQueue<T>, IDisposable
    where T : class, IResource
{
    public WorkQueue<ObjectKey> Keys { get; } = new(type.ToString(), time, Backoff.Default, random, metrics);

    public ConcurrentDictionary<ObjectKey, T> Deleted { get; } = [];

    public void Enqueue(ObjectKey key) => Keys.Add(key);

    public void EnqueueAfter(ObjectKey key, TimeSpan delay) => Keys.AddAfter(key, delay);

    public IDisposable Map<TOther>(IInformer<TOther> informer, Func<TOther, IEnumerable<ObjectKey>> owners)
        where TOther : class, IResource =>
        informer.Subscribe(change =>
        {
            foreach (var owner in owners(change.Object))
            {
                Keys.Add(owner);
            }

            if (change.Previous is { } previous)
            {
                // Who owned it before the change must know as well.
                foreach (var owner in owners(previous))
                {
                    Keys.Add(owner);
                }
            }
        });

    public void Dispose() => Keys.Dispose();
}

/// <summary>The informer of a controller's own kind, held for the life of the process.</summary>
internal sealed class PrimaryInformer<T>(IInformerFactory factory, ResourceType<T> type, OperatorOptions options) : IDisposable
    where T : class, IResource
{
    private readonly IInformerLease<T> lease = factory.Shared(type, options.WatchNamespace);

    public IInformer<T> Informer => lease.Informer;

    public void Dispose() => lease.Dispose();
}

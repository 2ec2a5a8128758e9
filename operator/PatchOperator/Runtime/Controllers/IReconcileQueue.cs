using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>Asks for reconciles of <typeparamref name="T"/> from outside its own events. One per controller; inject it.</summary>
public interface IReconcileQueue<T>
    where T : class, IResource
{
    /// <summary>Runs a reconcile as soon as possible; requests that wait already are merged, and one that comes during a reconcile runs after it.</summary>
    void Enqueue(ObjectKey key);

    /// <summary>Like <see cref="Enqueue"/>, later; the earliest of several times wins.</summary>
    void EnqueueAfter(ObjectKey key, TimeSpan delay);

    /// <summary>
    /// From now on every event of <paramref name="informer"/> (and its present content) enqueues the owners of the object before and after the change.
    /// Dispose the result to stop.
    /// </summary>
    IDisposable Map<TOther>(IInformer<TOther> informer, Func<TOther, IEnumerable<ObjectKey>> owners)
        where TOther : class, IResource;
}

using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

public enum InformerEventType
{
    Added,
    Modified,
    Deleted,
}

/// <param name="Type">What happened.</param>
/// <param name="Object">The object now; for Deleted its last known state.</param>
/// <param name="Previous">The state before, for Modified.</param>
/// <param name="IsOwnWrite">The change came from <see cref="IInformer{T}.Observe"/>.</param>
public sealed record InformerEvent<T>(InformerEventType Type, T Object, T? Previous = null, bool IsOwnWrite = false)
    where T : class, IResource;

/// <summary>An object that exists but does not fit its type, so that a controller can say so where its author looks.</summary>
/// <param name="Error">What the decoder said.</param>
public sealed record UndecodableObject(ObjectKey Key, string Uid, string ResourceVersion, string Error);

/// <summary>
/// A local copy of all objects of one kind (in one scope) that is kept current by list and watch, for ever. The copy never goes back in time,
/// is never older than our own last observed write, and one object that cannot be decoded does not keep the others from arriving.
/// </summary>
public interface IInformer<T>
    where T : class, IResource
{
    /// <summary>The first list is complete.</summary>
    bool HasSynced { get; }

    /// <summary>Objects of the scope that could not be decoded in their newest version. Their last readable version stays in the copy.</summary>
    IReadOnlyList<UndecodableObject> Undecodable { get; }

    T? Get(ObjectKey key);

    /// <param name="ns">Null lists all namespaces of the scope.</param>
    /// <param name="where">Null lists everything.</param>
    IReadOnlyCollection<T> List(string? ns = null, Func<T, bool>? where = null);

    /// <summary>
    /// Calls back for every change, in order and one at a time, beginning with Added for each object already here. A deletion that
    /// happened while disconnected is announced after the reconnect; a version seen before is not announced again.
    /// The callback must be quick and must not throw.
    /// </summary>
    IDisposable Subscribe(Action<InformerEvent<T>> onEvent);

    /// <summary>
    /// Takes over the answer to our own write, so that the copy is not older than it until the watch catches up. Ignored if the copy is newer.
    /// Its echo on the watch is not announced; foreign changes it carries are.
    /// </summary>
    void Observe(T written);

    Task WaitForSyncAsync(CancellationToken cancellation);
}

/// <summary>Keeps a shared informer running for as long as it is not disposed.</summary>
public interface IInformerLease<T> : IDisposable
    where T : class, IResource
{
    IInformer<T> Informer { get; }
}

/// <summary>
/// Informers by kind and scope, shared and counted: the last returned lease stops the informer after a linger, so that an idle operator watches
/// nothing it does not need.
/// </summary>
public interface IInformerFactory
{
    /// <param name="type">The kind.</param>
    /// <param name="ns">Null watches all namespaces.</param>
    /// <param name="labelSelector">Null watches everything.</param>
    /// <param name="fieldSelector">For example <c>metadata.name=shop</c>, to watch one object alone. Null watches everything.</param>
    IInformerLease<T> Shared<T>(ResourceType<T> type, string? ns = null, string? labelSelector = null, string? fieldSelector = null)
        where T : class, IResource;
}

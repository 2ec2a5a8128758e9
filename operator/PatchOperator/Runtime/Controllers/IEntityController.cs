using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// Brings the world in line with one object. The runtime never runs two calls for the same object at once, runs calls only within a
/// leader's term, repeats a failed one for ever with a capped delay, and cancels the token when the term, the time limit or the process ends.
/// </summary>
public interface IEntityController<T>
    where T : class, IResource
{
    /// <param name="entity">Never older than our own last write; not terminating.</param>
    /// <param name="cancellation">Pass it to every call.</param>
    Task<ReconciliationResult<T>> ReconcileAsync(T entity, CancellationToken cancellation);

    /// <summary>
    /// True: what was begun for it must be looked after, also while a finalizer that somebody took away cannot be put back.
    /// </summary>
    bool IsUnderWay(T entity) => false;

    /// <summary>
    /// The object is gone; <paramref name="entity"/> is its last known state. At most once, and not at all if it went while no process led:
    /// what must happen belongs into a finalizer.
    /// </summary>
    Task<ReconciliationResult<T>> DeletedAsync(T entity, CancellationToken cancellation);
}

/// <summary>Runs before an object may go. The runtime attaches the finalizer before the first reconcile, and puts one back that was taken away; never to a terminating object.</summary>
public interface IEntityFinalizer<T>
    where T : class, IResource
{
    /// <summary>With a domain, as the API demands: <c>patchoperator.io/revert</c>.</summary>
    string Name { get; }

    /// <summary>
    /// The finalizer is removed when this returns Success without <c>requeueAfter</c>. Anything else means "not yet", and it is called again, for ever.
    /// </summary>
    Task<ReconciliationResult<T>> FinalizeAsync(T entity, CancellationToken cancellation);
}

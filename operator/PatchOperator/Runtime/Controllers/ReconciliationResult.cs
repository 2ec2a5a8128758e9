using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// How a reconcile went, and when it wants to run again. A returned time replaces the object's timed requeue; none leaves an earlier-set one in place,
/// so an event can never lose a wake-up.
/// </summary>
public sealed record ReconciliationResult<T>
    where T : class, IResource
{
    private ReconciliationResult(T entity)
    {
        Entity = entity;
    }

    /// <summary>The newest version the reconcile has of it: the runtime gives it to <see cref="IInformer{T}.Observe"/>.</summary>
    public T Entity { get; }

    public bool IsSuccess { get; private init; }

    public string? Message { get; private init; }

    public Exception? Exception { get; private init; }

    public TimeSpan? RequeueAfter { get; private init; }

    /// <summary>For a failure: the object wants to run again by then even if the delay of its failures is longer.</summary>
    public TimeSpan? NoLaterThan { get; private init; }

#pragma warning disable CA1000 // The shape that users of KubeOps know: ReconciliationResult<T>.Success(entity)
    public static ReconciliationResult<T> Success(T entity, TimeSpan? requeueAfter = null) =>
        new(entity) { IsSuccess = true, RequeueAfter = requeueAfter };

    /// <param name="entity">The object.</param>
    /// <param name="message">What went wrong.</param>
    /// <param name="exception">For the log.</param>
    /// <param name="requeueAfter">Null: the growing delay between 1 s and 60 s.</param>
    /// <param name="noLaterThan">Bounds that delay, and never lengthens it.</param>
    public static ReconciliationResult<T> Failure(T entity, string message, Exception? exception = null, TimeSpan? requeueAfter = null, TimeSpan? noLaterThan = null) =>
        new(entity) { Message = message, Exception = exception, RequeueAfter = requeueAfter, NoLaterThan = noLaterThan };
#pragma warning restore CA1000
}

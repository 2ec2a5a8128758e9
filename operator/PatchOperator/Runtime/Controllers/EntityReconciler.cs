using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>What the queue needs to know of a run; <paramref name="Version"/> is the newest version of the object that the run knows of.</summary>
internal readonly record struct RunOutcome(TimeSpan? RequeueAfter, bool Failed = false, string? Message = null, Exception? Exception = null, string? Version = null, TimeSpan? NoLaterThan = null);

/// <summary>Which of the controller's methods an object needs now: told of its deletion, finalized, or reconciled.</summary>
internal sealed class EntityReconciler<T>(
    PrimaryInformer<T> primary, ReconcileQueue<T> queue, IEntityController<T> controller, FinalizerKeeper<T> finalizers, TimeProvider time)
    where T : class, IResource
{
    /// <summary>How long what is under way waits for a finalizer to be put back, each time.</summary>
    private readonly TimeLimit attaching = new(TimeSpan.FromSeconds(1), time);

    public async Task<RunOutcome> RunAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (queue.Deleted.TryGetValue(key, out var gone))
        {
            var told = await controller.DeletedAsync(gone, cancellation);
            if (!told.IsSuccess)
            {
                return Outcome(told);
            }

            queue.Deleted.TryRemove(KeyValuePair.Create(key, gone));
        }

        var entity = primary.Informer.Get(key);
        if (entity is null)
        {
            queue.Keys.Forget(key);
            return default;
        }

        return entity.Metadata.IsTerminating ? await FinalizeAsync(entity, cancellation) : await ReconcileAsync(entity, cancellation);
    }

    private async Task<RunOutcome> ReconcileAsync(T entity, CancellationToken cancellation)
    {
        if (finalizers.Missing(entity) is { Count: > 0 } missing)
        {
            if (controller.IsUnderWay(entity))
            {
                return await ReattachAsync(await TryAsync(entity, cancellation), missing, cancellation);
            }

            entity = await finalizers.AttachAsync(entity, cancellation);
            primary.Informer.Observe(entity);
        }

        var result = await controller.ReconcileAsync(entity, cancellation);
        primary.Informer.Observe(result.Entity);
        return Outcome(result);
    }

    /// <summary>What throws is a failure like another: a finalizer is put back all the same.</summary>
    private async Task<ReconciliationResult<T>> TryAsync(T entity, CancellationToken cancellation)
    {
        try
        {
            return await controller.ReconcileAsync(entity, cancellation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return ReconciliationResult<T>.Failure(entity, exception.Message, exception);
        }
    }

    /// <summary>After the reconcile, and as its failure: nothing that is under way waits for a finalizer.</summary>
    private async Task<RunOutcome> ReattachAsync(ReconciliationResult<T> result, IReadOnlyList<string> missing, CancellationToken cancellation)
    {
        primary.Informer.Observe(result.Entity);
        try
        {
            var attached = await attaching.RunAsync(result.Entity.Metadata.Uid, $"PATCH {ObjectKey.Of(result.Entity)}", token => finalizers.AttachAsync(result.Entity, token), cancellation);
            primary.Informer.Observe(attached);
            return Outcome(result) with { Version = attached.Metadata.ResourceVersion };
        }
        catch (ClusterException exception)
        {
            var message = $"The finalizer {string.Join(", ", missing)} was taken away and cannot be put back: {exception.Message}";
            return Outcome(result.IsSuccess ? ReconciliationResult<T>.Failure(result.Entity, message, exception, noLaterThan: result.RequeueAfter) : result);
        }
    }

    private async Task<RunOutcome> FinalizeAsync(T entity, CancellationToken cancellation)
    {
        while (finalizers.Next(entity) is { } finalizer)
        {
            var result = await finalizer.FinalizeAsync(entity, cancellation);
            primary.Informer.Observe(result.Entity);
            if (!result.IsSuccess || result.RequeueAfter is not null)
            {
                return Outcome(result);
            }

            // Its position in the list may have moved while the finalizer wrote to the object.
            var latest = primary.Informer.Get(ObjectKey.Of(entity)) ?? entity;
            if (await finalizers.RemoveAsync(latest, finalizer.Name, cancellation) is not { } released)
            {
                break;
            }

            primary.Informer.Observe(released);
            entity = released;
        }

        return default;
    }

    private static RunOutcome Outcome(ReconciliationResult<T> result) =>
        new(result.RequeueAfter, !result.IsSuccess, result.Message, result.Exception, result.Entity.Metadata.ResourceVersion, result.NoLaterThan);
}

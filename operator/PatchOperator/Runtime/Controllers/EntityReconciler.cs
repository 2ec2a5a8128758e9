using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>What the queue needs to know of a run; <paramref name="Version"/> is the newest version of the object that the run knows of.</summary>
internal readonly record struct RunOutcome(TimeSpan? RequeueAfter, bool Failed = false, string? Message = null, Exception? Exception = null, string? Version = null, TimeSpan? NoLaterThan = null);

/// <summary>Which of the controller's methods an object needs now: told of its deletion, finalized, or reconciled.</summary>
internal sealed class EntityReconciler<T>(
    PrimaryInformer<T> primary, ReconcileQueue<T> queue, IEntityController<T> controller, FinalizerKeeper<T> finalizers)
    where T : class, IResource
{
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
        var attached = await finalizers.AttachAsync(entity, cancellation);
        if (!ReferenceEquals(attached, entity))
        {
            primary.Informer.Observe(attached);
        }

        var result = await controller.ReconcileAsync(attached, cancellation);
        primary.Informer.Observe(result.Entity);
        return Outcome(result);
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

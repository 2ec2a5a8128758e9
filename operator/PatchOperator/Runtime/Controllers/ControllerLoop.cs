using System.Threading.Channels;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

internal interface IControllerLoop
{
    string Name { get; }

    /// <summary>Ends when <paramref name="stop"/> is cancelled and the reconciles under way are done, or cut off by the drain limit.</summary>
    Task RunAsync(CancellationToken stop);
}

/// <summary>One kind's workers: take a key, run <see cref="EntityReconciler{T}"/>, tell the queue how it went. Only within a leader's term.</summary>
internal sealed class ControllerLoop<T>(
    ResourceType<T> type, PrimaryInformer<T> primary, ReconcileQueue<T> queue, EntityReconciler<T> reconciler, ILeadership leadership, OperatorOptions options,
    RuntimeMetrics metrics, TimeProvider time, ILogger<ControllerLoop<T>> logger) : IControllerLoop
    where T : class, IResource
{
    private readonly StatusEchoes echoes = new();

    public string Name => $"controller {type}";

    public async Task RunAsync(CancellationToken stop)
    {
        using var subscription = primary.Informer.Subscribe(OnChange);
        using var drain = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var stopping = stop.Register(() => drain.CancelAfter(options.DrainTimeout));
        await primary.Informer.WaitForSyncAsync(stop);
        while (!stop.IsCancellationRequested)
        {
            var term = await leadership.WaitForTermAsync(stop);
            // Whoever led before may have stopped in the middle of anything.
            foreach (var entity in primary.Informer.List())
            {
                queue.Enqueue(ObjectKey.Of(entity));
            }

            using var intake = CancellationTokenSource.CreateLinkedTokenSource(stop, term.Token);
            await Task.WhenAll(Enumerable.Range(0, options.Workers).Select(_ => WorkAsync(term, intake.Token, drain.Token)));
        }
    }

    private void OnChange(InformerEvent<T> change)
    {
        // A follower collects nothing: its term will begin with every object, and what must happen on deletion belongs into a finalizer.
        if (leadership.Current is null || !ChangeFilter.IsRelevant(change))
        {
            return;
        }

        var key = ObjectKey.Of(change.Object);
        if (ChangeFilter.MayBeEcho(change) && echoes.Hold(key, change.Object.Metadata.ResourceVersion))
        {
            return;
        }

        if (change.Type == InformerEventType.Deleted)
        {
            queue.Deleted[key] = change.Object;
        }

        queue.Enqueue(key);
    }

    private async Task WorkAsync(LeaderTerm term, CancellationToken intake, CancellationToken drain)
    {
        while (!intake.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                key = await queue.Keys.TakeAsync(intake);
            }
            catch (Exception exception) when (intake.IsCancellationRequested && exception is OperationCanceledException or ChannelClosedException)
            {
                return;
            }

            await RunOnceAsync(key, term, drain);
        }
    }

    private async Task RunOnceAsync(ObjectKey key, LeaderTerm term, CancellationToken drain)
    {
        using var scope = logger.BeginScope("{Kind} {Object}", type.Kind, key);
        using var limit = new CancellationTokenSource(options.ReconcileTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(term.Token, drain, limit.Token);
        var started = time.GetTimestamp();
        var result = "success";
        echoes.Begin(key);
        try
        {
            var outcome = await reconciler.RunAsync(key, either.Token);
            // Before the key is given back: from then on another worker may begin with it.
            var isNews = echoes.End(key, outcome.Failed ? null : outcome.Version);
            if (outcome.Failed)
            {
                result = Failed(key, outcome.Message, outcome.Exception, outcome.RequeueAfter, outcome.NoLaterThan);
            }
            else
            {
                queue.Keys.Succeed(key, outcome.RequeueAfter);
            }

            if (isNews)
            {
                queue.Enqueue(key);
            }
        }
        catch (OperationCanceledException) when (term.Token.IsCancellationRequested || drain.IsCancellationRequested)
        {
            result = "cancelled";
            echoes.End(key, null);
            queue.Keys.Add(key);
            queue.Keys.Succeed(key);
        }
        catch (Exception exception)
        {
            echoes.End(key, null);
            var late = exception is OperationCanceledException && limit.IsCancellationRequested;
            result = Failed(key, late ? $"The reconcile took longer than {options.ReconcileTimeout.TotalSeconds:0} s" : exception.Message, exception, null, null);
        }
        finally
        {
            metrics.Reconciled(type, result, time.GetElapsedTime(started));
        }
    }

    private string Failed(ObjectKey key, string? message, Exception? exception, TimeSpan? requeueAfter, TimeSpan? noLaterThan)
    {
        var error = (exception as ClusterException)?.Error;
        var delay = queue.Keys.Fail(key, requeueAfter ?? error?.RetryAfter, noLaterThan);
        if (error?.Kind == ApiErrorKind.Conflict)
        {
            logger.LogDebug("{Kind} {Object} changed meanwhile; again in {Delay}", type.Kind, key, delay);
            return "conflict";
        }

        // The API's own words are the message; a stack trace helps only with errors of ours.
        logger.LogWarning(error is null ? exception : null, "Reconcile of {Kind} {Object} failed, again in {Delay}: {Error}", type.Kind, key, delay, message);
        return "failure";
    }
}

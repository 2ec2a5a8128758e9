using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Notifications;
using PatchOperator.Runtime;
using Polly;
using Polly.Retry;

namespace PatchOperator.Notifications;

/// <summary>
/// Delivers what statuses hold in their outbox, beside the reconciles: offering never waits, and a receiver that is slow or away keeps no other waiting.
/// The end of a delivery wakes its patch, which then takes it from the outbox. What is lost with the process is offered again by the next one.
/// </summary>
internal sealed class Notifier(
    ReceiverSettings settings, Sender sender, IReconcileQueue<EmergencyPatch> queue, NotificationMetrics metrics, TimeProvider time, ILogger<Notifier> logger) : IDisposable
{
    /// <summary>Deliveries under way, of all patches; the rest waits in the statuses.</summary>
    public const int MostUnderWay = 500;

    /// <summary>Requests to one receiver at once.</summary>
    private const int AtOnce = 2;

    /// <summary>With delays of 1 s to 1 min, about an hour.</summary>
    private const int MostRetries = 65;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    /// <summary>What happened a day ago is in the report; nobody needs to be woken for it any more.</summary>
    private static readonly TimeSpan TooOld = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<(string Uid, string Id, string Receiver), (DeliveryOutcome? Outcome, DateTimeOffset At)> deliveries = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> gates = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();

    /// <summary>Begins to deliver what the stored status holds and is not under way. Never waits.</summary>
    public void Offer(EmergencyPatch patch)
    {
        var waiting = patch.Status?.Notifications ?? [];
        Forget(patch, waiting);
        foreach (var notification in waiting)
        {
            foreach (var receiver in notification.To)
            {
                var key = (patch.Metadata.Uid, notification.Id, receiver);
                if (deliveries.ContainsKey(key))
                {
                    continue;
                }

                if (deliveries.Count(d => d.Value.Outcome is null) >= MostUnderWay)
                {
                    queue.EnqueueAfter(ObjectKey.Of(patch), AskAgain);
                    return;
                }

                if (deliveries.TryAdd(key, (null, time.GetUtcNow())))
                {
                    metrics.Waiting(1);
                    _ = DeliverAsync(key, ObjectKey.Of(patch), Message.Of(patch, notification));
                }
            }
        }
    }

    /// <summary>Deliveries of this patch that have ended and are still in its status.</summary>
    public IReadOnlyList<DeliveryOutcome> OutcomesOf(EmergencyPatch patch) =>
        patch.Status?.Notifications is { Count: > 0 } ? [.. deliveries.Where(d => d.Key.Uid == patch.Metadata.Uid).Select(d => d.Value.Outcome).OfType<DeliveryOutcome>()] : [];

    public void Dispose()
    {
        stop.Cancel();
        foreach (var gate in gates.Values)
        {
            gate.Dispose();
        }

        stop.Dispose();
    }

    /// <summary>What left the status a while ago needs no memory; before that, a cache that lags may still show it.</summary>
    private void Forget(EmergencyPatch patch, IReadOnlyList<NotificationStatus> waiting)
    {
        foreach (var (key, (outcome, at)) in deliveries)
        {
            if (outcome is not null && at + Remembered < time.GetUtcNow() && (key.Uid != patch.Metadata.Uid || !waiting.Any(n => n.Id == key.Id && n.To.Contains(key.Receiver))))
            {
                deliveries.TryRemove(key, out _);
            }
        }
    }

    private async Task DeliverAsync((string Uid, string Id, string Receiver) key, ObjectKey patch, Message message)
    {
        try
        {
            // Off the reconcile's thread before anything can block.
            await Task.Yield();
            var attempt = settings.Receivers.GetValueOrDefault(key.Receiver) is not { } receiver
                ? new Attempt("no receiver of that name is configured any more", IsFinal: true)
                : time.GetUtcNow() - message.Notification.At > TooOld
                    ? new Attempt("it is more than a day old", IsFinal: true)
                    : await SendAsync(receiver, message, stop.Token);
            deliveries[key] = (new DeliveryOutcome(key.Id, key.Receiver, attempt.Problem), time.GetUtcNow());
            metrics.Ended(key.Receiver, attempt.Problem is null);
            if (attempt.Problem is null)
            {
                logger.LogInformation("Told {Receiver} of {Reason} of {Patch} ({Id})", key.Receiver, message.Notification.Reason, patch, key.Id);
            }
            else
            {
                logger.LogWarning("Gave up telling {Receiver} of {Reason} of {Patch} ({Id}): {Problem}", key.Receiver, message.Notification.Reason, patch, key.Id, attempt.Problem);
            }

            queue.Enqueue(patch);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The process ends; the next one finds it in the status.
        }
        finally
        {
            metrics.Waiting(-1);
        }
    }

    private async Task<Attempt> SendAsync(Receiver receiver, Message message, CancellationToken cancellation)
    {
        var gate = gates.GetOrAdd(receiver.Name, _ => new SemaphoreSlim(AtOnce));
        var isFirst = true;
        return await Retry(receiver, message).ExecuteAsync(
            async token =>
            {
                await gate.WaitAsync(token);
                try
                {
                    var attempt = await sender.SendAsync(receiver, message, fresh: !isFirst, token);
                    isFirst = false;
                    return attempt;
                }
                finally
                {
                    gate.Release();
                }
            },
            cancellation);
    }

    private ResiliencePipeline<Attempt> Retry(Receiver receiver, Message message) => new ResiliencePipelineBuilder<Attempt> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<Attempt>
        {
            MaxRetryAttempts = MostRetries,
            Delay = FirstDelay,
            MaxDelay = LongestDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { Problem: not null, IsFinal: false }),
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.RetryAfter is { } asked ? asked < LongestDelay ? asked : LongestDelay : (TimeSpan?)null),
            OnRetry = arguments =>
            {
                metrics.Retried(receiver.Name);
                logger.LogDebug("{Receiver} was not told of {Reason} of {Patch}: {Problem}; trying again in {Delay}", receiver.Name, message.Notification.Reason, message.Subject, arguments.Outcome.Result?.Problem, arguments.RetryDelay);
                return ValueTask.CompletedTask;
            },
        })
        .Build();
}

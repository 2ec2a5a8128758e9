using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// Takes, renews and releases the Lease. A term ends by the clock, not by an answer: its token is cancelled at the renew deadline, counted from
/// before the last successful renewal was sent, whatever happens to the requests after it.
/// </summary>
internal sealed class LeaderElector(
    IClusterClient client, LeaderElectionOptions options, string identity, string ns, RuntimeMetrics metrics, TimeProvider time, Func<double> random,
    ILogger<LeaderElector> logger) : ILeadership, IDisposable
{
    public static readonly ResourceType Leases = new("coordination.k8s.io", "v1", "leases", "Lease");

    private readonly Lock gate = new();
    private readonly ObjectKey key = new(options.LeaseNamespace ?? ns, options.LeaseName);
    private readonly LeaseObservation observation = new(identity, options.LeaseDuration);
    private readonly long epoch = time.GetTimestamp();
    private CancellationTokenSource? termEnd;

    /// <summary>When the last renewal was sent.</summary>
    private long renewedAt;

    /// <summary>The Lease as our last renewal left it: the next one needs no look first, since any other write makes it a conflict.</summary>
    private JsonObject? held;
    private LeaderTerm? term;
    private TaskCompletionSource<LeaderTerm> next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LeaderTerm? Current
    {
        get
        {
            lock (gate)
            {
                return IsOn ? term : null;
            }
        }
    }

    public Task<LeaderTerm> WaitForTermAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            return IsOn ? Task.FromResult(term!) : next.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>A process that was stopped for a while writes before the timers of that while have run, so the clock is asked as well as the token.</summary>
    private bool IsOn => term is { Token.IsCancellationRequested: false } && time.GetElapsedTime(renewedAt) < options.RenewDeadline;

    public async Task RunAsync(CancellationToken stop)
    {
        var isSecondLook = false;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            using (var deadline = new CancellationTokenSource(options.RenewDeadline / 2, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token))
            {
                try
                {
                    await TryOnceAsync(either.Token);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    throw;
                }
                catch (ClusterException exception) when (exception.Kind is ApiErrorKind.Conflict or ApiErrorKind.NotFound && Current is not null && !isSecondLook)
                {
                    // Somebody wrote or deleted what we hold: a term that is another's by now ends at once, and not when the next renewal is due.
                    isSecondLook = true;
                    continue;
                }
                catch (Exception exception) when (exception is ClusterException or OperationCanceledException)
                {
                    // Also a conflict: someone was faster, and the next look shows who.
                    logger.LogDebug(exception, "Lease {Lease} could not be read or written", key);
                }
            }

            isSecondLook = false;
            NoteEnd();
            await Task.Delay(options.RetryPeriod * (1 + (0.1 * random())), time, stop);
        }
    }

    /// <summary>Ends our term and clears the holder, so that the next process need not wait for the lease to expire. Best effort.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        var led = Current is not null;
        EndTerm();
        if (!led)
        {
            return;
        }

        try
        {
            var lease = await client.FindAsync(Leases, key, cancellation);
            if (lease is not null && LeaseRecord.Of(lease) is { } record && record.Holder == identity)
            {
                var released = LeaseRecord.Write(lease, key.Namespace, key.Name, "", TimeSpan.FromSeconds(1), time.GetUtcNow(), record.Transitions, acquire: false);
                await client.ReplaceAsync(Leases, key, released, cancellation);
                logger.LogInformation("Released lease {Lease}", key);
            }
        }
        catch (Exception exception) when (exception is ClusterException or OperationCanceledException)
        {
            logger.LogWarning("Lease {Lease} could not be released; it expires by itself: {Error}", key, exception.Message);
        }
    }

    public void Dispose() => EndTerm();

    private async Task TryOnceAsync(CancellationToken cancellation)
    {
        var read = Current is null || held is null ? await client.FindAsync(Leases, key, cancellation) : held;
        held = null;
        var record = read is null ? null : LeaseRecord.Of(read);
        var isKnown = observation.HasSeenAny;
        var move = observation.Decide(record, Current is not null, time.GetElapsedTime(epoch));
        if (move == LeaseMove.Wait)
        {
            EndTerm();
            return;
        }

        var acquire = move != LeaseMove.Renew;
        var transitions = observation.Transitions + (move == LeaseMove.Take || (move == LeaseMove.Create && isKnown) ? 1 : 0);
        var lease = LeaseRecord.Write(read, key.Namespace, key.Name, identity, options.LeaseDuration, time.GetUtcNow(), transitions, acquire);
        // Before the request: the others' wait begins when the server has it, which is not earlier.
        var sent = time.GetTimestamp();
        held = move == LeaseMove.Create
            ? await client.CreateAsync(Leases, key.Namespace, lease, cancellation)
            : await client.ReplaceAsync(Leases, key, lease, cancellation);
        var left = options.RenewDeadline - time.GetElapsedTime(sent);
        if (acquire)
        {
            Begin(transitions, sent, left);
        }
        else
        {
            Extend(sent, left);
        }
    }

    private void Begin(long transitions, long sent, TimeSpan left)
    {
        EndTerm();
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        LeaderTerm begun;
        TaskCompletionSource<LeaderTerm> waiting;
        lock (gate)
        {
            renewedAt = sent;
            termEnd = new CancellationTokenSource(left, time);
            begun = term = new LeaderTerm(transitions, termEnd.Token);
            waiting = next;
            next = new TaskCompletionSource<LeaderTerm>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        metrics.Leading(true);
        logger.LogInformation("Leading since lease {Lease} transition {Epoch}", key, transitions);
        waiting.TrySetResult(begun);
    }

    // If the deadline passed while the answer was on its way, the term stays over and the next round begins a new one.
    private void Extend(long sent, TimeSpan left)
    {
        lock (gate)
        {
            if (left > TimeSpan.Zero && IsOn)
            {
                renewedAt = sent;
                termEnd!.CancelAfter(left);
            }
        }
    }

    private void EndTerm()
    {
        CancellationTokenSource? ending;
        lock (gate)
        {
            ending = termEnd;
            termEnd = null;
            term = null;
        }

        if (ending is not null)
        {
            // Not disposed: tokens linked to it may still be made for a moment.
            ending.Cancel();
            metrics.Leading(false);
            logger.LogInformation("No longer leading by lease {Lease}", key);
        }
    }

    private void NoteEnd()
    {
        bool over;
        lock (gate)
        {
            over = term is not null && !IsOn;
        }

        if (over)
        {
            EndTerm();
        }
    }
}

/// <summary>Leader election switched off: one term for as long as the process lives.</summary>
internal sealed class AlwaysLeading : ILeadership
{
    public LeaderTerm? Current { get; } = new(0, CancellationToken.None);

    public Task<LeaderTerm> WaitForTermAsync(CancellationToken cancellation) => Task.FromResult(Current!);
}

using System.Threading.Channels;

namespace PatchOperator.Runtime;

/// <summary>
/// Keys that want to be worked on. The guarantees:
/// a key waits at most once, however often it is added; it is never with two workers at once; an <see cref="Add"/> while it is being worked on
/// makes it run once more afterwards. A key has two alarms, of which the earlier one counts: the <i>timed requeue</i> and the <i>retry</i> after a failure.
/// An alarm is used up only by a run that starts at or after its time: a run that an event caused leaves a later alarm in place.
/// <see cref="Succeed"/> with a time replaces the timed requeue (not one that someone else asked for during this run, of which the earlier wins);
/// without a time it stays. Failures are counted per key for ever, and the delay stays at its cap.
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, Entry> entries;
    private readonly SortedSet<Alarm> alarms = new(Comparer<Alarm>.Create((a, b) => (a.Due, a.Sequence).CompareTo((b.Due, b.Sequence))));
    private readonly Channel<TKey> ready = Channel.CreateUnbounded<TKey>();
    private readonly TimeProvider time;
    private readonly Backoff backoff;
    private readonly Func<double> random;
    private readonly RuntimeMetrics? metrics;
    private readonly string name;
    private readonly long epoch;
    private readonly ITimer timer;
    private long sequence;
    private int waiting;
    private bool stopped;

    /// <param name="name">For metrics.</param>
    /// <param name="time">The monotonic clock.</param>
    /// <param name="backoff">Between retries of one key.</param>
    /// <param name="random">For the jitter: from 0 to below 1.</param>
    /// <param name="metrics">May be null in tests.</param>
    public WorkQueue(string name, TimeProvider time, Backoff backoff, Func<double> random, RuntimeMetrics? metrics = null)
    {
        this.name = name;
        this.time = time;
        this.backoff = backoff;
        this.random = random;
        this.metrics = metrics;
        entries = [];
        epoch = time.GetTimestamp();
        timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys the queue knows anything of; bounded by the objects that wait, run, failed or have an alarm.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return entries.Count;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(epoch);

    public void Add(TKey key)
    {
        lock (gate)
        {
            MakeReady(key, Get(key));
        }
    }

    /// <summary>Sets the timed requeue, unless an earlier one is set already.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (gate)
        {
            if (delay <= TimeSpan.Zero)
            {
                MakeReady(key, Get(key));
                return;
            }

            var entry = Get(key);
            var due = Now + delay;
            if (entry.Running)
            {
                entry.AskedMeanwhile = Earlier(entry.AskedMeanwhile, due);
            }

            entry.Requeue = Earlier(entry.Requeue, due);
            Arm(key, entry);
        }
    }

    /// <summary>Waits for a key. It is the caller's until <see cref="Succeed"/> or <see cref="Fail"/>.</summary>
    /// <exception cref="ChannelClosedException">The queue was stopped.</exception>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellation)
    {
        var key = await ready.Reader.ReadAsync(cancellation);
        lock (gate)
        {
            var entry = entries[key];
            entry.Ready = false;
            entry.Running = true;
            entry.AskedMeanwhile = null;
            var now = Now;
            entry.Requeue = entry.Requeue <= now ? null : entry.Requeue;
            entry.Retry = entry.Retry <= now ? null : entry.Retry;
            Arm(key, entry);
            waiting--;
            metrics?.Queued(name, waiting);
            metrics?.Dequeued(name, now - entry.ReadySince);
        }

        return key;
    }

    /// <summary>The run is over and its failures are forgotten.</summary>
    public void Succeed(TKey key, TimeSpan? requeueAfter = null)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry))
            {
                return;
            }

            entry.Failures = 0;
            entry.Retry = null;
            if (requeueAfter is { } delay)
            {
                entry.Requeue = Earlier(entry.AskedMeanwhile, Now + (delay < TimeSpan.Zero ? TimeSpan.Zero : delay));
            }

            Finish(key, entry);
        }
    }

    /// <summary>The run is over and will be repeated.</summary>
    /// <param name="key">The key.</param>
    /// <param name="retryAfter">Null takes the growing delay. A given one counts as a failure too.</param>
    /// <param name="noLaterThan">Bounds either delay: something is due then, whatever fails. It never lengthens one.</param>
    /// <returns>The delay until the repetition at the latest.</returns>
    public TimeSpan Fail(TKey key, TimeSpan? retryAfter = null, TimeSpan? noLaterThan = null)
    {
        lock (gate)
        {
            var entry = Get(key);
            // Stops before it overflows: a year of failures is not the end.
            entry.Failures = Math.Min(entry.Failures + 1, 1_000_000);
            var delay = retryAfter ?? backoff.Delay(entry.Failures, random());
            delay = noLaterThan < delay ? noLaterThan.Value : delay;
            entry.Retry = Now + delay;
            metrics?.Retried(name);
            Finish(key, entry);
            return delay;
        }
    }

    /// <summary>Drops the key's alarms and failures, because the object is gone. An <see cref="Add"/> that waits already still runs.</summary>
    public void Forget(TKey key)
    {
        lock (gate)
        {
            if (entries.TryGetValue(key, out var entry))
            {
                entry.Requeue = entry.Retry = entry.AskedMeanwhile = null;
                entry.Failures = 0;
                Arm(key, entry);
                Tidy(key, entry);
            }
        }
    }

    /// <summary>No key is handed out any more; runs under way may still report.</summary>
    public void Stop()
    {
        lock (gate)
        {
            stopped = true;
            ready.Writer.TryComplete();
            // What waits is done by the next process: it starts with every object.
            while (ready.Reader.TryRead(out _))
            {
            }

            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        Stop();
        timer.Dispose();
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b : a;

    private Entry Get(TKey key)
    {
        if (!entries.TryGetValue(key, out var entry))
        {
            entries[key] = entry = new Entry();
        }

        return entry;
    }

    private void MakeReady(TKey key, Entry entry)
    {
        if (entry.Running)
        {
            entry.AddedMeanwhile = true;
        }
        else if (!entry.Ready && !stopped)
        {
            entry.Ready = true;
            entry.ReadySince = Now;
            waiting++;
            metrics?.Queued(name, waiting);
            ready.Writer.TryWrite(key);
        }
    }

    private void Finish(TKey key, Entry entry)
    {
        entry.Running = false;
        entry.AskedMeanwhile = null;
        if (entry.AddedMeanwhile)
        {
            entry.AddedMeanwhile = false;
            MakeReady(key, entry);
        }

        Arm(key, entry);
        Tidy(key, entry);
    }

    /// <summary>Keeps exactly one alarm per key in the sorted set, so that it cannot grow beyond the keys.</summary>
    private void Arm(TKey key, Entry entry)
    {
        if (entry.Alarm is { } old)
        {
            alarms.Remove(old);
            entry.Alarm = null;
        }

        // A key that waits already needs none until it is taken, and a running one none until it is done.
        if (!entry.Ready && !entry.Running && Earlier(entry.Requeue, entry.Retry) is { } due)
        {
            entry.Alarm = new Alarm(due, sequence++, key);
            alarms.Add(entry.Alarm);
        }

        SetTimer();
    }

    private void SetTimer()
    {
        if (stopped)
        {
            return;
        }

        var delay = alarms.Min is { } first ? WaitFor(first.Due - Now) : Timeout.InfiniteTimeSpan;
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    // Rounded up to the timer's resolution: ringing early would spin until the time has come. A timer takes at most 49 days.
    private static TimeSpan WaitFor(TimeSpan delay) => TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(delay.TotalMilliseconds), 0, 4e9));

    private void Ring()
    {
        lock (gate)
        {
            var now = Now;
            while (!stopped && alarms.Min is { } first && first.Due <= now)
            {
                alarms.Remove(first);
                var entry = entries[first.Key];
                entry.Alarm = null;
                MakeReady(first.Key, entry);
            }

            SetTimer();
        }
    }

    private void Tidy(TKey key, Entry entry)
    {
        if (!entry.Ready && !entry.Running && entry.Requeue is null && entry.Retry is null && entry.Failures == 0)
        {
            entries.Remove(key);
        }
    }

    private sealed record Alarm(TimeSpan Due, long Sequence, TKey Key);

    private sealed class Entry
    {
        public bool Ready { get; set; }

        public bool Running { get; set; }

        public bool AddedMeanwhile { get; set; }

        public TimeSpan ReadySince { get; set; }

        public TimeSpan? Requeue { get; set; }

        public TimeSpan? AskedMeanwhile { get; set; }

        public TimeSpan? Retry { get; set; }

        public int Failures { get; set; }

        public Alarm? Alarm { get; set; }
    }
}

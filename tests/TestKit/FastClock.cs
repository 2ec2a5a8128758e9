namespace PatchOperator.TestKit;

/// <summary>
/// A clock that runs faster than the wall's, for everything that takes its time from it: holds, timeouts, leases and outages keep their
/// proportions, and a test of minutes takes seconds. A machine that stalls for a moment stalls for a longer one by this clock.
/// </summary>
public sealed class FastClock(double speed) : TimeProvider
{
    private readonly DateTimeOffset origin = System.GetUtcNow();
    private readonly long start = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => origin + (System.GetElapsedTime(start) * speed);

    public override long GetTimestamp() => (long)((System.GetTimestamp() - start) * speed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Real(dueTime), Real(period)), this);

    /// <summary>How long a span of this clock takes on the wall. Rounded up to a whole millisecond: a timer that comes early would shorten a hold.</summary>
    public TimeSpan Real(TimeSpan span) =>
        span <= TimeSpan.Zero ? span : TimeSpan.FromMilliseconds(Math.Ceiling(span.TotalMilliseconds / speed));

    private sealed class Timer(ITimer inner, FastClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(clock.Real(dueTime), clock.Real(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

namespace PatchOperator.Runtime;

/// <summary>
/// The delay before attempt n after n failures: doubles from <paramref name="First"/> to <paramref name="Cap"/>, for ever, and is then shortened by
/// a random part so that many clients do not come back together.
/// </summary>
/// <param name="First">After the first failure.</param>
/// <param name="Cap">Never longer.</param>
/// <param name="Jitter">The largest part taken off, 0 to 1.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Cap, double Jitter)
{
    /// <summary>1 s to 60 s, at most a fifth shorter.</summary>
    public static Backoff Default { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), 0.2);

    /// <param name="failures">In a row, 1 or more. Any number is allowed.</param>
    /// <param name="random">From 0 to below 1.</param>
    public TimeSpan Delay(int failures, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        // 2^62 ticks are more than any cap; a larger exponent would overflow.
        var factor = Math.Pow(2, Math.Min(failures - 1, 62));
        var full = Math.Min(First.Ticks * factor, Cap.Ticks);
        return TimeSpan.FromTicks((long)(full * (1 - (Jitter * random))));
    }
}

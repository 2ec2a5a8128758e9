using System.Globalization;

namespace PatchOperator.Benchmarks;

/// <summary>How long this thread has had a core: what a busy machine does not change.</summary>
internal static class ThreadTime
{
    // The first number is nanoseconds.
    public static TimeSpan Now() =>
        TimeSpan.FromTicks(long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 100);
}

namespace PatchOperator.Runtime;

/// <summary>
/// Gives the memory of a burst back to the system when the burst is over. The collector runs when memory is asked for, and a process with nothing
/// to do asks for none: what the start or an intake of many objects left behind would stay resident for as long as the process idles.
/// </summary>
internal sealed class IdleMemory(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watch = new BurstWatch();
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (watch.IsOver(GC.GetTotalAllocatedBytes()))
                {
                    // Aggressive is the one mode that also returns the pages, and it must block; with little alive that takes some 20 ms.
                    GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Ended as told.
        }
    }
}

/// <summary>Decides from the bytes ever allocated, looked at now and then, whether a burst has ended since the last look. No I/O.</summary>
internal sealed class BurstWatch
{
    public const long Burst = 16 * 1024 * 1024;

    /// <summary>Between two looks: the lease and a scrape of the metrics allocate less, a run in progress more.</summary>
    public const long Quiet = 2 * 1024 * 1024;

    private long last;
    private long cleaned;

    public bool IsOver(long allocated)
    {
        var isQuiet = allocated - last < Quiet;
        last = allocated;
        if (!isQuiet || allocated - cleaned < Burst)
        {
            return false;
        }

        cleaned = allocated;
        return true;
    }
}

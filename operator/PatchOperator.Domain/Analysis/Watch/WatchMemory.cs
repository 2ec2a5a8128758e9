namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>What must be remembered of a metric between the ticks of a watch; lives in the resource's status.</summary>
public sealed record WatchMemory
{
    /// <summary>The history compared with; null where there is none.</summary>
    public WatchHistory? History { get; init; }

    /// <summary>The counts as they were read last.</summary>
    public SeriesPoint LastRead { get; init; }

    /// <summary>The next counts only say where to count from: what lies between was not the patch alone.</summary>
    public bool AwaitsBaseLine { get; init; }

    /// <summary>Counted since the watch began, over restarts of counters.</summary>
    public SeriesPoint Counted { get; init; }

    /// <summary><see cref="Counted"/> when each part of the watch after the first began.</summary>
    public IReadOnlyList<SeriesPoint> Marks { get; init; } = [];

    public TotalGrowth Growth { get; init; } = new();

    /// <summary>While it looks bad: when the stretch began that is looked at by itself.</summary>
    public DateTimeOffset? SuspectedAt { get; init; }

    /// <summary><see cref="Counted"/> at that time.</summary>
    public SeriesPoint CountedAtSuspicion { get; init; }

    /// <summary>Bad stretches in a row; of a gauge, bad values.</summary>
    public int Bad { get; init; }

    /// <summary>When the last bad value was measured; one that is seen again is not another.</summary>
    public DateTimeOffset? BadAt { get; init; }

    /// <summary>Takes in cumulative counts.</summary>
    /// <param name="read">Usable counts.</param>
    /// <param name="part">Zero-based part of the watch that it is.</param>
    /// <param name="now">The time of this tick.</param>
    internal WatchMemory See(UsableCounts read, int part, DateTimeOffset now)
    {
        var memory = this with { Growth = Growth.See(read.Total, now) };
        while (memory.Marks.Count < part)
        {
            // What is counted from here on belongs to the part that has begun.
            memory = memory with { Marks = [.. memory.Marks, Counted] };
        }

        var added = new SeriesPoint(read.Failures - LastRead.Failures, read.Total - LastRead.Total);
        if (AwaitsBaseLine || CounterReset.Happened(new SeriesPoint(read.Failures, read.Total), LastRead))
        {
            // Which of these requests were counted before is unknown; to count none twice, it goes on from here.
            return memory with { LastRead = new SeriesPoint(read.Failures, read.Total), AwaitsBaseLine = false };
        }

        // Extrapolated counts can step back or overtake one another for a tick; such counts wait for the next.
        return added.Failures < -1e-9 || added.Total < 0 || added.Failures > added.Total + 1e-9
            ? memory
            : memory with { LastRead = new SeriesPoint(read.Failures, read.Total), Counted = Counted + added };
    }
}

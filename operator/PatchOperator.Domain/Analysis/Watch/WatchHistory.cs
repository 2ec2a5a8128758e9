namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>What stable answered during the run, before it was patched: what the watch after the promotion compares with.</summary>
/// <param name="Failures">Failed requests.</param>
/// <param name="Total">All requests.</param>
/// <param name="Clumping">
/// How much more the stretches of the run differ from one another than independent failures would, 1 for not at all: failures that come in threes
/// make it about three, and evidence is counted for a third.
/// </param>
public sealed record WatchHistory(double Failures, double Total, double Clumping = 1)
{
    // With fewer, or without failures in them, the spread says nothing.
    private const int FewestStretches = 5;
    private const double FewestFailures = 5;
    private const double MostClumping = 10;
    private const int Halvings = 50;
    private const double Highest = 1 - 1e-9;

    public double Rate => Total > 0 ? Failures / Total : 0;

    /// <summary>Null where stable answered nothing that was counted.</summary>
    public static WatchHistory? Of(IReadOnlyList<SeriesPoint?> stretches)
    {
        SeriesPoint[] counted = [.. stretches.OfType<SeriesPoint>().Where(p => p.Total > 0)];
        var sum = counted.Aggregate(default(SeriesPoint), (a, b) => a + b);
        return sum.Total < 1 ? null : new WatchHistory(Math.Min(sum.Failures, sum.Total), sum.Total, ClumpingOf(counted, sum));
    }

    /// <summary>
    /// The highest rate that fits the history: the p above its rate with n·KL(rate‖p) = ln(1/α), n being its requests. A true average above that would have
    /// shown so few failures with a probability of at most α, also where the rate drifted within the history (Chernoff; Hoeffding, Ann. Math. Stat. 27 (1956) 713).
    /// </summary>
    /// <param name="alpha">Above 0 and below 1.</param>
    public double UpperBound(double alpha)
    {
        var needed = -Math.Log(alpha) * Clumping / Total;
        var (low, high) = (Rate, Highest);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = InformationBound.Divergence(Rate, middle) < needed ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>Pearson's statistic per degree of freedom.</summary>
    private static double ClumpingOf(SeriesPoint[] stretches, SeriesPoint sum)
    {
        var rate = sum.Rate;
        if (stretches.Length < FewestStretches || sum.Failures < FewestFailures || rate >= 1)
        {
            return 1;
        }

        var spread = stretches.Sum(p => (p.Failures - (p.Total * rate)) * (p.Failures - (p.Total * rate)) / (p.Total * rate * (1 - rate)));
        return Math.Clamp(spread / (stretches.Length - 1), 1, MostClumping);
    }
}

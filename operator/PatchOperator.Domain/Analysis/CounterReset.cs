namespace PatchOperator.Domain.Analysis;

/// <summary>When a count that should only grow belongs to other counters than before.</summary>
internal static class CounterReset
{
    // Counts may shrink a little between ticks (extrapolation, pods that went); more than this is a different set of counters.
    private const double ShrinkTolerance = 0.1;

    public static bool Happened(double now, double before) => now < (before * (1 - ShrinkTolerance)) - 2;

    /// <summary>Failures count by themselves: where the pod that failed goes away, most failures go with it and hardly any requests.</summary>
    public static bool Happened(SeriesPoint now, SeriesPoint before) => Happened(now.Total, before.Total) || Happened(now.Failures, before.Failures);
}

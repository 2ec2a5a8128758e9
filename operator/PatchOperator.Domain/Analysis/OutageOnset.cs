namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Whether stable has just begun to fail more than the limit, however good it was before. Shares of a whole step notice that late: a canary with few requests then passes the ceiling
/// while stable, with the same rate, is still below it.
/// </summary>
/// <remarks>
/// CUSUM: the log likelihood ratio of a rate above the limit against the limit itself, summed up and never below zero, for a slightly, a clearly and a nearly always failing stable
/// (Page, Biometrika 41 (1954), 100; Moustakides, Annals of Statistics 14 (1986), 1379). It excuses and never blames, so a false alarm costs a bad canary's detection some of stable's good answers.
/// </remarks>
public sealed record OutageOnset
{
    private const double NearlyAlways = 0.9;
    private const double Slightly = 2.5;
    private static readonly double Likely = Math.Log(100);

    // So that a long outage is not held against stable for as long again.
    private static readonly double Most = 2 * Likely;

    /// <summary>Stable's counts at the last look.</summary>
    public double Failures { get; init; }

    /// <inheritdoc cref="Failures"/>
    public double Total { get; init; }

    /// <summary>Evidence for two and a half times the limit, in nats.</summary>
    public double Slight { get; init; }

    /// <summary>Evidence for the rate half way to nearly always, in nats.</summary>
    public double Clear { get; init; }

    /// <summary>Evidence for nearly always, in nats.</summary>
    public double Complete { get; init; }

    internal bool IsLikely => Math.Max(Slight, Math.Max(Clear, Complete)) >= Likely;

    internal OutageOnset Look(UsableCounts stable, double limit)
    {
        if (limit is <= 0 or >= NearlyAlways || CounterReset.Happened(new SeriesPoint(stable.Failures, stable.Total), new SeriesPoint(Failures, Total)))
        {
            return new OutageOnset { Failures = stable.Failures, Total = stable.Total };
        }

        // Extrapolated counts step back a little, or failures are read a moment before their total: such a look waits for the next.
        var (failures, total) = (stable.Failures - Failures, stable.Total - Total);
        if (total <= 0 || failures < 0 || failures > total)
        {
            return this;
        }

        var slight = Math.Min(NearlyAlways, Slightly * limit);
        return new OutageOnset
        {
            Failures = stable.Failures,
            Total = stable.Total,
            Slight = Sum(Slight, slight),
            Clear = Sum(Clear, Math.Sqrt(slight * NearlyAlways)),
            Complete = Sum(Complete, NearlyAlways),
        };

        double Sum(double before, double rate) => Math.Clamp(before + (failures * Math.Log(rate / limit)) + ((total - failures) * Math.Log((1 - rate) / (1 - limit))), 0, Most);
    }
}

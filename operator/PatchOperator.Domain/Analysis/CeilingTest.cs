namespace PatchOperator.Domain.Analysis;

/// <summary>Whether counts of one track lie below a limit by more than chance explains, however often one looks.</summary>
/// <remarks>
/// The likelihood ratio of a rate θ below the limit L against L, (θ/L)^k ((1-θ)/(1-L))^(n-k), has an expectation of at most 1 for every rate of L or more, drifting or not,
/// and so has a mixture over θ (Robbins, Annals of Mathematical Statistics 41 (1970), 1397).
/// </remarks>
internal static class CeilingTest
{
    private static readonly double ClearEvidence = Math.Log(100);
    private static readonly double[] Shares = [0, 0.25, 0.5, 0.75];

    /// <param name="counts">Since one moment, whatever happened then.</param>
    /// <param name="limit">0 to 1.</param>
    public static bool IsBelow(UsableCounts counts, double limit) => counts.Rate < limit && LogEvidence(counts, limit) >= ClearEvidence;

    /// <summary>Natural logarithm of the evidence (e-value) that the rate is below the limit.</summary>
    /// <inheritdoc cref="IsBelow"/>
    public static double LogEvidence(UsableCounts counts, double limit)
    {
        if (limit is <= 0 or >= 1)
        {
            // Nothing is below 0, and everything but a failure each time is below 1.
            return limit > 0 && counts.Rate < limit ? double.PositiveInfinity : double.NegativeInfinity;
        }

        Span<double> logs = stackalloc double[Shares.Length];
        var highest = double.NegativeInfinity;
        for (var i = 0; i < Shares.Length; i++)
        {
            var rate = Shares[i] * limit;
            var failures = counts.Failures <= 0 ? 0 : rate > 0 ? counts.Failures * Math.Log(Shares[i]) : double.NegativeInfinity;
            logs[i] = failures + ((counts.Total - counts.Failures) * Math.Log((1 - rate) / (1 - limit)));
            highest = Math.Max(highest, logs[i]);
        }

        var sum = 0.0;
        foreach (var log in logs)
        {
            sum += Math.Exp(log - highest);
        }

        return Math.Log(sum / Shares.Length) + highest;
    }
}

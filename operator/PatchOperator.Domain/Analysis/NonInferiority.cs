namespace PatchOperator.Domain.Analysis;

/// <summary>Evidence, block by block, that the canary does <em>not</em> fail more often than stable by the difference worth catching.</summary>
/// <remarks>
/// The null hypothesis "p_c - p_s is δ or more" is a convex set of pairs of rates. The likelihood ratio of the pair that is bet on, both rates equal,
/// against the pair of that set which is nearest to it in Kullback-Leibler divergence (weighted with the block's requests), has an expectation of at
/// most 1 under every pair of the set, so the product over blocks is a test supermartingale.
/// Turner and Grünwald, "Exact anytime-valid confidence intervals for contingency tables and beyond", Statistics and Probability Letters 198 (2023), 109835.
/// </remarks>
internal static class NonInferiority
{
    private const double Lowest = 1e-7;
    private const int Halvings = 40;

    /// <param name="learned">What earlier blocks showed; the bet may rest on nothing else.</param>
    /// <param name="canary">The block.</param>
    /// <param name="stable">The block.</param>
    /// <param name="difference">δ, above 0 and below 1.</param>
    public static double LogEvidence(TwoTrackCounts learned, TrackBlock canary, TrackBlock stable, double difference)
    {
        // Both tracks together, drawn a little towards one failure in two hundred while little is known.
        var failures = Math.Max(0, learned.CanaryFailures + learned.StableFailures) + 0.5;
        var rate = Math.Clamp(failures / (learned.CanaryTotal + learned.StableTotal + 100), Lowest, 1 - Lowest);
        if (rate + difference >= 1 - Lowest)
        {
            return 0;
        }

        var nearest = Nearest(rate, canary.Total, stable.Total, difference);
        return LogRatio(canary, rate, nearest + difference) + LogRatio(stable, rate, nearest);
    }

    /// <summary>
    /// Stable's rate q of the pair (q + δ, q) that is nearest to (rate, rate): the derivative of n_c KL(rate‖q + δ) + n_s KL(rate‖q) in q is zero.
    /// It is negative at q = rate - δ (or 0) and positive at q = rate, and grows in between.
    /// </summary>
    private static double Nearest(double rate, double canaryTotal, double stableTotal, double difference)
    {
        var low = Math.Max(Lowest, rate - difference);
        var high = rate;
        for (var i = 0; i < Halvings && low < high; i++)
        {
            var middle = (low + high) / 2;
            var slope = (canaryTotal * Slope(rate, middle + difference)) + (stableTotal * Slope(rate, middle));
            (low, high) = slope < 0 ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    private static double Slope(double rate, double at) => (at - rate) / (at * (1 - at));

    private static double LogRatio(TrackBlock block, double bet, double against) =>
        (Math.Max(0, block.Failures) * Math.Log(bet / against)) + (block.Successes * Math.Log((1 - bet) / (1 - against)));
}

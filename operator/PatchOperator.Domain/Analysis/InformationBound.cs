namespace PatchOperator.Domain.Analysis;

/// <summary>The least data with which any test could tell two failure rates apart; the yardstick of <see cref="SequentialTest"/>.</summary>
public static class InformationBound
{
    /// <summary>
    /// Canary requests that a test with false-alarm probability <paramref name="falseAlarm"/> needs on average, both rates being unknown to it:
    /// ln(1/α) / min over θ of [KL(canary‖θ) + r KL(stable‖θ)], with the minimum at the pooled rate (Wald 1945; Lai, Statistica Sinica 11 (2001), 303).
    /// </summary>
    /// <param name="canaryRate">Failure rate of the canary, 0 to 1.</param>
    /// <param name="stableRate">Failure rate of stable, 0 to 1.</param>
    /// <param name="stablePerCanary">Stable requests for each canary request, r above.</param>
    /// <param name="falseAlarm">α, above 0 and below 1.</param>
    public static double CanaryRequests(double canaryRate, double stableRate, double stablePerCanary, double falseAlarm)
    {
        var pooled = (canaryRate + (stablePerCanary * stableRate)) / (1 + stablePerCanary);
        var perRequest = Divergence(canaryRate, pooled) + (stablePerCanary * Divergence(stableRate, pooled));
        return perRequest > 0 ? -Math.Log(falseAlarm) / perRequest : double.PositiveInfinity;
    }

    /// <summary>Kullback-Leibler divergence of two Bernoulli distributions, in nats.</summary>
    public static double Divergence(double rate, double from)
    {
        var failures = rate > 0 ? rate * Math.Log(rate / from) : 0;
        var successes = rate < 1 ? (1 - rate) * Math.Log((1 - rate) / (1 - from)) : 0;
        return failures + successes;
    }
}

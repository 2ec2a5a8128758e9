using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks;

/// <summary>Counts of one tick.</summary>
internal readonly record struct Tick(int CanaryFailures, int CanaryTotal, int StableFailures, int StableTotal);

/// <summary>A way to tell a bad canary; one instance watches one run.</summary>
internal interface IRule
{
    /// <summary>Whether the canary is to be taken back after this tick.</summary>
    bool Fails(in Tick tick);
}

/// <summary>What the operator does.</summary>
internal sealed class OurRule(double alpha, double worthCatching) : IRule
{
    private SequentialState? state;
    private TwoTrackCounts counts = TwoTrackCounts.Zero;

    public bool Fails(in Tick tick)
    {
        counts = new TwoTrackCounts
        {
            CanaryFailures = counts.CanaryFailures + tick.CanaryFailures,
            CanaryTotal = counts.CanaryTotal + tick.CanaryTotal,
            StableFailures = counts.StableFailures + tick.StableFailures,
            StableTotal = counts.StableTotal + tick.StableTotal,
        };
        state = SequentialTest.Advance(state, counts, worthCatching);
        return SequentialTest.IsSignificant(state, alpha);
    }
}

/// <summary>Wald's sequential probability ratio test, which is told both rates beforehand and looks at the canary alone: no test needs fewer requests.</summary>
internal sealed class WaldRule(double alpha, double healthy, double bad) : IRule
{
    private readonly double failure = Math.Log(bad / healthy);
    private readonly double success = Math.Log((1 - bad) / (1 - healthy));
    private double evidence;

    public bool Fails(in Tick tick)
    {
        evidence += (tick.CanaryFailures * failure) + ((tick.CanaryTotal - tick.CanaryFailures) * success);
        return evidence >= -Math.Log(alpha);
    }
}

/// <summary>
/// Flagger's rule with the values of its documentation: every minute the share of failures in the last minute is held against a limit
/// (request-success-rate of 99 %), and the fifth failed check rolls back. Minutes without a request are not judged.
/// </summary>
internal sealed class FlaggerRule : IRule
{
    private const int Interval = 60;
    private const int Threshold = 5;
    private const double Limit = 0.01;
    private int ticks;
    private int failed;
    private int failures;
    private int total;

    public bool Fails(in Tick tick)
    {
        failures += tick.CanaryFailures;
        total += tick.CanaryTotal;
        if (++ticks % Interval != 0)
        {
            return false;
        }

        failed += total > 0 && (double)failures / total > Limit ? 1 : 0;
        failures = total = 0;
        return failed >= Threshold;
    }
}

/// <summary>A z-test of two proportions. Planned: looked at once, when the canary has the requests that 90 % power needs. Peeking: looked at every tick.</summary>
internal sealed class ZRule(double alpha, double baseline, double worthCatching, double stablePerCanary, bool peeking) : IRule
{
    private readonly double critical = Quantile(1 - alpha);
    private readonly double planned = Planned(alpha, baseline, worthCatching, stablePerCanary);
    private double canaryFailures;
    private double canaryTotal;
    private double stableFailures;
    private double stableTotal;
    private bool looked;

    /// <summary>Canary requests for 90 % power at the difference worth catching.</summary>
    public static double Planned(double alpha, double baseline, double worthCatching, double stablePerCanary)
    {
        var bad = baseline + worthCatching;
        var pooled = (bad + (stablePerCanary * baseline)) / (1 + stablePerCanary);
        var spread = (Quantile(1 - alpha) * Math.Sqrt(pooled * (1 - pooled) * (1 + (1 / stablePerCanary))))
            + (Quantile(0.9) * Math.Sqrt((bad * (1 - bad)) + (baseline * (1 - baseline) / stablePerCanary)));
        return spread * spread / (worthCatching * worthCatching);
    }

    public bool Fails(in Tick tick)
    {
        canaryFailures += tick.CanaryFailures;
        canaryTotal += tick.CanaryTotal;
        stableFailures += tick.StableFailures;
        stableTotal += tick.StableTotal;
        if (looked || canaryTotal == 0 || stableTotal == 0 || (!peeking && canaryTotal < planned))
        {
            return false;
        }

        looked = !peeking;
        var pooled = (canaryFailures + stableFailures) / (canaryTotal + stableTotal);
        var error = Math.Sqrt(pooled * (1 - pooled) * ((1 / canaryTotal) + (1 / stableTotal)));
        return error > 0 && ((canaryFailures / canaryTotal) - (stableFailures / stableTotal)) / error > critical;
    }

    /// <summary>Of the standard normal distribution, by bisection of its integral.</summary>
    private static double Quantile(double probability)
    {
        var (low, high) = (-10.0, 10.0);
        for (var i = 0; i < 80; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Normal(middle) < probability ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static double Normal(double x)
    {
        // Abramowitz and Stegun 26.2.11: a series that converges everywhere.
        var (term, sum) = (x, x);
        for (var n = 1; Math.Abs(term) > 1e-16 && n < 500; n++)
        {
            term *= x * x / ((2 * n) + 1);
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }
}

using PatchOperator.Domain.Analysis;

namespace PatchOperator.Tests.Unit.Analysis;

/// <summary>Traffic with known failure rates, drawn from a seed, so that a test that passed once passes always.</summary>
internal sealed class Simulation(int seed)
{
    private readonly Random _random = new(seed);
    private TwoTrackCounts _counts = TwoTrackCounts.Zero;

    public TwoTrackCounts Counts => _counts;

    /// <summary>One tick of Poisson traffic.</summary>
    public TwoTrackCounts Tick(double canaryRequests, double stableRequests, double canaryRate, double stableRate)
    {
        var canary = Poisson(canaryRequests);
        var stable = Poisson(stableRequests);
        return _counts = new TwoTrackCounts
        {
            CanaryTotal = _counts.CanaryTotal + canary,
            CanaryFailures = _counts.CanaryFailures + Failures(canary, canaryRate),
            StableTotal = _counts.StableTotal + stable,
            StableFailures = _counts.StableFailures + Failures(stable, stableRate),
        };
    }

    /// <summary>Canary requests until the test is significant, or infinity after <paramref name="ticks"/>.</summary>
    public double RequestsToDetect(double canaryPerTick, double stablePerTick, double canaryRate, double stableRate, double alpha, int ticks)
    {
        SequentialState? state = null;
        for (var tick = 0; tick < ticks; tick++)
        {
            state = SequentialTest.Advance(state, Tick(canaryPerTick, stablePerTick, canaryRate, stableRate), 0.01);
            if (SequentialTest.IsSignificant(state, alpha))
            {
                return _counts.CanaryTotal;
            }
        }

        return double.PositiveInfinity;
    }

    // The gaps between failures are geometric, so rare failures cost few draws.
    private int Failures(int requests, double rate)
    {
        var failures = 0;
        for (var i = Gap(rate); i <= requests; i += Gap(rate))
        {
            failures++;
        }

        return failures;
    }

    private double Gap(double rate) => 1 + Math.Floor(Math.Log(1 - _random.NextDouble()) / Math.Log(1 - rate));

    private int Poisson(double mean)
    {
        var count = 0;
        for (var time = Exponential(); time < mean; time += Exponential())
        {
            count++;
        }

        return count;
    }

    private double Exponential() => -Math.Log(1 - _random.NextDouble());
}

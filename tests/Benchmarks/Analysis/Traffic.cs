namespace PatchOperator.Benchmarks.Analysis;

/// <summary>What both tracks answered in one tick of a second.</summary>
internal readonly record struct Tick(int CanaryFailures, int CanaryTotal, int StableFailures, int StableTotal);

/// <summary>What is simulated: two tracks with known failure rates.</summary>
/// <param name="Baseline">Stable's failure rate, 0 to 1.</param>
/// <param name="Difference">What the canary fails more often, 0 to 1.</param>
/// <param name="PerSecond">Requests of both tracks together.</param>
/// <param name="Weight">The canary's share of the requests, 0 to 1.</param>
internal sealed record Setting(double Baseline, double Difference, double PerSecond, double Weight)
{
    public double CanaryRate => Baseline + Difference;

    public double CanaryPerSecond => PerSecond * Weight;

    public double StablePerSecond => PerSecond * (1 - Weight);

    public double StablePerCanary => (1 - Weight) / Weight;
}

/// <summary>Poisson traffic with independent failures: failed and good requests are then Poisson of their own.</summary>
internal sealed class Traffic(Setting setting) : ITraffic
{
    private readonly PoissonTable _canaryFailures = new(setting.CanaryPerSecond * setting.CanaryRate);
    private readonly PoissonTable _canarySuccesses = new(setting.CanaryPerSecond * (1 - setting.CanaryRate));
    private readonly PoissonTable _stableFailures = new(setting.StablePerSecond * setting.Baseline);
    private readonly PoissonTable _stableSuccesses = new(setting.StablePerSecond * (1 - setting.Baseline));

    public Tick Next(SeededRandom random, int second)
    {
        var (canary, stable) = (_canaryFailures.Draw(random), _stableFailures.Draw(random));
        return new Tick(canary, canary + _canarySuccesses.Draw(random), stable, stable + _stableSuccesses.Draw(random));
    }
}

/// <summary>Draws from a Poisson distribution by looking its cumulative probabilities up.</summary>
internal sealed class PoissonTable
{
    private readonly double[] _cumulative;

    public PoissonTable(double mean)
    {
        var cumulative = new List<double>();
        var probability = Math.Exp(-mean);
        var sum = probability;
        for (var count = 1; sum < 1 - 1e-14 && count < (mean * 2) + 200; count++)
        {
            cumulative.Add(sum);
            probability *= mean / count;
            sum += probability;
        }

        _cumulative = [.. cumulative];
    }

    public int Draw(SeededRandom random)
    {
        var uniform = random.NextDouble();
        if (_cumulative.Length == 0 || uniform < _cumulative[0])
        {
            return 0;
        }

        var found = Array.BinarySearch(_cumulative, uniform);
        return found < 0 ? ~found : found + 1;
    }
}

/// <summary>SplitMix64: fast, and the same on every platform and in every version of .NET.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public double NextDouble()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

internal interface ITraffic
{
    Tick Next(SeededRandom random, int second);
}

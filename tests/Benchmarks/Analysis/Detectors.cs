using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>A rule that fails a canary, fed tick by tick.</summary>
internal interface IDetector
{
    /// <summary>Whether the canary is failed at this tick.</summary>
    bool Fails(in Tick tick, int second);
}

/// <summary>The operator's own test.</summary>
internal sealed class OurTest(double falseRevertRate, double worthCatching) : IDetector
{
    private SequentialState? _state;
    private TwoTrackCounts _counts = TwoTrackCounts.Zero;

    public bool Fails(in Tick tick, int second)
    {
        if (tick.CanaryTotal + tick.StableTotal == 0)
        {
            return false;
        }

        _counts = new TwoTrackCounts
        {
            CanaryFailures = _counts.CanaryFailures + tick.CanaryFailures,
            CanaryTotal = _counts.CanaryTotal + tick.CanaryTotal,
            StableFailures = _counts.StableFailures + tick.StableFailures,
            StableTotal = _counts.StableTotal + tick.StableTotal,
        };
        _state = SequentialTest.Advance(_state, _counts, worthCatching);
        return SequentialTest.IsSignificant(_state, falseRevertRate);
    }
}

/// <summary>Wald's sequential probability ratio test of the canary alone, told both rates beforehand; it accepts nothing, so its power is one.</summary>
internal sealed class Wald(double falseRevertRate, double stableRate, double canaryRate) : IDetector
{
    private readonly double _failure = Math.Log(canaryRate / stableRate);
    private readonly double _success = Math.Log((1 - canaryRate) / (1 - stableRate));
    private double _logRatio;

    public bool Fails(in Tick tick, int second)
    {
        _logRatio += (tick.CanaryFailures * _failure) + ((tick.CanaryTotal - tick.CanaryFailures) * _success);
        return _logRatio >= -Math.Log(falseRevertRate);
    }
}

/// <summary>Flagger's rule: each minute the canary's rate over that minute against a limit; the fifth check above it fails the canary.</summary>
internal sealed class FlaggerRule(double limit) : IDetector
{
    private const int Interval = 60;
    private const int Threshold = 5;
    private int _failures;
    private int _total;
    private int _failedChecks;

    public bool Fails(in Tick tick, int second)
    {
        _failures += tick.CanaryFailures;
        _total += tick.CanaryTotal;
        if ((second + 1) % Interval != 0)
        {
            return false;
        }

        _failedChecks += _total > 0 && _failures > limit * _total ? 1 : 0;
        (_failures, _total) = (0, 0);
        return _failedChecks >= Threshold;
    }
}

/// <summary>The z-test of two proportions: once, at a sample size planned for 90 % power with both rates known; or, wrongly, at every tick.</summary>
internal sealed class ZTest(Setting setting, double worthCatching, bool isLookedAtEachTick) : IDetector
{
    // Of the one-sided level 0.1 % and of 90 % power.
    private const double LevelQuantile = 3.0902;
    private const double PowerQuantile = 1.2816;
    private const double LeastForNormality = 30;
    private readonly double _planned = PlannedSize(setting, worthCatching);
    private bool _isDone;
    private double _canaryFailures;
    private double _canaryTotal;
    private double _stableFailures;
    private double _stableTotal;

    public static double PlannedSize(Setting setting, double difference)
    {
        var (stable, ratio) = (setting.Baseline, setting.StablePerCanary);
        var canary = stable + difference;
        var pooled = (canary + (ratio * stable)) / (1 + ratio);
        var root = (LevelQuantile * Math.Sqrt(pooled * (1 - pooled) * (1 + (1 / ratio))))
            + (PowerQuantile * Math.Sqrt((canary * (1 - canary)) + (stable * (1 - stable) / ratio)));
        return root * root / (difference * difference);
    }

    public bool Fails(in Tick tick, int second)
    {
        _canaryFailures += tick.CanaryFailures;
        _canaryTotal += tick.CanaryTotal;
        _stableFailures += tick.StableFailures;
        _stableTotal += tick.StableTotal;
        if (isLookedAtEachTick)
        {
            return _canaryTotal >= LeastForNormality && IsSignificant();
        }

        if (_isDone || _canaryTotal < _planned)
        {
            return false;
        }

        _isDone = true;
        return IsSignificant();
    }

    private bool IsSignificant()
    {
        var pooled = (_canaryFailures + _stableFailures) / (_canaryTotal + _stableTotal);
        var deviation = Math.Sqrt(pooled * (1 - pooled) * ((1 / _canaryTotal) + (1 / _stableTotal)));
        return deviation > 0 && (_canaryFailures / _canaryTotal) - (_stableFailures / _stableTotal) > LevelQuantile * deviation;
    }
}

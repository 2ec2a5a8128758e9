using System.Globalization;

namespace PatchOperator.TestKit.Traffic;

/// <summary>A request that did not end well: an exception, or a status from 400 on.</summary>
/// <param name="At">When it was due to be sent.</param>
/// <param name="Version">The response header X-Storefront-Version.</param>
/// <param name="Pod">The response header X-Storefront-Pod.</param>
public sealed record FailedRequest(DateTimeOffset At, string Method, string Path, int? Status, string? Error, string? Version, string? Pod, TimeSpan Elapsed)
{
    public override string ToString() =>
        $"{At.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {Method} {Path} {Status?.ToString(CultureInfo.InvariantCulture) ?? Error} {Version} {Pod}".TrimEnd();
}

/// <summary>Latencies count from the time a request was due, so a stalled server cannot hide its stall; they are exact to 10 %.</summary>
public sealed record PathStatistics(
    string Method, string Path, long Sent, long Succeeded, long Failed, IReadOnlyDictionary<int, long> Statuses, TimeSpan P50, TimeSpan P95, TimeSpan P99, TimeSpan Max);

/// <summary>What a <see cref="LoadGenerator"/> has seen so far.</summary>
/// <param name="Versions">Answers by X-Storefront-Version.</param>
/// <param name="Failures">The newest failures, oldest first.</param>
public sealed record LoadSnapshot(
    TimeSpan Elapsed,
    long Sent,
    long Succeeded,
    long Failed,
    long InFlight,
    IReadOnlyList<PathStatistics> Paths,
    IReadOnlyDictionary<string, long> Versions,
    IReadOnlyList<FailedRequest> Failures)
{
    public double Rate => Elapsed > TimeSpan.Zero ? Sent / Elapsed.TotalSeconds : 0;
}

/// <summary>Counts of one path in fixed memory.</summary>
internal sealed class PathCounter(LoadRequest request)
{
    private const double Growth = 1.1;
    private const double SmallestMs = 0.05;

    // 0.05 ms times 1.1 to the power of 160 is over 200 s.
    private readonly long[] _buckets = new long[160];
    private readonly Dictionary<int, long> _statuses = [];
    private long _sent;
    private long _succeeded;
    private long _failed;
    private TimeSpan _max;

    public void Sent()
    {
        lock (_buckets)
        {
            _sent++;
        }
    }

    public void Completed(int? status, bool success, TimeSpan elapsed)
    {
        var bucket = (int)Math.Ceiling(Math.Log(Math.Max(SmallestMs, elapsed.TotalMilliseconds) / SmallestMs, Growth));
        lock (_buckets)
        {
            _buckets[Math.Clamp(bucket, 0, _buckets.Length - 1)]++;
            _max = elapsed > _max ? elapsed : _max;
            _succeeded += success ? 1 : 0;
            _failed += success ? 0 : 1;
            if (status is { } code)
            {
                _statuses[code] = _statuses.GetValueOrDefault(code) + 1;
            }
        }
    }

    public PathStatistics Snapshot()
    {
        lock (_buckets)
        {
            return new(request.Method.Method, request.Path, _sent, _succeeded, _failed, new Dictionary<int, long>(_statuses),
                Quantile(0.50), Quantile(0.95), Quantile(0.99), _max);
        }
    }

    private TimeSpan Quantile(double share)
    {
        var rank = (_succeeded + _failed) * share;
        long seen = 0;
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            seen += _buckets[bucket];
            if (seen > 0 && seen >= rank)
            {
                var upper = TimeSpan.FromMilliseconds(SmallestMs * Math.Pow(Growth, bucket));
                return upper < _max ? upper : _max;
            }
        }

        return TimeSpan.Zero;
    }
}

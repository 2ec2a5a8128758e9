using System.Collections.Concurrent;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>
/// Asks no more often than an interval, while the analysis ticks faster for another source: between two reads the last one stands. A read has the time that this
/// interval gives it, and a tick waits for it no longer than the tick's own deadline, so that a slow source neither loses its answer nor holds up the fast one.
/// </summary>
/// <remarks>Counts are cumulative, so that a reading that is seen twice adds nothing to the evidence; values carry the time by which a repetition is known.</remarks>
internal sealed class PacedProvider(IMetricProvider inner, TimeSpan interval, TimeProvider time) : IMetricProvider
{
    /// <summary>Ticks come a little early or late; a read is not put off to the next tick because of that.</summary>
    private const double Tolerance = 0.9;

    private readonly ConcurrentDictionary<string, Run> runs = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        var timeout = MetricReadRequest.TimeoutFor(interval);
        var patient = request with { Timeout = timeout > request.Timeout ? timeout : request.Timeout };
        if (request.IsPreflight)
        {
            return await inner.ReadAsync(patient, ct);
        }

        Forget();
        var run = runs.GetOrAdd(request.RunId, _ => new Run());
        Task<IReadOnlyList<MetricReading>> reading;
        lock (run)
        {
            var now = run.UsedAt = time.GetUtcNow();
            run.TakeWhatHasEnded();
            if (run.UnderWay is null && run.Readings is { } known && now - run.At < interval * Tolerance)
            {
                return AsOf(now, known);
            }

            if (run.UnderWay is null)
            {
                // Not the caller's token: the read may outlive this tick, and ends at its own deadline.
                run.At = now;
                run.UnderWay = inner.ReadAsync(patient, CancellationToken.None);
            }

            reading = run.UnderWay;
        }

        try
        {
            // One that may take no longer than the tick says itself why it got no answer.
            await reading.WaitAsync(timeout > request.Timeout ? request.Timeout : Timeout.InfiniteTimeSpan, time, ct);
        }
        catch (TimeoutException)
        {
            // The last one stands until this one ends.
        }

        lock (run)
        {
            run.TakeWhatHasEnded();
            var now = time.GetUtcNow();
            return run.Readings is { } last ? AsOf(now, last) : NothingYet(request, now);
        }
    }

    public Task<PodSighting> LookForAsync(PodLookout lookout, CancellationToken ct) => inner.LookForAsync(lookout, ct);

    // The tick that it is used for: the schedule of the next one goes by this.
    private static IReadOnlyList<MetricReading> AsOf(DateTimeOffset now, IReadOnlyList<MetricReading> readings) => [.. readings.Select(reading => reading with { SampledAt = now })];

    private static IReadOnlyList<MetricReading> NothingYet(MetricReadRequest request, DateTimeOffset now)
    {
        var none = new TrackReading.NoData("the source is still being asked", BeganAnew: true);
        return [.. request.Metrics.Select(metric => new MetricReading { Metric = metric.Name, Canary = none, Stable = metric.ReadStable ? none : null, SampledAt = now, CanaryQuery = metric.Value ?? metric.Failures })];
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var (id, run) in runs)
        {
            if (now - run.UsedAt > interval + PodMetricsProvider.ForgetAfter)
            {
                runs.TryRemove(id, out _);
            }
        }
    }

    private sealed class Run
    {
        public DateTimeOffset UsedAt { get; set; } = DateTimeOffset.MaxValue;

        /// <summary>When the source was asked last.</summary>
        public DateTimeOffset At { get; set; }

        public IReadOnlyList<MetricReading>? Readings { get; set; }

        public Task<IReadOnlyList<MetricReading>>? UnderWay { get; set; }

        public void TakeWhatHasEnded()
        {
            if (UnderWay is not { IsCompleted: true } ended)
            {
                return;
            }

            UnderWay = null;
            if (ended.IsCompletedSuccessfully)
            {
                Readings = [.. ended.GetAwaiter().GetResult().Select(reading => reading with { Canary = Marked(reading.Canary)!, Stable = Marked(reading.Stable) })];
            }
        }

        private TrackReading? Marked(TrackReading? reading) => reading is TrackReading.Value value ? value with { MeasuredAt = At } : reading;
    }
}

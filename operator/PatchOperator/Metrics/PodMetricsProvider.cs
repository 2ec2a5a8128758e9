using System.Collections.Concurrent;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>Reads the pods' own <c>/metrics</c>, all pods at once: no Prometheus needed, and no scrape interval to wait for.</summary>
/// <remarks>
/// Queries are instant-vector selectors (<see cref="SeriesSelector"/>), summed over all series and pods. Counts are kept in memory per run;
/// see <see cref="PodCounters"/> for pods that restart, come and go, and for a restart of the operator.
/// </remarks>
/// <param name="port">The pods' metrics port.</param>
/// <param name="path">Path of the metrics, with its leading slash.</param>
/// <param name="httpClient">Gives the client to use; called once per read, never disposed here.</param>
/// <param name="time">Clock for deadlines and for forgetting runs.</param>
public sealed class PodMetricsProvider(int port, string path, Func<HttpClient> httpClient, TimeProvider time) : IMetricProvider
{
    internal const string Canary = "canary";
    internal const string Stable = "stable";

    private const int PodsAtOnce = 32;

    /// <summary>A run that was not read for this long is over, and its counters are forgotten.</summary>
    internal static readonly TimeSpan ForgetAfter = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (PodCounters Counters, DateTimeOffset UsedAt)> _runs = new();
    private long _sequence;

    internal int Runs => _runs.Count;

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        var sequence = Interlocked.Increment(ref _sequence);
        var counters = CountersOf(request);
        var metrics = request.Metrics.Select(PodMetric.Of).ToList();
        var readable = metrics.Where(metric => metric.Error is null).ToList();
        var scraper = new PodScraper(port, path, httpClient(), time);
        var pods = request.CanaryPods.Select(pod => (Canary, pod));
        if (request.Metrics.Any(metric => metric.ReadStable))
        {
            pods = pods.Concat(request.StablePods.Select(pod => (Stable, pod)));
        }

        var answers = readable.Count == 0 ? [] : await scraper.ReadAsync([.. pods], readable, request.Timeout, PodsAtOnce, ct);
        ct.ThrowIfCancellationRequested();
        counters.Apply(sequence, answers.SelectMany(answer => answer.Samples));

        var sampledAt = time.GetUtcNow();
        return [.. metrics.Select(metric => new MetricReading
        {
            Metric = metric.Query.Name,
            Canary = Reading(metric, Canary, request.CanaryPods, answers, counters),
            CanaryQuery = metric.Text,
            Stable = metric.Query.ReadStable ? Reading(metric, Stable, request.StablePods, answers, counters) : null,
            StableQuery = metric.Query.ReadStable ? metric.Text : null,
            SampledAt = sampledAt,
        })];
    }

    private static TrackReading Reading(PodMetric metric, string track, IReadOnlyList<PodTarget> pods, IReadOnlyList<PodAnswer> answers, PodCounters counters)
    {
        if (metric.Error is not null)
        {
            return new TrackReading.Failed(metric.Error, Terminal: true);
        }

        if (pods.Count == 0)
        {
            return new TrackReading.NoData($"the {track} has no pods");
        }

        // Some silent pods are normal while pods start and stop; with all of them silent the sums are only old numbers.
        var ofTrack = answers.Where(answer => answer.Track == track).ToList();
        if (ofTrack.All(answer => answer.Problem is not null))
        {
            var example = ofTrack.Count == 0 ? "" : $", for example {ofTrack[0].Pod} at {ofTrack[0].Address}: {ofTrack[0].Problem}";
            return new TrackReading.Failed($"none of {pods.Count} {track} pods gave its metrics{example}", Terminal: false);
        }

        return counters.Sum(track, metric.Query.Name) is { } counts ? counts : new TrackReading.NoData($"no {track} pod has a series for {metric.Query.Total}");
    }

    private PodCounters CountersOf(MetricReadRequest request)
    {
        var now = time.GetUtcNow();
        foreach (var (run, (_, usedAt)) in _runs)
        {
            if (now - usedAt > ForgetAfter)
            {
                _runs.TryRemove(run, out _);
            }
        }

        var key = $"{request.Namespace}/{request.Workload}/{request.RunId}";
        return _runs.AddOrUpdate(key, _ => (new PodCounters(request), now), (_, known) => (known.Counters, now)).Counters;
    }
}

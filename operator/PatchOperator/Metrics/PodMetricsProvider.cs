using System.Collections.Concurrent;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics.Http;

namespace PatchOperator.Metrics;

/// <summary>Reads the pods' own <c>/metrics</c>, all pods at once: no Prometheus needed, and no scrape interval to wait for.</summary>
/// <remarks>
/// Queries are instant-vector selectors (<see cref="SeriesSelector"/>), summed over all series and pods. Counts are kept in memory per run;
/// see <see cref="PodCounters"/> for pods that restart, come and go, and for a restart of the operator.
/// </remarks>
/// <param name="endpoint">Where the pods have their metrics.</param>
/// <param name="access">Opens a session for each read.</param>
/// <param name="time">Clock for deadlines and for forgetting runs.</param>
internal sealed class PodMetricsProvider(PodEndpoint endpoint, IHttpAccess access, TimeProvider time) : IMetricProvider
{
    internal const string Canary = TrackVariables.Canary;
    internal const string Stable = TrackVariables.Stable;

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
        var canary = request.Metrics.Select(metric => PodMetric.Of(request, metric, Canary)).ToList();
        var stable = request.Metrics.Select(metric => PodMetric.Of(request, metric, Stable)).ToList();
        var (answers, problem) = await ScrapeAsync(request, canary, stable, ct);
        ct.ThrowIfCancellationRequested();
        counters.Apply(sequence, answers.SelectMany(answer => answer.Samples));

        var sampledAt = time.GetUtcNow();
        return [.. canary.Zip(stable, (ofCanary, ofStable) => new MetricReading
        {
            Metric = ofCanary.Query.Name,
            Canary = problem ?? Reading(ofCanary, Canary, request.CanaryPods, answers, counters),
            CanaryQuery = ofCanary.Text,
            Stable = ofStable.Query.ReadStable ? problem ?? Reading(ofStable, Stable, request.StablePods, answers, counters) : null,
            StableQuery = ofStable.Query.ReadStable ? ofStable.Text : null,
            SampledAt = sampledAt,
        })];
    }

    private async Task<(IReadOnlyList<PodAnswer> Answers, TrackReading.Failed? Problem)> ScrapeAsync(
        MetricReadRequest request, IReadOnlyList<PodMetric> canary, IReadOnlyList<PodMetric> stable, CancellationToken ct)
    {
        IReadOnlyList<PodMetric> readable = [.. canary.Where(metric => metric.Error is null)];
        IReadOnlyList<PodMetric> compared = [.. stable.Where(metric => metric is { Error: null, Query.ReadStable: true })];
        if (readable.Count == 0)
        {
            return ([], null);
        }

        using var timeout = new CancellationTokenSource(request.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            var session = await access.OpenAsync(request.Namespace, deadline.Token);
            var pods = request.CanaryPods.Select(pod => (Canary, pod, readable));
            if (compared.Count > 0)
            {
                pods = pods.Concat(request.StablePods.Select(pod => (Stable, pod, compared)));
            }

            var answers = await new PodScraper(endpoint, session, time).ReadAsync([.. pods], request.Timeout, PodsAtOnce, ct);
            if (answers.Any(answer => answer.RefusedCredentials))
            {
                access.Distrust(request.Namespace);
            }

            return (answers, null);
        }
        catch (AccessProblemException problem)
        {
            return ([], new TrackReading.Failed($"the pods' metrics: {problem.Message}", problem.IsTerminal));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ([], new TrackReading.Failed($"the pods' metrics: credentials could not be read within {request.Timeout.TotalSeconds:0.###} s", Terminal: false));
        }
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
        if (ofTrack.All(answer => answer.ProblemOf(metric.Query.Name) is not null))
        {
            var example = ofTrack.Count == 0 ? "" : $", for example {ofTrack[0].Pod} at {ofTrack[0].Address}: {ofTrack[0].ProblemOf(metric.Query.Name)}";
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

        var key = $"{request.Namespace}/{request.RunId}";
        return _runs.AddOrUpdate(key, _ => (new PodCounters(request), now), (_, known) => (known.Counters, now)).Counters;
    }
}

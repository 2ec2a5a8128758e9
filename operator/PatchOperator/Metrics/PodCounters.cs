using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>
/// What the pods of one run have counted since the run began. Pods' counters start with the container, not with the run, restart with it,
/// and go with the pod; this turns them into counts of requests that only grow.
/// </summary>
/// <remarks>
/// Stable pods that were there at the first read have served before the run: their first reading is the baseline. Canary pods, and pods
/// that appear later, count from zero, unless <see cref="MetricReadRequest.CanaryHasServed"/>. If the first read comes <see cref="LateAfter"/> or more into the run (the operator was restarted), what
/// was counted before is lost; both tracks then take their first reading as the baseline, so that neither looks back further than the other.
/// </remarks>
internal sealed class PodCounters
{
    /// <summary>A first read later than this into the run means that earlier counts were lost.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Track, string Pod, string Metric), Counter> _counters = [];
    private readonly HashSet<(string Track, string Pod)> _baselined = [];
    private readonly HashSet<(string Track, string Pod, string Metric)> _seenWithoutSeries = [];
    private long _lastApplied = -1;

    public PodCounters(MetricReadRequest first)
    {
        _baselined.UnionWith(first.StablePods.Select(pod => (PodMetricsProvider.Stable, pod.Name)));
        if (first.CanaryHasServed || first.Window >= LateAfter)
        {
            _baselined.UnionWith(first.CanaryPods.Select(pod => (PodMetricsProvider.Canary, pod.Name)));
        }
    }

    /// <summary>Takes in what the pods answered. A read that was overtaken by a later one is dropped: its older numbers would look like a restart.</summary>
    public void Apply(long sequence, IEnumerable<PodSample> samples)
    {
        lock (_lock)
        {
            if (sequence <= _lastApplied)
            {
                return;
            }

            _lastApplied = sequence;
            foreach (var sample in samples)
            {
                var key = (sample.Track, sample.Pod, sample.Metric);
                if (!_counters.TryGetValue(key, out var counter))
                {
                    if (!sample.HasSeries)
                    {
                        _seenWithoutSeries.Add(key);
                        continue;
                    }

                    var counts = !_baselined.Contains((sample.Track, sample.Pod)) || _seenWithoutSeries.Contains(key);
                    _counters[key] = new Counter(sample.Failures, sample.Total, counts ? sample.Failures : 0, counts ? sample.Total : 0);
                    continue;
                }

                // Failures and totals live in one process and restart together, even if one of them is already past its old value.
                var restarted = sample.Total < counter.LastTotal || sample.Failures < counter.LastFailures;
                _counters[key] = new Counter(
                    sample.Failures,
                    sample.Total,
                    counter.Failures + sample.Failures - (restarted ? 0 : counter.LastFailures),
                    counter.Total + sample.Total - (restarted ? 0 : counter.LastTotal));
            }
        }
    }

    /// <summary>The sum over all pods of the track that ever answered, those that are gone included; null if none has had the metric.</summary>
    public TrackReading.Counts? Sum(string track, string metric)
    {
        lock (_lock)
        {
            var counters = _counters.Where(entry => entry.Key.Track == track && entry.Key.Metric == metric).Select(entry => entry.Value).ToList();
            return counters.Count == 0 ? null : new TrackReading.Counts(counters.Sum(counter => counter.Failures), counters.Sum(counter => counter.Total));
        }
    }

    private readonly record struct Counter(double LastFailures, double LastTotal, double Failures, double Total);
}

/// <summary>The counters of one pod for one metric at one moment.</summary>
/// <param name="HasSeries">False if the pod answered and has no such series: many libraries make one at the first request.</param>
internal readonly record struct PodSample(string Track, string Pod, string Metric, double Failures, double Total, bool HasSeries);

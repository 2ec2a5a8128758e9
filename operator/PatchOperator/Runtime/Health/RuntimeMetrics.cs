using Prometheus;

namespace PatchOperator.Runtime;

/// <summary>All metrics of the runtime. Durations are in seconds. Resources are named as RBAC names them, <c>deployments.apps</c>.</summary>
public sealed class RuntimeMetrics
{
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly Counter reconciles;
    private readonly Histogram reconcileSeconds;
    private readonly Gauge queueDepth;
    private readonly Histogram queueSeconds;
    private readonly Counter queueRetries;
    private readonly Counter watchEvents;
    private readonly Counter watchRestarts;
    private readonly Counter relists;
    private readonly Counter undecodable;
    private readonly Counter requests;
    private readonly Histogram requestSeconds;
    private readonly Counter lostEvents;
    private readonly Gauge leader;

    /// <param name="registry">Null takes the process's default one.</param>
    public RuntimeMetrics(CollectorRegistry? registry = null)
    {
        if (registry is null)
        {
            // The platform's own meters say of every connection what the series below say of the API server, in hundreds of series more.
            Prometheus.Metrics.SuppressDefaultMetrics(new SuppressDefaultMetricOptions { SuppressMeters = true, SuppressEventCounters = true });
        }

        Registry = registry ?? Prometheus.Metrics.DefaultRegistry;
        var metrics = Prometheus.Metrics.WithCustomRegistry(Registry);
        var byResult = new HistogramConfiguration { Buckets = Seconds };
        reconciles = metrics.CreateCounter("patchoperator_reconciles_total", "Reconciles by their result.", "resource", "result");
        reconcileSeconds = metrics.CreateHistogram("patchoperator_reconcile_duration_seconds", "Duration of reconciles.", ["resource"], byResult);
        queueDepth = metrics.CreateGauge("patchoperator_queue_depth", "Objects that wait for a worker.", "resource");
        queueSeconds = metrics.CreateHistogram("patchoperator_queue_latency_seconds", "Time from due to started.", ["resource"], byResult);
        queueRetries = metrics.CreateCounter("patchoperator_queue_retries_total", "Reconciles repeated after a failure.", "resource");
        watchEvents = metrics.CreateCounter("patchoperator_watch_events_total", "Events received, by type.", "resource", "type");
        watchRestarts = metrics.CreateCounter("patchoperator_watch_restarts_total", "Watches opened again, by why the last one ended.", "resource", "reason");
        relists = metrics.CreateCounter("patchoperator_relists_total", "Complete lists, by why they were needed.", "resource", "reason");
        undecodable = metrics.CreateCounter("patchoperator_undecodable_objects_total", "Object versions that do not fit their type.", "resource");
        requests = metrics.CreateCounter("patchoperator_api_requests_total", "Requests to the API server.", "verb", "resource", "code");
        requestSeconds = metrics.CreateHistogram(
            "patchoperator_api_request_duration_seconds", "Time until the answer's headers.", ["verb", "resource"], byResult);
        lostEvents = metrics.CreateCounter("patchoperator_events_lost_total", "Kubernetes Events that could not be written.");
        leader = metrics.CreateGauge("patchoperator_leader", "1 while this process leads.");
    }

    public CollectorRegistry Registry { get; }

    /// <param name="resource">The controller's kind.</param>
    /// <param name="result"><c>success</c>, <c>failure</c>, <c>conflict</c> or <c>cancelled</c>.</param>
    /// <param name="duration">Of the reconcile.</param>
    public void Reconciled(ResourceType resource, string result, TimeSpan duration)
    {
        reconciles.WithLabels(resource.ToString(), result).Inc();
        reconcileSeconds.WithLabels(resource.ToString()).Observe(duration.TotalSeconds);
    }

    public void Queued(string queue, int depth) => queueDepth.WithLabels(queue).Set(depth);

    public void Dequeued(string queue, TimeSpan waited) => queueSeconds.WithLabels(queue).Observe(waited.TotalSeconds);

    public void Retried(string queue) => queueRetries.WithLabels(queue).Inc();

    public void WatchEvent(ResourceType resource, string type) => watchEvents.WithLabels(resource.ToString(), type).Inc();

    public void WatchRestarted(ResourceType resource, string reason) => watchRestarts.WithLabels(resource.ToString(), reason).Inc();

    public void Relisted(ResourceType resource, string reason) => relists.WithLabels(resource.ToString(), reason).Inc();

    public void Undecodable(ResourceType resource) => undecodable.WithLabels(resource.ToString()).Inc();

    public void Requested(string verb, ResourceType resource, string code, TimeSpan duration)
    {
        requests.WithLabels(verb, resource.ToString(), code).Inc();
        requestSeconds.WithLabels(verb, resource.ToString()).Observe(duration.TotalSeconds);
    }

    public void EventLost() => lostEvents.Inc();

    public void Leading(bool leads) => leader.Set(leads ? 1 : 0);
}

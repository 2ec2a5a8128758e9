using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Probes;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>Asks the provider that the spec names, for the pods that exist now.</summary>
internal sealed class MetricReader(
    Func<MetricProviderSpec, IMetricProvider> providers, ProbeProvider probes, Measurements<IReadOnlyList<MetricReading>> measurements, Measurements<PodSighting> sightings, TimeProvider time)
{
    /// <summary>A try before the start looks back this far: stable has been running for a while.</summary>
    private static readonly TimeSpan PreflightWindow = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The window begins a little before the canary served: Prometheus needs a sample from before the first request, or it misses the first failures.
    /// </summary>
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(15);

    /// <summary>The measurement that is due, or null while it is under way; its end wakes the patch.</summary>
    public IReadOnlyList<MetricReading>? Read(
        EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> canary, IReadOnlyList<PodResource> stable, IReadOnlyList<string> stableServices)
    {
        if (patch.Status!.Step is not { } step)
        {
            return Watch(patch, intent, stable, stableServices);
        }

        var since = step.CountedSince()!.Value;
        var request = Request(patch, intent, canary, stable, stableServices) with
        {
            Window = WindowFrom(since),
            RunId = $"{patch.Metadata.Uid}/{patch.Status.Run}/{step.Index}/{since.UtcTicks}",
            CanaryHasServed = step.Index > 0 || step.TakingSince < since,
        };
        return Measure(patch, request);
    }

    /// <summary>A clock that went back since leaves the shortest window, and no negative one.</summary>
    private TimeSpan WindowFrom(DateTimeOffset since) => TimeSpan.FromTicks(Math.Max(0, (time.GetUtcNow() - since).Ticks)) + Lead;

    /// <summary>After the promotion there is the patched stable alone; asking for the canary of no pods costs nothing.</summary>
    private IReadOnlyList<MetricReading>? Watch(EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> stable, IReadOnlyList<string> stableServices)
    {
        var since = patch.Status!.Watch!.StartedAt;
        var request = Request(patch, intent, [], stable, stableServices);
        return Measure(patch, request with
        {
            Metrics = [.. request.Metrics.Select(metric => metric with { ReadStable = true })],
            Window = WindowFrom(since),
            RunId = $"{patch.Metadata.Uid}/{patch.Status.Run}/watch/{since.UtcTicks}",
        });
    }

    /// <summary>Reads every metric for stable in both roles: does the source answer, and does it understand the queries?</summary>
    public IReadOnlyList<MetricReading>? Try(EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> stable, IReadOnlyList<string> stableServices) =>
        Measure(patch, Request(patch, intent, stable, stable, stableServices) with { RunId = $"{patch.Metadata.Uid}/preflight/{intent.Digest}", IsPreflight = true });

    /// <summary>Which of the pods that wait at their gate need not wait longer for the source that measures them.</summary>
    public IReadOnlyList<string> LookFor(EmergencyPatch patch, IReadOnlyList<string> waiting, IReadOnlyList<PodResource> stable)
    {
        if (waiting.Count == 0)
        {
            sightings.Stop(patch);
            return [];
        }

        var provider = providers(patch.Spec.Analysis!.Provider!);
        var lookout = new PodLookout(patch.Metadata.Namespace ?? "", waiting, [.. stable.Where(PodFacts.IsReady).Select(p => p.Metadata.Name)]);
        return sightings.TakeOrStart(patch, string.Join(',', waiting), token => LookForAsync(provider, lookout, token))?.Pods ?? [];
    }

    private static async Task<PodSighting> LookForAsync(IMetricProvider provider, PodLookout lookout, CancellationToken cancellation)
    {
        try
        {
            return await provider.LookForAsync(lookout, cancellation);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // A mistake in a provider keeps no pod out for longer than an outage does.
            return new PodSighting([]);
        }
    }

    /// <summary>Ends a measurement that is under way, and the patch's probes.</summary>
    public void Stop(EmergencyPatch patch)
    {
        measurements.Stop(patch);
        sightings.Stop(patch);
        probes.Stop(patch.Metadata.Uid);
    }

    private IReadOnlyList<MetricReading>? Measure(EmergencyPatch patch, MetricReadRequest request) =>
        measurements.TakeOrStart(patch, request.RunId, cancellation => ReadAsync(patch, request, cancellation));

    private async Task<IReadOnlyList<MetricReading>> ReadAsync(EmergencyPatch patch, MetricReadRequest request, CancellationToken cancellation)
    {
        try
        {
            return await new SplitProvider(metric => metric.Source == MetricSource.Probe ? probes : providers(patch.Spec.Analysis!.Provider!)).ReadAsync(request, cancellation);
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            // A mistake in a provider is a metrics outage and no reason to stop deciding: deadlines and reverts go on.
            return [.. request.Metrics.Select(m => Failed(m, $"The metrics could not be read: {exception.Message}"))];
        }
    }

    private MetricReading Failed(MetricQuery metric, string message) => new()
    {
        Metric = metric.Name,
        Canary = new TrackReading.Failed(message, Terminal: false),
        Stable = metric.ReadStable ? new TrackReading.Failed(message, Terminal: false) : null,
        SampledAt = time.GetUtcNow(),
        CanaryQuery = metric.Failures,
    };

    private static MetricReadRequest Request(
        EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> canary, IReadOnlyList<PodResource> stable, IReadOnlyList<string> stableServices) => new()
        {
            Namespace = patch.Metadata.Namespace ?? "",
            Workloads = [.. intent.Judged.Select(w => w.Target.Name)],
            StableServices = stableServices,
            CanaryPods = Targets(canary),
            StablePods = Targets(stable),
            Window = PreflightWindow,
            Metrics = [.. intent.Metrics.Select(Query)],
            Timeout = MetricReadRequest.TimeoutFor(intent.Interval),
            RunId = patch.Metadata.Uid,
        };

    private static MetricQuery Query(MetricIntent metric) => new()
    {
        Name = metric.Policy.Name,
        Failures = metric.Queries.Failures,
        Total = metric.Queries.Total,
        Value = metric.Queries.Value,
        ReadStable = metric.Policy.CompareWithStable || metric.Policy.Gauge?.Tolerance is not null,
        Source = metric.Queries.Source,
        CountsTheRest = metric.Queries.CountsTheRest,
        Args = metric.Queries.Args,
        Paths = metric.Queries.Paths,
        Probe = metric.Queries.Probe,
    };

    private static IReadOnlyList<PodTarget> Targets(IReadOnlyList<PodResource> pods) =>
        [.. pods.Where(p => !string.IsNullOrEmpty(p.Status.PodIP) && !PodFacts.HasEnded(p)).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => new PodTarget(p.Metadata.Name, p.Status.PodIP!, PodFacts.IsReady(p)))];
}

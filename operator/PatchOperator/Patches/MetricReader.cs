using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Metrics;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>Asks the provider that the spec names, for the pods that exist now.</summary>
internal sealed class MetricReader(Func<MetricProviderSpec, IMetricProvider> providers, TimeProvider time)
{
    /// <summary>A try before the start looks back this far: stable has been running for a while.</summary>
    private static readonly TimeSpan PreflightWindow = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The window begins a little before the canary served: Prometheus needs a sample from before the first request, or it misses the first failures.
    /// </summary>
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(10);

    public Task<IReadOnlyList<MetricReading>> ReadAsync(
        EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> canary, IReadOnlyList<PodResource> stable, CancellationToken cancellation)
    {
        var step = patch.Status!.Step!;
        var window = time.GetUtcNow() - step.ServingSince!.Value + Lead;
        return ReadAsync(patch, intent, canary, stable, window, $"{patch.Metadata.Uid}/{patch.Status.Run}/{step.Index}/{step.StartedAt.UtcTicks}", step.Index > 0, cancellation);
    }

    /// <summary>Reads every metric for stable in both roles: does the source answer, and does it understand the queries?</summary>
    public Task<IReadOnlyList<MetricReading>> TryAsync(EmergencyPatch patch, PatchIntent intent, IReadOnlyList<PodResource> stable, CancellationToken cancellation) =>
        ReadAsync(patch, intent, stable, stable, PreflightWindow, $"{patch.Metadata.Uid}/preflight", canaryHasServed: false, cancellation);

    private async Task<IReadOnlyList<MetricReading>> ReadAsync(
        EmergencyPatch patch,
        PatchIntent intent,
        IReadOnlyList<PodResource> canary,
        IReadOnlyList<PodResource> stable,
        TimeSpan window,
        string runId,
        bool canaryHasServed,
        CancellationToken cancellation)
    {
        // An answer that comes after the next tick is due helps nobody.
        var timeout = intent.Interval * 0.8;
        timeout = timeout < ShortestTimeout ? ShortestTimeout : timeout > LongestTimeout ? LongestTimeout : timeout;
        var request = new MetricReadRequest
        {
            Namespace = patch.Metadata.Namespace ?? "",

            // Several are a pattern for =~.
            Workload = string.Join('|', intent.Judged.Select(w => w.Target.Name)),
            CanaryPods = Targets(canary),
            StablePods = Targets(stable),
            Window = window,
            Metrics = [.. intent.Metrics.Select(m => new MetricQuery { Name = m.Policy.Name, Failures = m.Failures, Total = m.Total, ReadStable = m.Policy.CompareWithStable })],
            Timeout = timeout,
            RunId = runId,
            CanaryHasServed = canaryHasServed,
        };
        try
        {
            return await providers(patch.Spec.Analysis!.Provider!).ReadAsync(request, cancellation);
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

    private static IReadOnlyList<PodTarget> Targets(IReadOnlyList<PodResource> pods) =>
        [.. pods.Where(p => !string.IsNullOrEmpty(p.Status.PodIP)).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => new PodTarget(p.Metadata.Name, p.Status.PodIP!))];
}

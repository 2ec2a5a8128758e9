using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Validation;

/// <summary>
/// Whether a spec that was accepted once, and that other settings or later rules refuse, can be carried on: all is there that says what is patched, in which
/// steps, and by which evidence, and none of it has become unreadable. A ceiling that is taken for none would judge by less than what was agreed.
/// </summary>
internal static class SpecReading
{
    public static bool IsPossible(EmergencyPatchSpec spec) =>
        spec is { Workloads.Count: > 0, Canary.Steps.Count: > 0, Analysis.Metrics.Count: > 0 }
        && spec.Workloads.All(IsPossible)
        && spec.Canary.Steps.All(s => s is { Weight: >= 0 and <= 100 } && IsPossible(s.Hold))
        && spec.Analysis.Metrics.All(IsPossible)
        && IsPossible(spec.Canary.ProgressDeadline)
        && IsPossible(spec.Analysis.Interval)
        && IsPossible(spec.Canary.Traffic)
        && (spec.Approval?.Escalation ?? []).All(t => t is not null);

    private static bool IsPossible(WorkloadSpec? workload) =>
        workload?.Target() is not null && workload.Containers is { Count: > 0 } containers && containers.All(c => c is { Name: not null, Image: not null });

    private static bool IsPossible(MetricSpec? metric) =>
        metric is { Name: not null }
        && (metric.MaxRate is null || Percent.TryParse(metric.MaxRate, out _))
        && metric.CompareWith is null or "Stable"
        && metric is not { MaxRate: null, CompareWith: null, Gauge: null }
        && (metric.Preset is null || MetricPresets.Find(metric.Preset) is not null)
        && (metric.Latency is null || metric is { Preset: not null } or { Latency.Histogram: not null });

    private static bool IsPossible(TrafficSpec? traffic) =>
        new[] { traffic?.HttpRoute, traffic?.Ingress }.Concat(traffic?.HttpRoutes ?? []).All(route => route is null or { Name: not null });

    private static bool IsPossible(Duration? duration) => duration is not { } given || given.TryGetValue(out _);
}

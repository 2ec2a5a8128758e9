using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>The pods of one workload of a patch, by track.</summary>
internal sealed record WorkloadPods(IReadOnlyList<PodResource> Canary, IReadOnlyList<PodResource> Stable)
{
    public static WorkloadPods Of(NamespaceView view, EmergencyPatch patch, ScheduledWorkload workload) => new(
        workload.HasCanary ? Canaries(view, patch, workload.Name) : [],
        [.. view.Pods.List(where: p => PodFacts.IsPodOf(p, workload.Workload))]);

    public static IReadOnlyList<PodResource> Canaries(NamespaceView view, EmergencyPatch patch, string workload) =>
        [.. view.Pods.List(where: p => PodFacts.IsCanaryOf(p, patch, workload))];
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>What a pod's status means for a roll-out.</summary>
internal static class PodFacts
{
    /// <summary>Readiness gate of a canary's pods: true when their metrics are collected.</summary>
    public const string Gate = Names.Group + "/metrics-scraped";

    private const string TemplateHash = "pod-template-hash";

    public static bool IsReady(PodResource pod) =>
        !pod.Metadata.IsTerminating && (pod.Status.Conditions ?? []).Any(c => c is { Type: "Ready", Status: "True" });

    /// <summary>Since when its containers are ready, whatever its gates say.</summary>
    public static DateTimeOffset? ContainersReadyAt(PodResource pod) =>
        (pod.Status.Conditions ?? []).FirstOrDefault(c => c is { Type: "ContainersReady", Status: "True" }) is { } ready ? ready.LastTransitionTime ?? DateTimeOffset.MinValue : null;

    /// <summary>Our gate keeps it out of its Services.</summary>
    public static bool IsShut(PodResource pod) =>
        (pod.Spec.ReadinessGates ?? []).Any(g => g.ConditionType == Gate) && !(pod.Status.Conditions ?? []).Any(c => c is { Type: Gate, Status: "True" });

    /// <summary>A ReplicaSet leaves such pods lying, and their addresses may be another pod's by now.</summary>
    public static bool HasEnded(PodResource pod) => pod.Status.Phase is "Failed" or "Succeeded";

    public static bool IsCanaryOf(PodResource pod, EmergencyPatch patch, string workload) =>
        pod.Metadata.Labels is { } labels
        && labels.GetValueOrDefault(Labels.Track) == Labels.TrackCanary
        && labels.GetValueOrDefault(Labels.PatchUid) == patch.Metadata.Uid
        && labels.GetValueOrDefault(Labels.Workload) == workload;

    /// <summary>By its owner's name, which is exact where selectors are not: <c>shop</c> never includes <c>shop-admin</c>.</summary>
    public static bool IsPodOf(PodResource pod, WorkloadRef workload) => workload.Kind switch
    {
        WorkloadKind.Deployment => pod.Metadata.Labels?.GetValueOrDefault(TemplateHash) is { } hash
            && pod.Metadata.Labels.GetValueOrDefault(Labels.Track) != Labels.TrackCanary
            && IsOwnedBy(pod, "ReplicaSet", $"{workload.Name}-{hash}"),
        WorkloadKind.StatefulSet => IsOwnedBy(pod, "StatefulSet", workload.Name),
        WorkloadKind.CronJob => false,
    };

    public static IReadOnlyDictionary<string, string> Images(PodResource pod) =>
        (pod.Spec.Containers ?? []).ToDictionary(c => c.Name, c => c.Image, StringComparer.Ordinal);

    /// <summary>Why it does not run, with the node's or scheduler's own message; null while all is well.</summary>
    public static string? Problem(PodResource pod)
    {
        if (pod.Metadata.IsTerminating)
        {
            return null;
        }

        foreach (var container in (pod.Status.InitContainerStatuses ?? []).Concat(pod.Status.ContainerStatuses ?? []))
        {
            if (container.State?.Waiting is { Reason: { } reason } waiting && reason is not ("ContainerCreating" or "PodInitializing"))
            {
                var exit = container.LastState?.Terminated?.ExitCode is { } code ? $" (exit code {code}, {container.RestartCount} restarts)" : "";
                return $"Pod {pod.Metadata.Name}, container {container.Name}: {reason}{exit}. {waiting.Message}".TrimEnd();
            }

            // Between two back-offs a crashing container runs for a moment; that is no good news.
            if (!IsReady(pod) && (container.State?.Terminated ?? (container.RestartCount > 0 ? container.LastState?.Terminated : null)) is { ExitCode: not 0 } ended)
            {
                return $"Pod {pod.Metadata.Name}, container {container.Name}: {ended.Reason ?? "Error"} (exit code {ended.ExitCode}, {container.RestartCount} restarts). {ended.Message}".TrimEnd();
            }
        }

        var unscheduled = (pod.Status.Conditions ?? []).FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False" });
        if (unscheduled is not null)
        {
            return $"Pod {pod.Metadata.Name}: {unscheduled.Reason}. {unscheduled.Message}";
        }

        return pod.Status.Phase is "Failed" ? $"Pod {pod.Metadata.Name}: {pod.Status.Reason ?? "Failed"}. {pod.Status.Message}" : null;
    }

    /// <summary>Also where the container runs again: the next failure may be seconds away.</summary>
    public static bool HasCrashed(PodResource pod) =>
        (pod.Status.ContainerStatuses ?? []).Any(c => (c.State?.Terminated ?? c.LastState?.Terminated) is { ExitCode: not (null or 0) });

    private static bool IsOwnedBy(PodResource pod, string kind, string name) =>
        (pod.Metadata.OwnerReferences ?? []).Any(o => o.Controller is true && o.Kind == kind && o.Name == name);
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>What a pod's status means for a roll-out.</summary>
internal static class PodFacts
{
    /// <summary>Readiness gate of a canary's pods: true when their metrics are collected.</summary>
    public const string Gate = Names.Group + "/metrics-scraped";

    private static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(30);

    private const string TemplateHash = "pod-template-hash";
    private const string RevisionHash = "controller-revision-hash";

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

    /// <summary>In words; of a ReplicaSet the Deployment behind it.</summary>
    public static string OwnerOf(PodResource pod) => pod.Metadata.OwnerReferences switch
    {
        [{ Kind: "ReplicaSet", Name: var name }, ..] when pod.Metadata.Labels?.GetValueOrDefault(TemplateHash) is { } hash && name.EndsWith($"-{hash}", StringComparison.Ordinal) => $"Deployment {name[..^(hash.Length + 1)]}",
        [var owner, ..] => $"{owner.Kind} {owner.Name}",
        _ => $"Pod {pod.Metadata.Name}",
    };

    public static bool IsPodOf(PodResource pod, JobResource job) => (pod.Metadata.OwnerReferences ?? []).Any(o => o.Controller is true && o.Uid == job.Metadata.Uid);

    /// <summary>Of a StatefulSet: the template it was made from, as its controller calls it.</summary>
    public static string? RevisionOf(PodResource pod) => pod.Metadata.Labels?.GetValueOrDefault(RevisionHash);

    /// <summary>
    /// By when it should have been gone, where it is not ready any more either. A kubelet that lives kills what outstays its time, and one that does not has
    /// its pods marked so by the node controller.
    /// </summary>
    public static DateTimeOffset? DueGoneAt(PodResource pod) =>
        (pod.Status.Conditions ?? []).Any(c => c is { Type: "Ready", Status: "True" }) ? null : pod.Metadata.DeletionTimestamp;

    public static IReadOnlyDictionary<string, string> Images(PodResource pod) =>
        (pod.Spec.InitContainers ?? []).Concat(pod.Spec.Containers ?? []).ToDictionary(c => c.Name, c => c.Image, StringComparer.Ordinal);

    /// <summary>Why it does not run, with the node's or scheduler's own message; null while all is well.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="now">Starting takes its time, which is no problem for a while.</param>
    public static string? Problem(PodResource pod, DateTimeOffset now)
    {
        if (pod.Metadata.IsTerminating)
        {
            return null;
        }

        foreach (var container in Containers(pod))
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

        if (pod.Status.Phase is "Failed")
        {
            return $"Pod {pod.Metadata.Name}: {pod.Status.Reason ?? "Failed"}. {pod.Status.Message}";
        }

        // A volume that cannot be mounted or a probe that fails is told in events alone, which nobody here reads.
        return (pod.Status.Conditions ?? []).FirstOrDefault(c => c is { Type: "ContainersReady", Status: "False" } && c.LastTransitionTime + SlowStart <= now) is { } unready
            ? $"Pod {pod.Metadata.Name}: {unready.Reason}. {unready.Message}. kubectl describe pod {pod.Metadata.Name} -n {pod.Metadata.Namespace} tells why."
            : null;
    }

    /// <summary>Also where the container runs again: the next failure may be seconds away. An init container that has done its work has ended well, however often it tried.</summary>
    public static bool HasCrashed(PodResource pod) =>
        Containers(pod).Any(c => (c.State?.Terminated ?? c.LastState?.Terminated) is { ExitCode: not (null or 0) });

    /// <summary>Containers that run or did so.</summary>
    public static IEnumerable<string> Begun(PodResource pod) =>
        Containers(pod).Where(c => c.State is { Waiting: null } || c.LastState?.Terminated is not null || c.RestartCount > 0).Select(c => c.Name);

    /// <summary>Init containers may be sidecars, which run as long as the others.</summary>
    private static IEnumerable<ContainerStatusPart> Containers(PodResource pod) => (pod.Status.InitContainerStatuses ?? []).Concat(pod.Status.ContainerStatuses ?? []);

    private static bool IsOwnedBy(PodResource pod, string kind, string name) =>
        (pod.Metadata.OwnerReferences ?? []).Any(o => o.Controller is true && o.Kind == kind && o.Name == name);
}

using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>What the status of a workload means for a roll-out, kind by kind.</summary>
internal static class WorkloadFacts
{
    /// <summary>A Job that has no pod by then is not let make one, as by a quota or a policy.</summary>
    private static readonly TimeSpan PodsAreDue = TimeSpan.FromSeconds(30);

    public static StableObservation Stable(DeploymentResource deployment, IReadOnlyList<string> patched)
    {
        var wanted = deployment.Spec.Replicas ?? 1;
        var status = deployment.Status;
        var rolledOut = (status.ObservedGeneration ?? 0) >= deployment.Metadata.Generation
            && (status.UpdatedReplicas ?? 0) >= wanted
            && (status.AvailableReplicas ?? 0) >= wanted
            && (status.Replicas ?? 0) == (status.UpdatedReplicas ?? 0);
        return new StableObservation
        {
            Uid = deployment.Metadata.Uid,
            Version = deployment.Metadata.ResourceVersion,
            MarkedBy = MarkedBy(deployment),
            Replicas = wanted,
            Images = deployment.Spec.Template.Images,
            Volumes = deployment.Spec.Template.Volumes,
            TemplateDigest = deployment.Spec.Template.DigestWithout(patched),
            ReadyReplicas = status.ReadyReplicas ?? 0,
            IsRolledOut = rolledOut,
            // Until its controller has seen the newest template, what it says is about the one before.
            RolloutFailure = rolledOut || (status.ObservedGeneration ?? 0) < deployment.Metadata.Generation ? null : Words(deployment, "Progressing", "False"),
            Problem = rolledOut ? null : Words(deployment, "ReplicaFailure", "True"),
            Obstacle = deployment.Spec.Paused is true
                ? $"it is paused, so no change of its images reaches a pod. Resume it: kubectl rollout resume deployment {deployment.Metadata.Name} -n {deployment.Metadata.Namespace}"
                : null,
        };
    }

    public static StableObservation Stable(StatefulSetResource set, IReadOnlyList<string> patched)
    {
        var wanted = set.Spec.Replicas ?? 1;
        var status = set.Status;
        return new StableObservation
        {
            Uid = set.Metadata.Uid,
            Version = set.Metadata.ResourceVersion,
            MarkedBy = MarkedBy(set),
            Replicas = wanted,
            Images = set.Spec.Template.Images,
            Revision = (status.ObservedGeneration ?? 0) >= set.Metadata.Generation ? status.UpdateRevision : null,
            TemplateDigest = set.Spec.Template.DigestWithout(patched),
            ReadyReplicas = status.ReadyReplicas ?? 0,

            // That currentRevision is updateRevision says nothing: going back half way, its controller takes up the revision it had, and they are one from the start.
            IsRolledOut = (status.ObservedGeneration ?? 0) >= set.Metadata.Generation
                && (status.UpdatedReplicas ?? 0) >= wanted
                && (status.ReadyReplicas ?? 0) >= wanted
                && (status.Replicas ?? 0) == wanted,
            Obstacle = set.Spec.UpdateStrategy switch
            {
                { Type: "OnDelete" } => "its updateStrategy is OnDelete, so a change of its images reaches no pod. Set spec.updateStrategy.type to RollingUpdate.",
                { RollingUpdate.Partition: > 0 and var partition } =>
                    $"its updateStrategy has partition {partition}, so the pods below that ordinal would keep the old images. Set spec.updateStrategy.rollingUpdate.partition to 0.",
                _ => null,
            },
        };
    }

    /// <summary>A CronJob has no pods of its own: its template is what its next Job gets.</summary>
    public static StableObservation Stable(CronJobResource cron, IReadOnlyList<string> patched) => new()
    {
        Uid = cron.Metadata.Uid,
        Version = cron.Metadata.ResourceVersion,
        MarkedBy = MarkedBy(cron),
        Replicas = 0,
        Images = cron.Spec.JobTemplate.Spec.Template.Images,
        TemplateDigest = cron.Spec.JobTemplate.Spec.Template.DigestWithout(patched),
        ReadyReplicas = 0,
        IsRolledOut = true,
        IsSuspended = cron.Spec.Suspend ?? false,
    };

    /// <summary>Also Jobs that a person made of it by hand.</summary>
    public static IReadOnlyList<JobObservation> ActiveJobs(IEnumerable<JobResource> jobs, string cronJobUid, Func<JobResource, IReadOnlyCollection<PodResource>> podsOf, DateTimeOffset now) =>
    [
        .. jobs.Where(j => !j.HasEnded && (j.Metadata.OwnerReferences ?? []).Any(o => o.Uid == cronJobUid))
            .OrderBy(j => j.Metadata.Name, StringComparer.Ordinal)
            .Select(j => new JobObservation(j.Metadata.Name, j.Spec.Template.Images) { Uid = j.Metadata.Uid, Begun = Begun(j, podsOf(j), now) }),
    ];

    /// <summary>Null where there may be pods that were not seen yet.</summary>
    private static IReadOnlyCollection<string>? Begun(JobResource job, IReadOnlyCollection<PodResource> pods, DateTimeOffset now)
    {
        var allAreSeen = pods.Count(p => !PodFacts.HasEnded(p)) >= (job.Status.Active ?? 0)
            && (pods.Count > 0 || (job.Status is { Succeeded: null or 0, Failed: null or 0 } && job.Metadata.CreationTimestamp + PodsAreDue <= now));
        return allAreSeen ? [.. pods.SelectMany(PodFacts.Begun)] : null;
    }

    public static CanaryObservation Canary(DeploymentResource deployment, EmergencyPatch patch, string? written) => new()
    {
        IsOurs = CanaryOwner.IsOf(patch, deployment.Metadata),
        Replicas = deployment.Spec.Replicas ?? 1,
        Images = deployment.Spec.Template.Images,
        Source = deployment.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource),
        TemplateDigest = deployment.Spec.Template.DigestWithout([]),
        WrittenDigest = written,
        IsPaused = deployment.Spec.Paused is true,
        IsTerminating = deployment.Metadata.IsTerminating,
        Problem = Words(deployment, "ReplicaFailure", "True"),
    };

    private static string? MarkedBy(IResource workload) => workload.Metadata.Annotations?.GetValueOrDefault(Annotations.PatchedBy);

    private static string? Words(DeploymentResource deployment, string type, string status) =>
        (deployment.Status.Conditions ?? []).FirstOrDefault(c => c.Type == type && c.Status == status) is { } condition
            ? $"Deployment {deployment.Metadata.Name}: {condition.Reason}. {condition.Message}"
            : null;
}

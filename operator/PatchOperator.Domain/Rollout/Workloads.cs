using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

public enum WorkloadKind
{
    Deployment,
    StatefulSet,
    CronJob,
}

/// <summary>What a workload does, which decides how it is patched.</summary>
public enum WorkloadRole
{
    /// <summary>Answers requests: gets a canary.</summary>
    Web,

    /// <summary>Runs on a schedule: is never doubled, and never runs old and new code at once.</summary>
    Cron,

    /// <summary>Takes messages from queues: gets a canary only if asked for.</summary>
    Worker,
}

/// <summary>A workload in the patch's own namespace, <c>Deployment magento-web</c>.</summary>
public readonly record struct WorkloadRef(WorkloadKind Kind, string Name)
{
    public override string ToString() => $"{Kind} {Name}";
}

/// <summary>One workload of the unit as the spec wants it, with every default filled in.</summary>
public sealed record WorkloadIntent
{
    public required string Name { get; init; }

    public required WorkloadRole Role { get; init; }

    public required WorkloadRef Target { get; init; }

    public required IReadOnlyList<ImageRecord> Images { get; init; }

    public required bool HasCanary { get; init; }

    /// <summary>What only the canary's pods get.</summary>
    public CanaryOverlay? Overlay { get; init; }

    public static WorkloadIntent From(WorkloadSpec spec)
    {
        var role = Workloads.RoleOf(spec.Role);
        var target = Workloads.Target(spec.Deployment, spec.StatefulSet, spec.CronJob);
        return new WorkloadIntent
        {
            Name = spec.Name ?? target.Name,
            Role = role,
            Target = target,
            Images = [.. spec.Containers!.Select(c => new ImageRecord { Container = c.Name!, Image = c.Image! })],
            HasCanary = spec.Canary?.Enabled ?? Workloads.HasCanaryByDefault(role),
            Overlay = spec.Canary,
        };
    }
}

/// <summary>What spec and status say about a workload in the same words.</summary>
public static class Workloads
{
    /// <summary>Web first: consumers and cron must never meet messages and data of pods that are newer than they can read.</summary>
    public static readonly IReadOnlyList<WorkloadRole> DefaultOrder = [WorkloadRole.Web, WorkloadRole.Cron, WorkloadRole.Worker];

    public static WorkloadRole RoleOf(string? role) => Enum.TryParse<WorkloadRole>(role, out var known) ? known : WorkloadRole.Web;

    public static bool HasCanaryByDefault(WorkloadRole role) => role switch
    {
        WorkloadRole.Web => true,
        WorkloadRole.Cron or WorkloadRole.Worker => false,
    };

    public static WorkloadRef Target(string? deployment, string? statefulSet, string? cronJob) => (statefulSet, cronJob) switch
    {
        ({ } name, _) => new WorkloadRef(WorkloadKind.StatefulSet, name),
        (_, { } name) => new WorkloadRef(WorkloadKind.CronJob, name),
        _ => new WorkloadRef(WorkloadKind.Deployment, deployment ?? ""),
    };

    public static WorkloadRef Target(this WorkloadStatus status) => Target(status.Deployment, status.StatefulSet, status.CronJob);

    public static WorkloadRef Target(this LineageStatus status) => Target(status.Deployment, status.StatefulSet, status.CronJob);

    public static WorkloadRef? Target(this WorkloadSpec spec) =>
        (spec.Deployment ?? spec.StatefulSet ?? spec.CronJob) is null ? null : Target(spec.Deployment, spec.StatefulSet, spec.CronJob);

    /// <summary>What an image of the workload's pods must be counted as.</summary>
    public static bool RunsAll(this IReadOnlyDictionary<string, string> images, IReadOnlyList<ImageRecord> wanted) =>
        wanted.All(w => ImageReference.IsSame(images.GetValueOrDefault(w.Container), w.Image));
}

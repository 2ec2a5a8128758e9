using PatchOperator.Domain.Analysis;

namespace PatchOperator.Domain.Rollout;

/// <summary>All that was read from the outside for one decision.</summary>
public sealed record ObservedState
{
    public static readonly ObservedState Nothing = new();

    public IReadOnlyDictionary<WorkloadRef, WorkloadObservation> Workloads { get; init; } = new Dictionary<WorkloadRef, WorkloadObservation>();

    /// <summary>Null when no measurement was due.</summary>
    public IReadOnlyList<MetricReading>? Readings { get; init; }

    /// <summary>A try of all metrics on stable alone, before the start; null when none was due.</summary>
    public IReadOnlyList<MetricReading>? Preflight { get; init; }

    /// <summary>Another patch that is running on one of the same workloads.</summary>
    public HolderObservation? HeldBy { get; init; }

    /// <summary>Null when nothing is checked now.</summary>
    public CompatibilityObservation? Compatibility { get; init; }

    /// <summary>Command annotations present on the resource: name without prefix, and reason.</summary>
    public IReadOnlyDictionary<string, string> Commands { get; init; } = new Dictionary<string, string>();

    /// <summary>Sequence of the newest record in the stored trail.</summary>
    public long AuditedThrough { get; init; }

    /// <summary>What the API server said to the last action, while it keeps saying so.</summary>
    public string? ActionProblem { get; init; }

    public WorkloadObservation Of(WorkloadRef workload) => Workloads.GetValueOrDefault(workload) ?? WorkloadObservation.Missing;
}

public sealed record HolderObservation(string Patch, WorkloadRef Workload);

/// <summary>One workload of the unit, with its canary and all their pods.</summary>
public sealed record WorkloadObservation
{
    public static readonly WorkloadObservation Missing = new();

    /// <summary>Null when the workload does not exist.</summary>
    public StableObservation? Stable { get; init; }

    public CanaryObservation? Canary { get; init; }

    public IReadOnlyList<PodObservation> CanaryPods { get; init; } = [];

    public IReadOnlyList<PodObservation> StablePods { get; init; } = [];

    public TrafficObservation Traffic { get; init; } = new();
}

public sealed record StableObservation
{
    public required string Uid { get; init; }

    /// <summary>Replicas asked for.</summary>
    public required int Replicas { get; init; }

    /// <summary>Image by container.</summary>
    public required IReadOnlyDictionary<string, string> Images { get; init; }

    /// <summary>Names of the pods' volumes, where there may be a canary.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Digest of the pod template without the patched containers' images.</summary>
    public required string TemplateDigest { get; init; }

    public required int ReadyReplicas { get; init; }

    /// <summary>Every pod runs the current template and is available, and no older pod is left.</summary>
    public required bool IsRolledOut { get; init; }

    /// <summary>The workload's controller's own words when it has given up.</summary>
    public string? RolloutFailure { get; init; }

    /// <summary>What keeps its controller from making pods, such as a quota, in its own words.</summary>
    public string? Problem { get; init; }

    /// <summary>Why a change of its images would never reach its pods, and what to do about it; null when it would.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Of a CronJob: no new Job begins.</summary>
    public bool IsSuspended { get; init; }

    /// <summary>Of a CronJob: its Jobs that have not ended.</summary>
    public IReadOnlyList<JobObservation> ActiveJobs { get; init; } = [];
}

/// <param name="Name">The Job.</param>
/// <param name="Images">Image by container.</param>
public sealed record JobObservation(string Name, IReadOnlyDictionary<string, string> Images);

public sealed record CanaryObservation
{
    /// <summary>Whether this patch's own uid owns it; nothing is ever done to someone else's Deployment of that name.</summary>
    public required bool IsOurs { get; init; }

    public required int Replicas { get; init; }

    /// <summary>What it was made from: see <see cref="Api.V1Alpha1.Annotations.CanarySource"/>.</summary>
    public string? Source { get; init; }

    public bool IsTerminating { get; init; }

    /// <summary>What keeps its controller from making pods, such as a quota, in its own words.</summary>
    public string? Problem { get; init; }
}

public sealed record PodObservation
{
    public required string Name { get; init; }

    public required string Ip { get; init; }

    public required bool Ready { get; init; }

    /// <summary>Whether some Service's selector matches the pod.</summary>
    public required bool InRotation { get; init; }

    /// <summary>Of a canary: runs the current template.</summary>
    public bool IsCurrent { get; init; } = true;

    /// <summary>Image by container.</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    public bool IsTerminating { get; init; }

    /// <summary>Why it does not run, in the node's or the scheduler's words.</summary>
    public string? Problem { get; init; }
}

/// <summary>Who gets requests, as the Services' endpoints say.</summary>
public sealed record TrafficObservation
{
    /// <summary>False when the endpoints could not be read; the counts mean nothing then.</summary>
    public bool IsKnown { get; init; } = true;

    /// <summary>False when no Service selects the workload's pods: ready pods count as serving then, and only their end stops them.</summary>
    public bool IsRouted { get; init; } = true;

    public int CanaryEndpoints { get; init; }

    public int StableEndpoints { get; init; }

    /// <summary>Percent, rounded to nearest; null when nobody serves or nothing is known.</summary>
    public int? ActualWeight => IsKnown && CanaryEndpoints + StableEndpoints > 0
        ? (int)Math.Round(100.0 * CanaryEndpoints / (CanaryEndpoints + StableEndpoints), MidpointRounding.AwayFromZero)
        : null;
}

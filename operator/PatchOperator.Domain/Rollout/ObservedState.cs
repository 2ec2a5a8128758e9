using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Notifications;

namespace PatchOperator.Domain.Rollout;

/// <summary>All that was read from the outside for one decision.</summary>
public sealed record ObservedState
{
    public static readonly ObservedState Nothing = new();

    public IReadOnlyDictionary<WorkloadRef, WorkloadObservation> Workloads { get; init; } = new Dictionary<WorkloadRef, WorkloadObservation>();

    /// <summary>Null when no measurement was due, or the one that is due has no result yet.</summary>
    public IReadOnlyList<MetricReading>? Readings { get; init; }

    /// <summary>A measurement or a try is under way; its end wakes the patch.</summary>
    public bool IsMeasuring { get; init; }

    /// <summary>Of the canary's pods that wait to be admitted, those that need not wait longer: Prometheus has scraped them, or cannot tell.</summary>
    public IReadOnlyList<string> Scraped { get; init; } = [];

    /// <summary>A try of all metrics on stable alone, before the start; null when none was due.</summary>
    public IReadOnlyList<MetricReading>? Preflight { get; init; }

    /// <summary>Another patch that is running on one of the same workloads.</summary>
    public HolderObservation? HeldBy { get; init; }

    /// <summary>Null when nothing is checked now.</summary>
    public CompatibilityObservation? Compatibility { get; init; }

    /// <summary>Patches that this one requires or supersedes, by name.</summary>
    public IReadOnlyDictionary<string, NeighbourObservation> Neighbours { get; init; } = new Dictionary<string, NeighbourObservation>();

    /// <summary>What other patches have done to workloads of this one, as their statuses say; before a start.</summary>
    public IReadOnlyList<WorkloadStatus> Promotions { get; init; } = [];

    /// <summary>A patch that supersedes this one and is about to start, or did.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>Command annotations present on the resource: name without prefix, and reason.</summary>
    public IReadOnlyDictionary<string, string> Commands { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations that say they are recorded facts: name and value.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>What facts are sealed with, as far as it is known.</summary>
    public FactKeys Keys { get; init; } = FactKeys.None;

    /// <summary>Sequence of the newest record in the stored trail.</summary>
    public long AuditedThrough { get; init; }

    /// <summary>What the trail is like; null when nobody looked, or could.</summary>
    public AuditObservation? Audit { get; init; }

    /// <summary>Of each workload the last change of its images, if the API server confirmed it, and as far as this process made it: what it runs instead, someone else brought.</summary>
    public IReadOnlyCollection<SetStableImages> ImagesSet { get; init; } = [];

    /// <summary>Since when this process decides about the patch; null where nobody says.</summary>
    public DateTimeOffset? LookingSince { get; init; }

    /// <summary>How notifications of the stored status ended, those under way left out.</summary>
    public IReadOnlyList<DeliveryOutcome> Delivered { get; init; } = [];

    /// <summary>What the API server said to the last action, while it keeps saying so.</summary>
    public string? ActionProblem { get; init; }

    public WorkloadObservation Of(WorkloadRef workload) => Workloads.GetValueOrDefault(workload) ?? WorkloadObservation.Missing;
}

/// <param name="Phase">Where it is.</param>
/// <param name="Requires">What it requires in turn, and what that requires, and so on.</param>
/// <param name="PromotedSuccessor">A patch that supersedes it, or one that does, and is promoted.</param>
public sealed record NeighbourObservation(PatchPhase Phase, IReadOnlyList<string> Requires, string? PromotedSuccessor = null)
{
    public bool IsPromoted => Phase is PatchPhase.Promoted or PatchPhase.Closed || PromotedSuccessor is not null;
}

public sealed record HolderObservation(string Patch, WorkloadRef Workload);

/// <summary>One workload of the unit, with its canary and all their pods.</summary>
public sealed record WorkloadObservation
{
    public static readonly WorkloadObservation Missing = new();

    /// <summary>Null when the workload does not exist, or could not be read.</summary>
    public StableObservation? Stable { get; init; }

    /// <summary>Workloads of its kind could not be read: that there is none means nothing.</summary>
    public bool IsUnread { get; init; }

    public CanaryObservation? Canary { get; init; }

    /// <summary>False when pods and Jobs could not be read, or nobody asked for them: that none is seen means nothing then.</summary>
    public bool ArePodsKnown { get; init; }

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

    /// <summary>Of a StatefulSet: its controller's name for pods of the current template; null while it has not seen it.</summary>
    public string? Revision { get; init; }

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

    /// <summary>Version of the object that all this was read from.</summary>
    public string Version { get; init; } = "";

    /// <summary>The EmergencyPatch whose mark it carries.</summary>
    public string? MarkedBy { get; init; }

    /// <summary>Whether the books of the API server still name us as an owner of the images; null where nobody looked.</summary>
    public bool? OwnsImages { get; init; }

    /// <summary>Of a CronJob: the same of its suspension.</summary>
    public bool? OwnsSuspension { get; init; }

    /// <summary>Who else names the patched images, where they are held; null when nobody was seen to.</summary>
    public string? NamedBy { get; init; }

    /// <summary>Who else set the images that are there now, where they are held or should be others.</summary>
    public string? ImageOwner { get; init; }

    /// <summary>Of a CronJob: no new Job begins.</summary>
    public bool IsSuspended { get; init; }

    /// <summary>Of a CronJob: its Jobs that have not ended.</summary>
    public IReadOnlyList<JobObservation> ActiveJobs { get; init; } = [];
}

/// <param name="Name">The Job.</param>
/// <param name="Images">Image by container.</param>
public sealed record JobObservation(string Name, IReadOnlyDictionary<string, string> Images)
{
    public string Uid { get; init; } = "";

    /// <summary>Containers that have begun in one of its pods; null where that is not known.</summary>
    public IReadOnlyCollection<string>? Begun { get; init; }
}

public sealed record CanaryObservation
{
    /// <summary>Whether this patch's own uid owns it; nothing is ever done to someone else's Deployment of that name.</summary>
    public required bool IsOurs { get; init; }

    public required int Replicas { get; init; }

    /// <summary>Who else gave it that number, where it should be another.</summary>
    public string? ScaledBy { get; init; }

    /// <summary>Image by container.</summary>
    public required IReadOnlyDictionary<string, string> Images { get; init; }

    /// <summary>Who else set them, where they should be others.</summary>
    public string? ImagesSetBy { get; init; }

    /// <summary>Digest of its whole pod template as the API server has it; null where that is not known.</summary>
    public string? TemplateDigest { get; init; }

    /// <summary>The same as the API server answered our own last write of what it is made from; null after a restart, and where the answer was lost.</summary>
    public string? WrittenDigest { get; init; }

    /// <summary>Nothing that it is told reaches a pod.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Who else changed its template or paused it, where that is so.</summary>
    public string? TemplateSetBy { get; init; }

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

    /// <summary>Since when all its containers are ready; null while they are not.</summary>
    public DateTimeOffset? ContainersReadyAt { get; init; }

    /// <summary>It has a gate of ours, and nobody has opened it.</summary>
    public bool IsShut { get; init; }

    /// <summary>Ready but for the gate.</summary>
    public bool WaitsAtGate => IsShut && ContainersReadyAt is not null && !IsTerminating && !HasEnded;

    /// <summary>Whether some Service's selector matches the pod.</summary>
    public required bool InRotation { get; init; }

    /// <summary>Of a canary: runs the current template.</summary>
    public bool IsCurrent { get; init; } = true;

    /// <summary>Image by container, as in the template that it was made from where that is known.</summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    public bool IsTerminating { get; init; }

    /// <summary>By when it should have been gone, where its node does not say either that it is ready; null where nothing is overdue.</summary>
    public DateTimeOffset? DueGoneAt { get; init; }

    /// <summary>It runs nothing any more, as after an eviction; its controller leaves it lying and makes another.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Why it does not run, in the node's or the scheduler's words.</summary>
    public string? Problem { get; init; }

    /// <summary>The last end of one of its containers was a failure, also where the container runs again. A consumer that ends with exit code 0 after its messages has not crashed.</summary>
    public bool HasCrashed { get; init; }
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

    /// <summary>The routes that split the traffic; null where the number of pods does.</summary>
    public IReadOnlyList<RouteObservation>? Routes { get; init; }

    /// <summary>Why routes cannot split the traffic, and what to change; null when they can.</summary>
    public TrafficObstacle? Obstacle { get; init; }

    /// <summary>The Services that were made for the canary are there and lead to its pods.</summary>
    public bool CanaryIsReachable { get; init; }

    /// <summary>They lead there, but not as stable's own are now: other ports, or made anew.</summary>
    public bool ServiceIsBehind { get; init; }

    /// <summary>Who else changed where they lead, where they should lead elsewhere.</summary>
    public string? ServiceChangedBy { get; init; }

    /// <summary>What was made for the split and is still there, such as <c>Service shop-canary</c>.</summary>
    public IReadOnlyList<string> Leftovers { get; init; } = [];

    /// <summary>Percent, rounded to nearest; null when nobody serves, nothing is known, or a gateway has not yet followed its route.</summary>
    public int? ActualWeight => (IsKnown, Routes) switch
    {
        (false, _) => null,
        (true, { } routes) => !CanaryIsReachable ? 0 : routes.All(r => r.HasFollowed) ? routes.Max(r => r.Weight) : null,
        _ => CanaryEndpoints + StableEndpoints > 0
            ? (int)Math.Round(100.0 * CanaryEndpoints / (CanaryEndpoints + StableEndpoints), MidpointRounding.AwayFromZero)
            : null,
    };
}

/// <param name="Reason">For conditions and events.</param>
/// <param name="Message">What is wrong and what to change.</param>
public sealed record TrafficObstacle(string Reason, string Message);

/// <summary>One route as it is now.</summary>
public sealed record RouteObservation
{
    public required RouteRef Route { get; init; }

    public required bool Exists { get; init; }

    /// <summary>The workload's backends as they are, or were, without the canary.</summary>
    public IReadOnlyList<BackendRecord> Backends { get; init; } = [];

    /// <summary>Percent of the workload's requests that it gives the canary.</summary>
    public int Weight { get; init; }

    /// <summary>It is, to the letter, what the stored status asks for.</summary>
    public bool IsAsAsked { get; init; }

    /// <summary>Who else made it what it is, where it should be otherwise.</summary>
    public string? ChangedBy { get; init; }

    /// <summary>Some backend of it is the canary's, at whatever weight.</summary>
    public bool NamesCanary { get; init; }

    /// <summary>What serves it has taken it over as it is now, as far as that is reported.</summary>
    public bool HasFollowed { get; init; }

    /// <summary>Why what serves it refuses it, in its own words.</summary>
    public string? Problem { get; init; }

    /// <summary>Why it cannot give the canary so small a share, and what to change: it gives none instead.</summary>
    public string? TooCoarse { get; init; }
}

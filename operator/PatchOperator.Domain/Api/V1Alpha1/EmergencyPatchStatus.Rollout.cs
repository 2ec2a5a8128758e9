namespace PatchOperator.Domain.Api.V1Alpha1;

public sealed record StepStatus
{
    /// <summary>Zero-based index into spec.canary.steps.</summary>
    public required int Index { get; init; }

    /// <summary>Number of steps, for people who read the status.</summary>
    public required int Count { get; init; }

    /// <summary>Percent asked for.</summary>
    public required int Weight { get; init; }

    /// <summary>Percent that the canary really has: as the routes say, or ready canary pods in rotation of all ready pods in rotation.</summary>
    public int? ActualWeight { get; init; }

    /// <summary>Where routes split the traffic.</summary>
    public RoutingStatus? Routing { get; init; }

    /// <summary>Since when the canary's pods have been in the endpoints, until a route first names them.</summary>
    public DateTimeOffset? ReachableSince { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// When any canary could first get requests in this step, at whatever weight. Until <see cref="ServingSince"/> it is measured from here, and bad numbers
    /// take the run back.
    /// </summary>
    public DateTimeOffset? TakingSince { get; init; }

    /// <summary>When every canary first had the step's own traffic: the start of the window whose numbers let the step pass.</summary>
    public DateTimeOffset? ServingSince { get; init; }

    /// <summary>When all canary pods of this step were ready; the hold runs from here.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>The step does not end before.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Since when the canary has been ready without a break.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>While the canary is not ready, or not for long: waiting for it ends here, in a revert.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>What the routes are to give the canary, and how that goes.</summary>
public sealed record RoutingStatus
{
    /// <summary>Percent that the routes are told to give the canary; the step's weight from when its pods are ready.</summary>
    public required int Weight { get; init; }

    /// <summary>Since when every route has been seen with that weight, whether or not its gateway has taken it over: what is otherwise from then on is someone else's edit.</summary>
    public DateTimeOffset? AsAskedAt { get; init; }

    /// <summary>When every route was first seen with that weight and taken over by its gateway.</summary>
    public DateTimeOffset? InPlaceAt { get; init; }

    /// <summary>Since when someone else's edit has given it another weight.</summary>
    public DateTimeOffset? OffSince { get; init; }

    /// <summary>Since when they have been on their way back to that weight in mid-step, after the canary had no pod.</summary>
    public DateTimeOffset? MovingSince { get; init; }

    /// <summary>How often such edits were undone lately.</summary>
    public int? Corrections { get; init; }

    public DateTimeOffset? CorrectedAt { get; init; }
}

/// <summary>A route that splits a workload's traffic, and what it was like before the run.</summary>
public sealed record RouteStatus
{
    /// <summary>HTTPRoute or Ingress.</summary>
    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>Of an Ingress: the second one that is the canary's.</summary>
    public string? Canary { get; init; }

    /// <summary>The backends that name the workload's Services, as they were before the run, in their order.</summary>
    public IReadOnlyList<BackendRecord>? Backends { get; init; }

    /// <summary>Percent that this route gives the canary.</summary>
    public int? ActualWeight { get; init; }
}

/// <summary>One backend of a route before the run.</summary>
public sealed record BackendRecord
{
    public required string Service { get; init; }

    /// <summary>Tells its rule from others when rules were added or moved in mid-run: a digest of the rule without weights.</summary>
    public string? Rule { get; init; }

    /// <summary>Null where none was written.</summary>
    public int? Weight { get; init; }
}

public sealed record WorkloadStatus
{
    public required string Name { get; init; }

    /// <summary>Web, Worker or Cron.</summary>
    public string? Role { get; init; }

    /// <summary>The workload that the run began with; a revert must find it even after the spec names another.</summary>
    public string? Deployment { get; init; }

    public string? StatefulSet { get; init; }

    public string? CronJob { get; init; }

    /// <summary>Whether the run gives it a canary.</summary>
    public bool? Canary { get; init; }

    /// <summary>Uid of that workload: another object of the same name is not the user's stable.</summary>
    public string? StableUid { get; init; }

    /// <summary>Digest of stable's pod template without the images that the patch changes.</summary>
    public string? PreviousTemplateDigest { get; init; }

    public IReadOnlyList<ImageRecord>? PreviousImages { get; init; }

    public IReadOnlyList<ImageRecord>? PatchedImages { get; init; }

    /// <summary>
    /// Images that earlier patches replaced and that nobody was seen to have given up: Git may name them still, so one that comes back is no newer decision.
    /// A container has as many as there were patches.
    /// </summary>
    public IReadOnlyList<ImageRecord>? EarlierImages { get; init; }

    /// <summary>The patch that held the images before this run, by its mark; a revert gives them back to it.</summary>
    public string? PreviousMark { get; init; }

    /// <summary>The routes that split its traffic; none where the number of pods does.</summary>
    public IReadOnlyList<RouteStatus>? Routes { get; init; }

    /// <summary>The most pods that stable was told to have during the steps: an autoscaler that lets it shrink does so because the canary takes its requests.</summary>
    public int? StableReplicas { get; init; }

    public int? CanaryReplicas { get; init; }

    public int? CanaryReady { get; init; }

    /// <summary>How many pods the canary is told to have where their number is its weight, and how that goes.</summary>
    public ScaleStatus? Scale { get; init; }

    /// <summary>How it goes with the canary's images, which others may change.</summary>
    public CanaryImagesStatus? CanaryImages { get; init; }

    /// <summary>Percent of this workload's traffic that its canary really has.</summary>
    public int? ActualWeight { get; init; }

    /// <summary>Where routes split the traffic: since when its canary gets all of it, for no pod of stable is in the endpoints during the promotion.</summary>
    public DateTimeOffset? StandsInSince { get; init; }

    /// <summary>Since when no pod of its canary is in the endpoints though it should be; routes give it nothing meanwhile.</summary>
    public DateTimeOffset? CanaryDownSince { get; init; }

    /// <summary>Of a CronJob that is kept suspended for a change of its images: whether its user had suspended it before. Null once it was given back.</summary>
    public bool? WasSuspended { get; init; }

    /// <summary>When promotion began to change stable.</summary>
    public DateTimeOffset? PromotionStartedAt { get; init; }

    /// <summary>When stable was last given images by the run, forwards or backwards.</summary>
    public DateTimeOffset? ImagesSetAt { get; init; }

    /// <summary>Since when stable is rolled out on the patched images without a crash, where it must stay so for a while before it counts as patched.</summary>
    public DateTimeOffset? RolledOutSince { get; init; }

    /// <summary>When stable was seen fully rolled out on the patched images.</summary>
    public DateTimeOffset? PatchedAt { get; init; }

    /// <summary>When the vulnerable images were seen to be back, until they are replaced again.</summary>
    public DateTimeOffset? DriftedAt { get; init; }

    /// <summary>When Git was first seen to name the patched images.</summary>
    public DateTimeOffset? AdoptedAt { get; init; }

    /// <summary>By what it was seen: a field manager, or the last applied configuration.</summary>
    public string? AdoptedBy { get; init; }

    /// <summary>When, after the adoption, nothing of the workload was seen to be ours any more.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>When a revert began to give stable its previous images back.</summary>
    public DateTimeOffset? RestoreStartedAt { get; init; }

    /// <summary>When stable was seen fully rolled out on its previous images again, until somebody brings the patched ones back.</summary>
    public DateTimeOffset? RestoredAt { get; init; }
}

/// <summary>What earlier patches replaced on the way to an image, whatever became of the run that found it out.</summary>
public sealed record LineageStatus
{
    public string? Deployment { get; init; }

    public string? StatefulSet { get; init; }

    public string? CronJob { get; init; }

    public required string Container { get; init; }

    /// <summary>What the container ran before the run: only of this image the rest is known.</summary>
    public required string Image { get; init; }

    /// <summary>See <see cref="WorkloadStatus.EarlierImages"/>.</summary>
    public required IReadOnlyList<string> Earlier { get; init; }
}

public sealed record ScaleStatus
{
    public required int Replicas { get; init; }

    /// <summary>When the canary was first seen to be told that number.</summary>
    public DateTimeOffset? InPlaceAt { get; init; }

    /// <summary>Since when someone else's edit has given it another number.</summary>
    public DateTimeOffset? OffSince { get; init; }

    /// <summary>How often such edits were undone lately.</summary>
    public int? Corrections { get; init; }

    public DateTimeOffset? CorrectedAt { get; init; }
}

public sealed record CanaryImagesStatus
{
    /// <summary>When the canary was first seen to be told the patched images.</summary>
    public DateTimeOffset? InPlaceAt { get; init; }

    /// <summary>
    /// Digest of the canary's pod template as the API server stored it after the last write, with what its defaults and webhooks made of it. Null from before
    /// a write until what became of it is seen.
    /// </summary>
    public string? TemplateDigest { get; init; }

    /// <summary>Since when pods of someone else's edit may run.</summary>
    public DateTimeOffset? OffSince { get; init; }

    /// <summary>How often in this run such edits were undone.</summary>
    public int? Edits { get; init; }

    /// <summary>How often lately.</summary>
    public int? Corrections { get; init; }

    public DateTimeOffset? CorrectedAt { get; init; }
}

public sealed record ImageRecord
{
    public required string Container { get; init; }

    public required string Image { get; init; }
}

public sealed record TimingStatus
{
    public DateTimeOffset? AcceptedAt { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? PromotedAt { get; init; }

    public DateTimeOffset? RevertStartedAt { get; init; }

    public DateTimeOffset? RevertedAt { get; init; }

    /// <summary>When the operator first saw that the resource is being deleted.</summary>
    public DateTimeOffset? DeletionSeenAt { get; init; }

    /// <summary>The advisory's deadline, given or derived.</summary>
    public DateTimeOffset? RemediateBy { get; init; }

    /// <summary>When the phase began.</summary>
    public DateTimeOffset? PhaseStartedAt { get; init; }

    /// <summary>When the canary was first seen without any traffic in a revert or after a promotion.</summary>
    public DateTimeOffset? TrafficWithdrawnAt { get; init; }

    /// <summary>Waiting for stable's roll-out ends here.</summary>
    public DateTimeOffset? RolloutDeadline { get; init; }

    /// <summary>When every metric was last seen to be readable, before the start.</summary>
    public DateTimeOffset? PreflightAt { get; init; }

    /// <summary>Next try of a check that failed before the start.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>Why the run is, or was, taken back, and the evidence for it.</summary>
public sealed record RevertStatus
{
    public required string Reason { get; init; }

    public required string Message { get; init; }

    /// <summary>The phase that follows once traffic and pods are as before: Reverted, Superseded or Pending.</summary>
    public required string Then { get; init; }

    public string? Metric { get; init; }

    public string? Value { get; init; }

    public string? Limit { get; init; }

    public string? Query { get; init; }

    public DateTimeOffset? At { get; init; }
}

public sealed record HoldStatus
{
    /// <summary>How often the vulnerable images were brought back.</summary>
    public required int Drifts { get; init; }

    public DateTimeOffset? LastDriftAt { get; init; }

    /// <summary>The field manager that brought them back the last time, where it is known.</summary>
    public string? LastDriftBy { get; init; }
}

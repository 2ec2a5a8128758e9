namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>What the operator knows and intends. Every timer is an absolute time, so that a restart neither shortens nor resets one.</summary>
public sealed record EmergencyPatchStatus
{
    public long? ObservedGeneration { get; init; }

    public string? Phase { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>Digest of the spec that the run, and every approval of it, is bound to.</summary>
    public string? SpecDigest { get; init; }

    /// <summary>Counts the runs of this resource; an edit of the spec and a retry begin a new one.</summary>
    public int? Run { get; init; }

    public StepStatus? Step { get; init; }

    public IReadOnlyList<WorkloadStatus>? Workloads { get; init; }

    public IReadOnlyList<MetricStatus>? Analysis { get; init; }

    public IReadOnlyList<ApprovalStatus>? Approvals { get; init; }

    public CompatibilityStatus? Compatibility { get; init; }

    public IReadOnlyList<WaiverStatus>? Waivers { get; init; }

    /// <summary>Who is known to have asked for this: the creator, and whoever edited the spec. None of them approves it.</summary>
    public IReadOnlyList<AuthorStatus>? Authors { get; init; }

    /// <summary>Which recorded facts were taken in, so that none counts twice.</summary>
    public FactsStatus? Facts { get; init; }

    /// <summary>Who withdrew an approval in mid-run, until enough people approve again.</summary>
    public RequestStatus? Revocation { get; init; }

    /// <summary>Who started this without approvals, and who has reviewed that.</summary>
    public BreakGlassStatus? BreakGlass { get; init; }

    /// <summary>Commands that were acted on and whose annotation may still be there.</summary>
    public IReadOnlyList<HandledCommand>? HandledCommands { get; init; }

    /// <summary>Who froze the run by command, while it is frozen.</summary>
    public RequestStatus? Suspension { get; init; }

    /// <summary>Who asked for the promotion without further holds.</summary>
    public RequestStatus? PromoteNow { get; init; }

    /// <summary>Earlier patches that must end before this one starts, and end themselves because they are named here.</summary>
    public IReadOnlyList<string>? Superseding { get; init; }

    /// <summary>The advisory's rating as last seen, so that an amendment shows.</summary>
    public RatingStatus? Rating { get; init; }

    public TimingStatus? Timings { get; init; }

    public RevertStatus? Revert { get; init; }

    /// <summary>The watch over the patched workloads after the promotion.</summary>
    public WatchStatus? Watch { get; init; }

    /// <summary>What the hold on the patched images had to undo.</summary>
    public HoldStatus? Hold { get; init; }

    /// <summary>Whom to tell next while approvals stay away.</summary>
    public EscalationStatus? Escalation { get; init; }

    /// <summary>What people are still to be told; each goes when its receivers have it.</summary>
    public IReadOnlyList<NotificationStatus>? Notifications { get; init; }

    public AuditStatus? Audit { get; init; }
}

public sealed record EscalationStatus
{
    /// <summary>When the waiting for approvals began.</summary>
    public required DateTimeOffset Since { get; init; }

    public required IReadOnlyList<EscalationTierStatus> Tiers { get; init; }
}

public sealed record EscalationTierStatus
{
    public required DateTimeOffset Due { get; init; }

    public required IReadOnlyList<string> Notify { get; init; }

    public DateTimeOffset? RaisedAt { get; init; }
}

public sealed record NotificationStatus
{
    /// <summary>The same for every repetition.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Reason { get; init; }

    /// <summary>Info, Warning or Critical.</summary>
    public required string Severity { get; init; }

    public required string Message { get; init; }

    /// <summary>Receivers that do not have it yet.</summary>
    public required IReadOnlyList<string> To { get; init; }

    /// <summary>What lasts, such as <c>approval</c>; one that resolves it has the same.</summary>
    public string? Incident { get; init; }

    public bool? Resolves { get; init; }
}

/// <summary>A Kubernetes condition; the transition time moves only when the status flips.</summary>
public sealed record Condition
{
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public required DateTimeOffset LastTransitionTime { get; init; }

    public long? ObservedGeneration { get; init; }
}

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

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the canary first took traffic in this step; the start of the observation window.</summary>
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

    /// <summary>When every route was first seen with that weight and taken over by its gateway.</summary>
    public DateTimeOffset? InPlaceAt { get; init; }

    /// <summary>Since when someone else's edit has given it another weight.</summary>
    public DateTimeOffset? OffSince { get; init; }

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

    public int? CanaryReplicas { get; init; }

    public int? CanaryReady { get; init; }

    /// <summary>How many pods the canary is told to have where their number is its weight, and how that goes.</summary>
    public ScaleStatus? Scale { get; init; }

    /// <summary>Percent of this workload's traffic that its canary really has.</summary>
    public int? ActualWeight { get; init; }

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

    /// <summary>When stable was seen fully rolled out on its previous images again.</summary>
    public DateTimeOffset? RestoredAt { get; init; }
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

public sealed record ImageRecord
{
    public required string Container { get; init; }

    public required string Image { get; init; }
}

/// <summary>The last measurement of one metric.</summary>
public sealed record MetricStatus
{
    public required string Name { get; init; }

    public required string Verdict { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public string? CanaryRate { get; init; }

    public string? StableRate { get; init; }

    public string? Limit { get; init; }

    public string? CanaryCounts { get; init; }

    public string? StableCounts { get; init; }

    public string? Query { get; init; }

    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>What the assessor must remember until the next measurement.</summary>
    public string? Memory { get; init; }

    /// <summary>What both tracks answered, over the whole run.</summary>
    public SeriesStatus? Series { get; init; }
}

/// <summary>A metric over time, for plots: at most 120 stretches of equal length, which double when they are used up.</summary>
public sealed record SeriesStatus
{
    /// <summary>The beginning of the first stretch.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Length of a stretch.</summary>
    public required int Seconds { get; init; }

    /// <summary>Failures and total of each stretch, <c>0/40 2/38 - 1/41</c>, with <c>-</c> where nothing was measured.</summary>
    public required string Canary { get; init; }

    /// <inheritdoc cref="Canary"/>
    public string? Stable { get; init; }

    /// <summary>When the metric failed the canary.</summary>
    public DateTimeOffset? FailedAt { get; init; }
}

public sealed record ApprovalStatus
{
    /// <summary>The authenticated user, or <c>unverified</c> while nothing has authenticated the approver.</summary>
    public required string By { get; init; }

    public required bool Verified { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required string SpecDigest { get; init; }

    public string? Uid { get; init; }

    /// <summary>By which right: a verb, and the entries of spec.approval that name the approver.</summary>
    public IReadOnlyList<string>? Rights { get; init; }

    /// <summary>For a step in mid-run; null for the start. Zero-based, as in step.index.</summary>
    public int? Step { get; init; }

    /// <summary>The fact as it was sealed, which proves all of this.</summary>
    public string? Fact { get; init; }
}

/// <summary>Who wrote one version of the spec.</summary>
public sealed record AuthorStatus
{
    public required string By { get; init; }

    public string? Uid { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string SpecDigest { get; init; }

    /// <summary>The fact as it was sealed, which proves all of this.</summary>
    public required string Fact { get; init; }
}

public sealed record FactsStatus
{
    /// <summary>Nothing from before counts any more; moves only when more was handled than can be listed.</summary>
    public DateTimeOffset? Floor { get; init; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<HandledFact>? Handled { get; init; }
}

public sealed record HandledFact
{
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A start without approvals. It stays on record, and the patch not ready, until someone else has looked at it.</summary>
public sealed record BreakGlassStatus
{
    public required string By { get; init; }

    public string? Uid { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string SpecDigest { get; init; }

    /// <summary>Whether it still stands in for approvals; the run that it was for ends that.</summary>
    public required bool IsOpen { get; init; }

    /// <summary>The fact as it was sealed, which proves all of this.</summary>
    public required string Fact { get; init; }

    /// <summary>Null until another authorised person has reviewed it.</summary>
    public RequestStatus? Review { get; init; }

    /// <summary>Others who broke the glass before, and whom nobody has reviewed yet.</summary>
    public IReadOnlyList<GlassDebtStatus>? Unreviewed { get; init; }
}

/// <summary>A broken glass that is still to be reviewed, after somebody broke it again.</summary>
public sealed record GlassDebtStatus
{
    public required string By { get; init; }

    public string? Uid { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }
}

public sealed record HandledCommand
{
    public required string Name { get; init; }

    /// <summary>The annotation's value as it was acted on.</summary>
    public required string Value { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A command that lasts.</summary>
public sealed record RequestStatus
{
    public required string By { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }
}

public sealed record RatingStatus
{
    public string? Severity { get; init; }

    public string? CvssScore { get; init; }

    public bool? Exploited { get; init; }

    public string? RemediateBy { get; init; }
}

public sealed record TimingStatus
{
    public DateTimeOffset? AcceptedAt { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? PromotedAt { get; init; }

    public DateTimeOffset? RevertStartedAt { get; init; }

    public DateTimeOffset? RevertedAt { get; init; }

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

public sealed record WatchStatus
{
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>It ends here, whatever happens in between.</summary>
    public required DateTimeOffset Until { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Passed, Inconclusive, Failed or Interrupted, once it has ended.</summary>
    public string? Outcome { get; init; }

    public DateTimeOffset? MeasuredAt { get; init; }

    public IReadOnlyList<WatchedMetricStatus>? Metrics { get; init; }
}

/// <summary>The last measurement of one metric in the watch.</summary>
public sealed record WatchedMetricStatus
{
    public required string Name { get; init; }

    public required string Verdict { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    /// <summary>Failed share, or the value of a gauge.</summary>
    public string? Measured { get; init; }

    /// <summary>What stable failed during the run, before it was patched: share and counts.</summary>
    public string? Before { get; init; }

    public string? Limit { get; init; }

    public string? Query { get; init; }

    public DateTimeOffset? SampledAt { get; init; }

    /// <summary>What the test must remember until the next measurement.</summary>
    public string? Memory { get; init; }
}

public sealed record HoldStatus
{
    /// <summary>How often the vulnerable images were brought back.</summary>
    public required int Drifts { get; init; }

    public DateTimeOffset? LastDriftAt { get; init; }

    /// <summary>The field manager that brought them back the last time, where it is known.</summary>
    public string? LastDriftBy { get; init; }
}

public sealed record AuditStatus
{
    /// <summary>Sequence of the newest record.</summary>
    public required long Sequence { get; init; }

    /// <summary>Hash of the newest record.</summary>
    public required string Head { get; init; }

    /// <summary>Up to this sequence the records have been seen in the trail.</summary>
    public long? Stored { get; init; }

    /// <summary>
    /// The newest records. Written first, so that no crash loses or doubles one, and kept when they are in the trail,
    /// so that a replace of the resource, which drops the annotation, loses none.
    /// </summary>
    public IReadOnlyList<AuditRecord>? Recent { get; init; }

    /// <summary>Uid of the resource that the trail was begun on, where this one was restored from it.</summary>
    public string? ContinuedFrom { get; init; }

    /// <summary>The operator's signature over the newest record, where it has a key.</summary>
    public AuditSeal? Seal { get; init; }
}

/// <summary>A signature over the end of a trail, and so over all before it.</summary>
public sealed record AuditSeal
{
    /// <summary>Sequence of the record that is vouched for.</summary>
    public required long Sequence { get; init; }

    /// <summary>Its hash.</summary>
    public required string Hash { get; init; }

    /// <summary>Uid of the EmergencyPatch.</summary>
    public required string Uid { get; init; }

    /// <summary>Which public key it verifies with.</summary>
    public required string KeyId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Ed25519, base64.</summary>
    public required string Signature { get; init; }
}

/// <summary>One link of the audit trail; <see cref="Hash"/> covers every other member.</summary>
public sealed record AuditRecord
{
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? SpecDigest { get; init; }

    public string? Detail { get; init; }

    public required string PreviousHash { get; init; }

    public required string Hash { get; init; }
}

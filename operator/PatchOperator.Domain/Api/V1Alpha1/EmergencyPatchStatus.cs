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

    /// <summary>What the last run knew of earlier patches, from when it was over to when the next one starts.</summary>
    public IReadOnlyList<LineageStatus>? Lineage { get; init; }

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

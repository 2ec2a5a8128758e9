namespace PatchOperator.Domain.Api.V1Alpha1;

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

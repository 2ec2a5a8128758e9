namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>The compatibility matrix as far as it fits a status: the findings that matter one by one, the rest as counts.</summary>
public sealed record CompatibilityStatus
{
    /// <summary>Passed, Warned, Blocked or Unknown.</summary>
    public required string Outcome { get; init; }

    public required string Reason { get; init; }

    public required string Summary { get; init; }

    public InventorySummary? Inventory { get; init; }

    public CompatibilityCounts? Counts { get; init; }

    /// <summary>The worst first.</summary>
    public IReadOnlyList<CompatibilityRow>? Modules { get; init; }

    /// <summary>Broken requirements and changes that the patch does not name.</summary>
    public IReadOnlyList<CompatibilityFinding>? Findings { get; init; }

    /// <summary>How many modules and findings are not listed.</summary>
    public int? Omitted { get; init; }

    public IReadOnlyList<string>? Notes { get; init; }

    /// <summary>Says whether rules, inventory and waivers are still those of this verdict; means nothing else.</summary>
    public string? Evaluation { get; init; }

    public DateTimeOffset? EvaluatedAt { get; init; }
}

public sealed record InventorySummary
{
    /// <summary>Where it was read, such as <c>ConfigMap magento-modules</c>.</summary>
    public required string Source { get; init; }

    public string? ImageDigest { get; init; }

    public int? Packages { get; init; }

    public int? Modules { get; init; }

    public int? AppliedPatches { get; init; }
}

public sealed record CompatibilityCounts
{
    public int Compatible { get; init; }

    public int Conditional { get; init; }

    public int Incompatible { get; init; }

    public int Unknown { get; init; }

    public int Conflicts { get; init; }

    public int Changes { get; init; }

    public int Waived { get; init; }

    public int Blocking { get; init; }

    public int Warning { get; init; }
}

public sealed record CompatibilityRow
{
    public required string Module { get; init; }

    public string? Version { get; init; }

    /// <summary>Compatible, Conditional, Unknown or Incompatible.</summary>
    public required string Verdict { get; init; }

    /// <summary>None, Warns or Blocks.</summary>
    public required string Effect { get; init; }

    public required string Reason { get; init; }

    public Remedy? Remedy { get; init; }

    public ModuleOwner? Owner { get; init; }

    /// <summary>The ModuleCompatibility that says so.</summary>
    public string? Source { get; init; }

    public string? WaivedBy { get; init; }
}

public sealed record CompatibilityFinding
{
    /// <summary>Conflict or Change.</summary>
    public required string Kind { get; init; }

    /// <summary>What a waiver of it names: any one of these.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    public required string Effect { get; init; }

    public required string Message { get; init; }

    public string? Advice { get; init; }

    public string? WaivedBy { get; init; }
}

/// <summary>Somebody takes the risk of one module, for this very spec and for a while.</summary>
public sealed record WaiverStatus
{
    public required string Module { get; init; }

    /// <summary>The authenticated user, or <c>unverified</c> while nothing has authenticated the author.</summary>
    public required string By { get; init; }

    public required bool Verified { get; init; }

    public required string Reason { get; init; }

    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required string SpecDigest { get; init; }

    /// <summary>The fact as it was sealed, which proves who waived what; null where nothing authenticated the author.</summary>
    public string? Fact { get; init; }
}

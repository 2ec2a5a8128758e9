using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>What is known of a patch and every module that it meets, and what follows for its start.</summary>
public sealed record CompatibilityMatrix
{
    public required MatrixOutcome Outcome { get; init; }

    /// <summary>One sentence on the outcome, with what blocks by name.</summary>
    public required string Summary { get; init; }

    /// <summary>The worst first, then by module and version.</summary>
    public IReadOnlyList<MatrixRow> Rows { get; init; } = [];

    /// <summary>Requirements that the patch breaks.</summary>
    public IReadOnlyList<ConflictFinding> Conflicts { get; init; } = [];

    /// <summary>Requirements that were broken before the patch; told, and held against nobody.</summary>
    public IReadOnlyList<DependencyConflict> EarlierConflicts { get; init; } = [];

    /// <summary>What differs between stable's image and the patched one although the patch does not name it.</summary>
    public IReadOnlyList<ChangeFinding> Changes { get; init; } = [];

    /// <summary>Rules that say nothing because they cannot be read.</summary>
    public IReadOnlyList<RuleProblem> Problems { get; init; } = [];

    /// <summary>What a reader must know of how this was found: what was not checked, which objects overlap.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public required MatrixCounts Counts { get; init; }
}

public enum MatrixOutcome
{
    Passed,

    /// <summary>The patch may start; somebody should read this.</summary>
    Warned,

    Blocked,
}

public enum ModuleVerdict
{
    Compatible,
    Conditional,

    /// <summary>No rule says anything, or the one that might cannot be read.</summary>
    Unknown,

    Incompatible,
}

/// <summary>What one finding does to the start of the patch.</summary>
public enum FindingEffect
{
    None,
    Warns,
    Blocks,
}

/// <summary>One installed module in one version.</summary>
public sealed record MatrixRow
{
    public required string Module { get; init; }

    /// <summary>In the patched image; null where the inventory does not tell.</summary>
    public string? Version { get; init; }

    public required ModuleVerdict Verdict { get; init; }

    public required FindingEffect Effect { get; init; }

    /// <summary>Why; the rule's own words where it has some.</summary>
    public required string Reason { get; init; }

    public Remedy? Remedy { get; init; }

    public ModuleOwner? Owner { get; init; }

    public IReadOnlyList<string> Surfaces { get; init; } = [];

    public string? Evidence { get; init; }

    /// <summary>The ModuleCompatibility whose rule decided.</summary>
    public string? Source { get; init; }

    /// <summary>Index of the rule in <c>spec.rules</c>.</summary>
    public int? Rule { get; init; }

    /// <summary>All its Magento modules are switched off: its code is there and does not run.</summary>
    public bool IsDisabled { get; init; }

    /// <summary>Who takes the risk although the row would block or warn.</summary>
    public Waiver? Waiver { get; init; }
}

public sealed record ConflictFinding(DependencyConflict Conflict, FindingEffect Effect, ModuleOwner? Owner, Waiver? Waiver);

public sealed record ChangeFinding(InventoryChange Change, FindingEffect Effect, Waiver? Waiver);

/// <summary>Somebody takes the risk of one module for a while.</summary>
public sealed record Waiver
{
    /// <summary>The module, or the package of a conflict or a change.</summary>
    public required string Module { get; init; }

    public required string By { get; init; }

    public required string Reason { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

public sealed record MatrixCounts
{
    public int Compatible { get; init; }

    public int Conditional { get; init; }

    public int Incompatible { get; init; }

    public int Unknown { get; init; }

    public int Disabled { get; init; }

    /// <summary>Findings of any kind that a waiver covers.</summary>
    public int Waived { get; init; }

    public int Conflicts { get; init; }

    public int Changes { get; init; }

    /// <summary>Findings of any kind that block.</summary>
    public int Blocking { get; init; }

    public int Warning { get; init; }
}

using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Cli.Compatibility;

/// <summary>What the command line asks for.</summary>
internal sealed record CheckRequest
{
    /// <summary>Of the patched image, or of stable's where the patch tells what it changes.</summary>
    public required IReadOnlyList<string> Locks { get; init; }

    /// <summary>Files of applied patches, whose format is always found out.</summary>
    public IReadOnlyList<string> Applied { get; init; } = [];

    public IReadOnlyList<string> StableLocks { get; init; } = [];

    public IReadOnlyList<string> StableApplied { get; init; } = [];

    public IReadOnlyList<string> Matrix { get; init; } = [];

    public string? Patch { get; init; }

    /// <summary>Null finds each file's format out.</summary>
    public InventoryFormat? Format { get; init; }

    public CompatibilityMode? Mode { get; init; }

    public OnUnknownModule? OnUnknown { get; init; }

    public IReadOnlyList<string> Targets { get; init; } = [];

    public IReadOnlyList<string> Advisories { get; init; } = [];

    public CheckOutput Output { get; init; }

    /// <summary>Warnings, too, end with 1.</summary>
    public bool Strict { get; init; }
}

internal enum CheckOutput
{
    Table,
    Json,
    Sarif,
}

/// <summary>The question cannot be answered; the lines say why, one fault each.</summary>
internal sealed class CannotAnswerException(IReadOnlyList<string> faults) : Exception(string.Join('\n', faults))
{
    public CannotAnswerException(string fault)
        : this([fault])
    {
    }

    public IReadOnlyList<string> Faults { get; } = faults;
}

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Why a file cannot be taken for an inventory.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Characters, counted from 1; null where only the line is known.</param>
/// <param name="Path">Such as <c>packages[3].version</c>; null in files that are no JSON.</param>
/// <param name="Message">What is wrong and what was expected.</param>
public sealed record InventoryProblem(long Line, long? Column, string? Path, string Message)
{
    public override string ToString() =>
        $"line {Line}{(Column is null ? "" : $", column {Column}")}: {(string.IsNullOrEmpty(Path) ? "" : Path + ": ")}{Message}";
}

/// <summary>Ends the reading of one file; never leaves this folder.</summary>
internal sealed class InventoryFormatException(long offset, string message) : Exception(message)
{
    /// <summary>Bytes from the start of the text.</summary>
    public long Offset { get; } = offset;
}

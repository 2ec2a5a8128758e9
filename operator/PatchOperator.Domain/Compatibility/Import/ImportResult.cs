using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Compatibility.Import;

/// <summary>What was made of a file, and what could not be; with any problem nothing should be used.</summary>
/// <param name="Modules">In a stable order, with names that stay the same when the file grows.</param>
/// <param name="Problems">Each with line, column and what was expected.</param>
public sealed record ImportResult(IReadOnlyList<ModuleCompatibility> Modules, IReadOnlyList<ImportProblem> Problems);

/// <param name="Line">Counted from 1.</param>
/// <param name="Column">The name of a spreadsheet's column, or the path in JSON; null where the whole line is meant.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
public sealed record ImportProblem(long Line, string? Column, string Message)
{
    public override string ToString() => $"line {Line}{(Column is null ? "" : $", {Column}")}: {Message}";
}

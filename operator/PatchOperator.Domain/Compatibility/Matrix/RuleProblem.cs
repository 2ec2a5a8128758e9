namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>A rule that cannot be read. It is never taken for one that does not match.</summary>
/// <param name="Source">The ModuleCompatibility, <c>namespace/name</c> or name.</param>
/// <param name="Module">The module that it is about; null where it names none.</param>
/// <param name="Path">Such as <c>spec.rules[1].versions</c>.</param>
/// <param name="Message">What is wrong with the value and what to write instead.</param>
public sealed record RuleProblem(string Source, string? Module, string Path, string Message)
{
    public override string ToString() => $"ModuleCompatibility {Source}: {Path}: {Message}";
}

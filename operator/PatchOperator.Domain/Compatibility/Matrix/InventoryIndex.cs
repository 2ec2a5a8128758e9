namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>
/// Remembers of what a matrix was made only so much that an edited rule wakes the patches it concerns. Small: thousands are kept. It may
/// take another module's name for one of its own, which costs one needless look, and never the other way round.
/// </summary>
public sealed class InventoryIndex
{
    private readonly int[] names;
    private readonly IReadOnlyList<string> modules;

    public InventoryIndex(MatrixInputs inputs)
    {
        names = [.. inputs.Patched.Packages.Select(package => package.Name)
            .Concat(inputs.Stable?.Packages.Select(package => package.Name) ?? [])
            .Concat(inputs.TargetVersions.Keys)
            .Select(StringComparer.OrdinalIgnoreCase.GetHashCode).Distinct().Order()];
        modules = [.. inputs.Patched.Modules.Select(module => module.Name)];
    }

    public bool Mentions(string module) =>
        Array.BinarySearch(names, StringComparer.OrdinalIgnoreCase.GetHashCode(module)) >= 0 || modules.Any(installed => installed == module || ModuleNaming.Fits(installed, module));
}

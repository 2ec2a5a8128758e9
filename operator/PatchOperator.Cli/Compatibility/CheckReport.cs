using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Cli.Compatibility;

/// <summary>A matrix, and where its parts stand in files.</summary>
internal sealed record CheckReport
{
    public required CompatibilityMatrix Matrix { get; init; }

    public required MatrixInputs Inputs { get; init; }

    public required IReadOnlyList<string> Locks { get; init; }

    public required IReadOnlyList<LoadedModule> Modules { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public static CheckReport Run(CheckRequest request, DateTimeOffset now)
    {
        var patch = request.Patch is { } file ? CheckFiles.ReadPatch(file) : null;
        var modules = CheckFiles.ReadModules(request.Matrix);
        var patched = CheckFiles.ReadInventory(request.Locks, request.Applied, request.Format);
        var stable = request.StableLocks.Count + request.StableApplied.Count == 0 ? null : CheckFiles.ReadInventory(request.StableLocks, request.StableApplied, request.Format);
        if (patched.Packages.Count == 0 && patched.Modules.Count == 0)
        {
            throw new CannotAnswerException($"{string.Join(", ", request.Locks)}: names no package and no module, so there is nothing to check; give the patched image's composer.lock");
        }

        var notes = new List<string>();
        var inputs = BuildInputs(request, patch, patched, stable, notes);

        // In a cluster only objects of the patch's namespace count; a file without one could be applied to any.
        var concerned = modules.Where(module => patch?.Metadata?.Namespace is not { } ns || module.Resource.Metadata.Namespace is not { } other || ns == other).ToList();
        if (concerned.Count < modules.Count)
        {
            notes.Add($"{modules.Count - concerned.Count} ModuleCompatibility objects of other namespaces than {patch!.Metadata.Namespace} were left out");
        }

        if (concerned.Count == 0)
        {
            notes.Add("no ModuleCompatibility was found, so every third-party module is unknown; name a folder with --matrix");
        }

        var matrix = CompatibilityEvaluator.Evaluate(RuleBook.From(concerned.Select(module => module.Resource)), inputs, now);
        return new CheckReport { Matrix = matrix, Inputs = inputs, Locks = request.Locks, Modules = concerned, Notes = [.. notes, .. matrix.Notes] };
    }

    private static MatrixInputs BuildInputs(CheckRequest request, EmergencyPatch? patch, Inventory patched, Inventory? stable, List<string> notes)
    {
        var inputs = patch is null ? new MatrixInputs { Patched = patched, Stable = stable } : MatrixInputs.From(patch, patched, stable);
        if (inputs.Mode == CompatibilityMode.Off && request.Mode is null)
        {
            notes.Add("the patch switches the check off (compatibility.mode); it is held against Enforce here all the same");
            inputs = inputs with { Mode = CompatibilityMode.Enforce };
        }

        var targets = new Dictionary<string, string>(inputs.TargetVersions, StringComparer.Ordinal);
        foreach (var target in request.Targets)
        {
            targets[target[..target.IndexOf('=')]] = target[(target.IndexOf('=') + 1)..];
        }

        return inputs with
        {
            TargetVersions = targets,
            Advisories = [.. inputs.Advisories.Union(request.Advisories, StringComparer.OrdinalIgnoreCase)],
            Mode = request.Mode ?? inputs.Mode,
            OnUnknown = request.OnUnknown ?? inputs.OnUnknown,
        };
    }
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Compatibility.Matrix;

public enum CompatibilityMode
{
    /// <summary>What blocks, blocks.</summary>
    Enforce,

    /// <summary>What would block is only said.</summary>
    Warn,

    Off,
}

public enum OnUnknownModule
{
    Block,
    Warn,
    Allow,
}

/// <summary>All that a matrix depends on besides the rules and the time.</summary>
public sealed record MatrixInputs
{
    /// <summary>Of the patched image; or of stable's, to which <see cref="TargetVersions"/> is then applied.</summary>
    public required Inventory Patched { get; init; }

    /// <summary>Of the image that runs now. Null: what was there before is <see cref="Patched"/> without the target versions.</summary>
    public Inventory? Stable { get; init; }

    /// <summary>The images that the patch brings, as in its spec. Empty where they are not known.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>What the patch changes, by its own word.</summary>
    public IReadOnlyDictionary<string, string> TargetVersions { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of the patch: its advisory and CVEs. Rules can be limited to them.</summary>
    public IReadOnlyList<string> Advisories { get; init; } = [];

    public CompatibilityMode Mode { get; init; } = CompatibilityMode.Enforce;

    public OnUnknownModule OnUnknown { get; init; } = OnUnknownModule.Warn;

    public IReadOnlyList<Waiver> Waivers { get; init; } = [];

    /// <summary>What the spec says; values that validation refuses count as the strictest.</summary>
    public static MatrixInputs From(EmergencyPatch patch, Inventory patched, Inventory? stable = null, IReadOnlyList<Waiver>? waivers = null)
    {
        var advisory = patch.Spec?.Advisory;
        return new MatrixInputs
        {
            Patched = patched,
            Stable = stable,
            Images = [.. (patch.Spec?.Workloads ?? []).SelectMany(workload => workload?.Containers ?? []).Select(container => container?.Image).OfType<string>().Where(image => image.Length > 0)],
            TargetVersions = patch.Spec?.Compatibility?.TargetVersions ?? new Dictionary<string, string>(),
            Advisories = [.. new[] { advisory?.Id }.Concat(advisory?.Cves ?? []).OfType<string>().Where(id => id.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)],
            Mode = patch.Spec?.Compatibility?.Mode switch { "Off" or null => CompatibilityMode.Off, "Warn" => CompatibilityMode.Warn, _ => CompatibilityMode.Enforce },
            OnUnknown = patch.Spec?.Compatibility?.OnUnknown switch { "Allow" => OnUnknownModule.Allow, "Warn" or null => OnUnknownModule.Warn, _ => OnUnknownModule.Block },
            Waivers = waivers ?? [],
        };
    }

    /// <summary>Whether rules of this module can change the matrix; an edited rule need not wake the patches that never meet it.</summary>
    public bool Mentions(string module) =>
        Patched.Packages.Any(package => string.Equals(package.Name, module, StringComparison.OrdinalIgnoreCase))
        || TargetVersions.Keys.Any(name => string.Equals(name, module, StringComparison.OrdinalIgnoreCase))
        || Patched.Modules.Any(installed => ModuleNaming.Fits(installed.Name, module));
}

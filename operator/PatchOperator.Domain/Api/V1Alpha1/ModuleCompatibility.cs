using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>What is known of one third-party module: which of its versions stand which patches.</summary>
public sealed record ModuleCompatibility : IResource
{
    public string ApiVersion { get; init; } = Names.ApiVersion;

    public string Kind { get; init; } = Names.ModuleCompatibilityKind;

    public ObjectMeta Metadata { get; init; } = new();

    public ModuleCompatibilitySpec Spec { get; init; } = new();

    public ModuleCompatibilityStatus? Status { get; init; }
}

public sealed record ModuleCompatibilitySpec
{
    public ModuleReference? Module { get; init; }

    public ModuleOwner? Owner { get; init; }

    public IReadOnlyList<string>? Surfaces { get; init; }

    /// <summary>The first match wins.</summary>
    public IReadOnlyList<CompatibilityRule>? Rules { get; init; }
}

public sealed record ModuleReference
{
    public string? Name { get; init; }

    /// <summary>ComposerPackage or ShopifyApp.</summary>
    public string? Type { get; init; }
}

public sealed record ModuleOwner
{
    public string? Team { get; init; }

    public string? Contact { get; init; }
}

public sealed record CompatibilityRule
{
    /// <summary>A Composer constraint.</summary>
    public string? Versions { get; init; }

    public IReadOnlyDictionary<string, string>? With { get; init; }

    /// <summary>Only for these advisories; all when empty.</summary>
    public IReadOnlyList<string>? Patches { get; init; }

    /// <summary>Compatible, Conditional or Incompatible.</summary>
    public string? Verdict { get; init; }

    public string? Reason { get; init; }

    public Remedy? Remedy { get; init; }

    public string? Evidence { get; init; }
}

public sealed record Remedy
{
    public string? UpgradeTo { get; init; }

    public string? Disable { get; init; }
}

public sealed record ModuleCompatibilityStatus
{
    public long? ObservedGeneration { get; init; }

    public IReadOnlyList<InstalledModule>? Installed { get; init; }

    public IReadOnlyList<AffectedPatch>? Affects { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }
}

public sealed record InstalledModule
{
    public required string Workload { get; init; }

    public required string Version { get; init; }
}

public sealed record AffectedPatch
{
    public required string Patch { get; init; }

    public required string Verdict { get; init; }
}

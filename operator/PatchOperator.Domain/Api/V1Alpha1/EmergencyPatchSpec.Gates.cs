using System.Text.Json.Nodes;

namespace PatchOperator.Domain.Api.V1Alpha1;

public sealed record CompatibilitySpec
{
    /// <summary>Enforce, Warn or Off.</summary>
    public string? Mode { get; init; }

    /// <summary>Block, Warn or Allow.</summary>
    public string? OnUnknown { get; init; }

    public InventorySource? Inventory { get; init; }

    public IReadOnlyDictionary<string, string>? TargetVersions { get; init; }
}

public sealed record InventorySource
{
    /// <summary>Without it, the annotation <c>patchoperator.io/inventory</c> of the workloads is read.</summary>
    public ConfigMapKeys? ConfigMap { get; init; }

    /// <summary>Instead: asks the patched image itself.</summary>
    public InventoryJobSpec? Job { get; init; }

    /// <summary>Of the image that runs now: what then differs and is not in targetVersions is a finding.</summary>
    public StableInventory? Stable { get; init; }
}

/// <summary>A Job that runs in the patched image, without its environment, volumes and service account, and prints what is installed.</summary>
public sealed record InventoryJobSpec
{
    /// <summary>Whose patched image; the first of spec.workloads if it is left out.</summary>
    public string? Workload { get; init; }

    /// <summary>The first patched container if it is left out.</summary>
    public string? Container { get; init; }

    /// <summary>Prints an inventory, plain or as gzip in base64; without it, composer.lock is looked for and printed so.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    public Duration? Timeout { get; init; }
}

public sealed record StableInventory
{
    public ConfigMapKeys? ConfigMap { get; init; }
}

/// <summary>Several keys are several files that tell of one image.</summary>
public sealed record ConfigMapKeys
{
    public string? Name { get; init; }

    public string? Key { get; init; }

    public IReadOnlyList<string>? Keys { get; init; }

    public IReadOnlyList<string> All() => [.. (Key is null ? [] : new[] { Key }).Concat(Keys ?? []).Distinct(StringComparer.Ordinal)];
}

public sealed record ConfigMapKey
{
    public string? Name { get; init; }

    public string? Key { get; init; }
}

public sealed record DatabaseSpec
{
    /// <summary>None, ConfigImport, Additive or Breaking.</summary>
    public string? Change { get; init; }

    /// <summary>A JobTemplateSpec, kept as it is.</summary>
    public JsonObject? Job { get; init; }
}

public sealed record FeatureFlagSpec
{
    public ConfigMapKey? ConfigMap { get; init; }

    public string? Enabled { get; init; }

    public string? Disabled { get; init; }
}

public sealed record ValidationSpec
{
    public string? Name { get; init; }

    /// <summary>BeforeCanary, DuringCanary or AfterPromotion.</summary>
    public string? Stage { get; init; }

    public string? Namespace { get; init; }

    public Duration? Timeout { get; init; }

    /// <summary>A JobTemplateSpec, kept as it is.</summary>
    public JsonObject? Job { get; init; }
}

public sealed record ApprovalSpec
{
    /// <summary>How many approvals; without it, one.</summary>
    public int? Required { get; init; }

    public IReadOnlyList<string>? Responsible { get; init; }

    public IReadOnlyList<string>? Accountable { get; init; }

    public IReadOnlyList<string>? Consulted { get; init; }

    public IReadOnlyList<string>? Informed { get; init; }

    /// <summary>How long an approval is good for, from when it was given until the canary starts; without it, 24h.</summary>
    public Duration? ExpiresAfter { get; init; }

    /// <summary>What an approval that is withdrawn in mid-run brings about: Hold or Revert; without it, Hold.</summary>
    public string? OnRevoke { get; init; }

    public IReadOnlyList<EscalationTier>? Escalation { get; init; }
}

public sealed record EscalationTier
{
    public Duration? After { get; init; }

    public IReadOnlyList<string>? Notify { get; init; }
}

public sealed record ClosureSpec
{
    public Duration? ReviewWithin { get; init; }

    public IReadOnlyList<string>? Criteria { get; init; }
}

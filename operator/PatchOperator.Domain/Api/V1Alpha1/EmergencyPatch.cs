using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>One emergency patch of one application: what changes, who must agree, how it is rolled out and what proves it healthy.</summary>
public sealed record EmergencyPatch : IResource
{
    public string ApiVersion { get; init; } = Names.ApiVersion;

    public string Kind { get; init; } = Names.EmergencyPatchKind;

    public ObjectMeta Metadata { get; init; } = new();

    public EmergencyPatchSpec Spec { get; init; } = new();

    public EmergencyPatchStatus? Status { get; init; }
}

/// <summary>
/// What the user wrote. Enumerations, durations and times are kept as text: a value that this version does not know
/// must end in a condition on its own resource, never in a list that cannot be read.
/// </summary>
public sealed record EmergencyPatchSpec
{
    public Advisory? Advisory { get; init; }

    public ChangeOrigin? Change { get; init; }

    /// <summary>Magento, ShopifyApp or Other.</summary>
    public string? Platform { get; init; }

    public IReadOnlyList<string>? Supersedes { get; init; }

    public IReadOnlyList<string>? Requires { get; init; }

    public IReadOnlyList<WorkloadSpec>? Workloads { get; init; }

    public CompatibilitySpec? Compatibility { get; init; }

    public DatabaseSpec? Database { get; init; }

    public FeatureFlagSpec? FeatureFlag { get; init; }

    public IReadOnlyList<ValidationSpec>? Validations { get; init; }

    public ApprovalSpec? Approval { get; init; }

    public CanarySpec? Canary { get; init; }

    public AnalysisSpec? Analysis { get; init; }

    public RevertSpec? Revert { get; init; }

    public PromotionSpec? Promotion { get; init; }

    public ClosureSpec? Closure { get; init; }

    public bool? Suspend { get; init; }
}

/// <summary>The vendor's bulletin that this patch answers.</summary>
public sealed record Advisory
{
    public string? Id { get; init; }

    public IReadOnlyList<string>? Cves { get; init; }

    /// <summary>Critical, High, Medium or Low.</summary>
    public string? Severity { get; init; }

    /// <summary>CVSS base score as text, <c>"9.1"</c>: Kubernetes' API forbids floating point.</summary>
    public string? CvssScore { get; init; }

    public bool? Exploited { get; init; }

    /// <summary>Checkout, Payment, AccountDashboard, Onboarding.</summary>
    public IReadOnlyList<string>? Surfaces { get; init; }

    /// <summary>RFC 3339.</summary>
    public string? DisclosedAt { get; init; }

    /// <summary>RFC 3339; without it, disclosedAt plus the operator's deadline for the severity.</summary>
    public string? RemediateBy { get; init; }
}

/// <summary>Where the change came from; evidence, not permission.</summary>
public sealed record ChangeOrigin
{
    public string? RequestedBy { get; init; }

    public string? Ticket { get; init; }

    public PipelineOrigin? Pipeline { get; init; }
}

public sealed record PipelineOrigin
{
    public string? Url { get; init; }

    public string? Commit { get; init; }
}

/// <summary>One workload of the unit that is patched, promoted and reverted together.</summary>
public sealed record WorkloadSpec
{
    public string? Name { get; init; }

    /// <summary>Web, Worker or Cron.</summary>
    public string? Role { get; init; }

    public string? Deployment { get; init; }

    public string? StatefulSet { get; init; }

    public string? CronJob { get; init; }

    public IReadOnlyList<ContainerImage>? Containers { get; init; }

    public CanaryOverlay? Canary { get; init; }
}

public sealed record ContainerImage
{
    public string? Name { get; init; }

    public string? Image { get; init; }
}

/// <summary>Whether the workload gets a canary, and what only the canary's pods get, for example their own cache prefix.</summary>
public sealed record CanaryOverlay
{
    /// <summary>Without it, Web has a canary, Worker and Cron have none.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Environment of every patched container.</summary>
    public IReadOnlyList<EnvVar>? Env { get; init; }

    /// <summary>Other sources for volumes that the pods have, by name.</summary>
    public IReadOnlyList<VolumeOverlay>? Volumes { get; init; }
}

/// <summary>Where the canary's pods get one of their volumes from instead; exactly one source.</summary>
public sealed record VolumeOverlay
{
    public string? Name { get; init; }

    public NamedReference? ConfigMap { get; init; }

    public NamedReference? Secret { get; init; }

    public NamedReference? PersistentVolumeClaim { get; init; }

    public EmptyDirSpec? EmptyDir { get; init; }
}

public sealed record EmptyDirSpec;

public sealed record EnvVar
{
    public string? Name { get; init; }

    public string? Value { get; init; }
}

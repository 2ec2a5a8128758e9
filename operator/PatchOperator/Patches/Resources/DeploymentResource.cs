using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

/// <summary>What the caches keep of a Deployment: enough to decide, small enough to hold thousands.</summary>
internal sealed record DeploymentResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public DeploymentSpecPart Spec { get; init => field = value ?? new(); } = new();

    public DeploymentStatusPart Status { get; init => field = value ?? new(); } = new();
}

internal sealed record DeploymentSpecPart
{
    public int? Replicas { get; init; }

    public bool? Paused { get; init; }

    public PodTemplateSummary Template { get; init => field = value ?? PodTemplateSummary.Empty; } = PodTemplateSummary.Empty;
}

internal sealed record DeploymentStatusPart
{
    public long? ObservedGeneration { get; init; }

    public int? Replicas { get; init; }

    public int? UpdatedReplicas { get; init; }

    public int? ReadyReplicas { get; init; }

    public int? AvailableReplicas { get; init; }

    public IReadOnlyList<StatusConditionPart>? Conditions { get; init; }
}

internal sealed record StatusConditionPart
{
    public string Type { get; init; } = "";

    public string Status { get; init; } = "";

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? LastTransitionTime { get; init; }
}

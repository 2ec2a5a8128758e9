using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

internal sealed record StatefulSetResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public StatefulSetSpecPart Spec { get; init => field = value ?? new(); } = new();

    public StatefulSetStatusPart Status { get; init => field = value ?? new(); } = new();
}

internal sealed record StatefulSetSpecPart
{
    public int? Replicas { get; init; }

    public StatefulSetStrategyPart? UpdateStrategy { get; init; }

    public PodTemplateSummary Template { get; init => field = value ?? PodTemplateSummary.Empty; } = PodTemplateSummary.Empty;
}

internal sealed record StatefulSetStrategyPart
{
    /// <summary>RollingUpdate or OnDelete.</summary>
    public string? Type { get; init; }

    public RollingUpdatePart? RollingUpdate { get; init; }
}

internal sealed record RollingUpdatePart
{
    /// <summary>Pods below this ordinal keep the old template.</summary>
    public int? Partition { get; init; }
}

/// <summary>Without availableReplicas, which servers before 1.22 do not report.</summary>
internal sealed record StatefulSetStatusPart
{
    public long? ObservedGeneration { get; init; }

    public int? Replicas { get; init; }

    public int? UpdatedReplicas { get; init; }

    public int? ReadyReplicas { get; init; }

    public string? UpdateRevision { get; init; }
}

using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

internal sealed record PodResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public PodSpecPart Spec { get; init => field = value ?? new(); } = new();

    public PodStatusPart Status { get; init => field = value ?? new(); } = new();
}

internal sealed record PodSpecPart
{
    public IReadOnlyList<PodContainerPart>? InitContainers { get; init; }

    public IReadOnlyList<PodContainerPart>? Containers { get; init; }

    public IReadOnlyList<ReadinessGatePart>? ReadinessGates { get; init; }
}

internal sealed record ReadinessGatePart
{
    public string ConditionType { get; init; } = "";
}

internal sealed record PodContainerPart
{
    public string Name { get; init; } = "";

    public string Image { get; init; } = "";
}

internal sealed record PodStatusPart
{
    public string? Phase { get; init; }

    public string? PodIP { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public IReadOnlyList<StatusConditionPart>? Conditions { get; init; }

    public IReadOnlyList<ContainerStatusPart>? ContainerStatuses { get; init; }

    public IReadOnlyList<ContainerStatusPart>? InitContainerStatuses { get; init; }
}

internal sealed record ContainerStatusPart
{
    public string Name { get; init; } = "";

    public int RestartCount { get; init; }

    public ContainerStatePart? State { get; init; }

    public ContainerStatePart? LastState { get; init; }
}

internal sealed record ContainerStatePart
{
    public ContainerStateReason? Waiting { get; init; }

    public ContainerStateReason? Terminated { get; init; }
}

internal sealed record ContainerStateReason
{
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? ExitCode { get; init; }
}

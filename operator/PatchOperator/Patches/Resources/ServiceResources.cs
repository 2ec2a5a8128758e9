using System.Text.Json;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

internal sealed record ServiceResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ServiceSpecPart Spec { get; init => field = value ?? new(); } = new();
}

internal sealed record ServiceSpecPart
{
    public IReadOnlyDictionary<string, string>? Selector { get; init; }

    public JsonElement Ports { get; init; }
}

internal sealed record EndpointSliceResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public IReadOnlyList<SliceEndpoint>? Endpoints { get; init; }
}

internal sealed record SliceEndpoint
{
    public IReadOnlyList<string>? Addresses { get; init; }

    public SliceConditions? Conditions { get; init; }

    public TargetReference? TargetRef { get; init; }
}

internal sealed record SliceConditions
{
    /// <summary>Unknown counts as ready, says the API.</summary>
    public bool? Ready { get; init; }
}

/// <summary>For clusters that do not serve EndpointSlice v1 (before 1.21).</summary>
internal sealed record EndpointsResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public IReadOnlyList<EndpointSubset>? Subsets { get; init; }
}

internal sealed record EndpointSubset
{
    /// <summary>Only ready ones; the others are in notReadyAddresses.</summary>
    public IReadOnlyList<EndpointAddress>? Addresses { get; init; }
}

internal sealed record EndpointAddress
{
    public string? Ip { get; init; }

    public TargetReference? TargetRef { get; init; }
}

internal sealed record TargetReference
{
    public string? Kind { get; init; }

    public string? Name { get; init; }
}

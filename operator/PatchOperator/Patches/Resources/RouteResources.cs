using System.Text.Json;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

/// <summary>Kept as it came: what is written back must differ in nothing but what is meant.</summary>
internal sealed record HttpRouteResource : IResource
{
    public ObjectMeta Metadata { get; init; } = new();

    public JsonElement Spec { get; init; }

    public JsonElement Status { get; init; }
}

internal sealed record IngressResource : IResource
{
    public ObjectMeta Metadata { get; init; } = new();

    public JsonElement Spec { get; init; }
}

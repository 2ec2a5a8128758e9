using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Tests.Cluster.Runtime;

public sealed record Widget : IResource
{
    public required ObjectMeta Metadata { get; init; }

    public WidgetSpec? Spec { get; init; }

    public WidgetStatus? Status { get; init; }
}

public sealed record WidgetSpec(int Size);

public sealed record WidgetStatus(string Phase);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Widget))]
internal sealed partial class WidgetJson : JsonSerializerContext;

internal static class Widgets
{
    public static ResourceType<Widget> Type { get; } = new("test.io", "v1", "widgets", "Widget", WidgetJson.Default.Widget);
}

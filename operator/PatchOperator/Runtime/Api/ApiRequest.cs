using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.Runtime;

/// <summary>One request to the API server. It can be sent more than once.</summary>
/// <param name="Verb">The RBAC verb, for metrics.</param>
internal sealed record ApiRequest(HttpMethod Method, string Verb, ResourceType Type, string Path)
{
    public (string Name, string? Value)[] Query { get; init; } = [];

    public ReadOnlyMemory<byte> Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string RelativeUrl
    {
        get
        {
            var query = string.Join('&', Query.Where(item => item.Value is not null).Select(item => $"{item.Name}={Uri.EscapeDataString(item.Value!)}"));
            return query.Length == 0 ? Path : $"{Path}?{query}";
        }
    }

    public static ReadOnlyMemory<byte> Serialize(JsonNode node)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenMemory;
    }

    public override string ToString() => $"{Method} {Path}";
}

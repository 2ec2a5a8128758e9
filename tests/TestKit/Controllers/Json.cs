using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Reads Kubernetes objects without types: what is missing or of another shape reads as null.</summary>
internal static class Json
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = (node as JsonObject)?[step];
        }

        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value || value.GetValueKind() != JsonValueKind.String)
        {
            return null;
        }

        // A value made from a DateTimeOffset is a JSON string too, but does not convert to one.
        return value.TryGetValue(out string? text) ? text : value.ToJsonString().Trim('"');
    }

    public static int? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            ? (int)double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
            : null;

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) is { } value && value.GetValueKind() == JsonValueKind.True;

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(node.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The child object of that name, made if it is not there.</summary>
    public static JsonObject Child(this JsonObject node, string name)
    {
        if (node[name] is not JsonObject child)
        {
            node[name] = child = [];
        }

        return child;
    }

    public static T Copy<T>(this T node) where T : JsonNode => (T)node.DeepClone();

    /// <summary>Kubernetes writes whole seconds.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}

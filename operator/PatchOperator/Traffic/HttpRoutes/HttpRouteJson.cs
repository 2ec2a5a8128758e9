using System.Text.Json.Nodes;

namespace PatchOperator.Traffic;

/// <summary>Rules and backends of an HTTPRoute as the API server has them, where whatever is missing or of another type counts as not written.</summary>
internal static class HttpRouteJson
{
    public static IEnumerable<JsonObject> Backends(JsonObject rule) => rule["backendRefs"] is JsonArray backends ? Objects(backends) : [];

    public static IEnumerable<JsonObject> Headers(JsonObject match) => match["headers"] is JsonArray headers ? Objects(headers) : [];

    public static IEnumerable<JsonObject> Objects(JsonArray items) => items.OfType<JsonObject>();

    public static string? Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static int? WrittenWeight(JsonObject backend) => (backend["weight"] as JsonValue) switch
    {
        { } value when value.TryGetValue(out int weight) => weight,
        { } value when value.TryGetValue(out long weight) => (int)weight,
        _ => null,
    };

    /// <summary>1 is what the API says of a backend without a weight.</summary>
    public static int Weight(JsonObject backend) => WrittenWeight(backend) ?? 1;

    public static void SetWeight(JsonObject backend, int? weight)
    {
        if (weight is null)
        {
            backend.Remove("weight");
        }
        else if (WrittenWeight(backend) != weight)
        {
            backend["weight"] = weight;
        }
    }

    public static JsonNode WithoutWeight(JsonObject backend)
    {
        var copy = backend.DeepClone().AsObject();
        copy.Remove("weight");
        return copy;
    }

    public static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}

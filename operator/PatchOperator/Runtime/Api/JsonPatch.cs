using System.Text.Json.Nodes;

namespace PatchOperator.Runtime;

/// <summary>
/// A JSON patch (RFC 6902) that is built from path segments, which are escaped here:
/// <c>new JsonPatch().Test(["metadata", "uid"], uid).Add(["metadata", "labels", "a/b"], "c")</c>.
/// </summary>
public sealed class JsonPatch
{
    private readonly JsonArray operations = [];

    public bool HasTests { get; private set; }

    public bool IsEmpty => operations.Count == 0;

    public JsonPatch Test(IEnumerable<string> path, JsonNode? value)
    {
        HasTests = true;
        return With("test", path, value);
    }

    public JsonPatch Add(IEnumerable<string> path, JsonNode? value) => With("add", path, value);

    public JsonPatch Replace(IEnumerable<string> path, JsonNode? value) => With("replace", path, value);

    public JsonPatch Remove(IEnumerable<string> path)
    {
        operations.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = Pointer(path) });
        return this;
    }

    public JsonArray ToJson() => operations.DeepClone().AsArray();

    /// <summary>A JSON pointer (RFC 6901): <c>~</c> and <c>/</c> inside a segment are escaped.</summary>
    public static string Pointer(IEnumerable<string> path) =>
        string.Concat(path.Select(segment =>
            "/" + segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));

    private JsonPatch With(string op, IEnumerable<string> path, JsonNode? value)
    {
        operations.Add((JsonNode)new JsonObject { ["op"] = op, ["path"] = Pointer(path), ["value"] = value?.DeepClone() });
        return this;
    }
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>RFC 6902.</summary>
internal static class JsonPatch
{
    public static JsonObject Apply(JsonObject target, JsonArray operations)
    {
        JsonNode? root = target.Copy();
        foreach (var operation in operations.OfType<JsonObject>())
        {
            root = Apply(root, operation);
        }

        return root as JsonObject ?? throw Failed("the patch removed the whole document");
    }

    private static JsonNode? Apply(JsonNode? root, JsonObject operation)
    {
        var path = operation.Text("path") ?? throw ApiException.BadRequest("json patch: an operation has no path");
        switch (operation.Text("op"))
        {
            case "add":
                return Add(root, path, operation["value"]?.DeepClone());
            case "replace":
                Find(root, path);
                return path.Length == 0 ? operation["value"]?.DeepClone() : Replace(root, path, operation["value"]?.DeepClone());
            case "remove":
                Remove(root, path);
                return root;
            case "move":
                var from = operation.Text("from") ?? "";
                var moved = Find(root, from)?.DeepClone();
                Remove(root, from);
                return Add(root, path, moved);
            case "copy":
                return Add(root, path, Find(root, operation.Text("from") ?? "")?.DeepClone());
            case "test":
                if (!JsonNode.DeepEquals(FindOrNull(root, path), operation["value"]))
                {
                    throw Failed($"testing value {path} failed: test failed");
                }

                return root;
            default:
                throw ApiException.BadRequest($"json patch: unexpected kind: {operation.Text("op")}");
        }
    }

    private static JsonNode? Add(JsonNode? root, string path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }

        var (parent, last) = Parent(root, path);
        switch (parent)
        {
            case JsonObject obj:
                obj[last] = value;
                break;
            case JsonArray array:
                array.Insert(last == "-" ? array.Count : Index(array.Count + 1, last, path), value);
                break;
            default:
                throw Failed($"add operation does not apply: doc is missing path: \"{path}\": missing value");
        }

        return root;
    }

    private static JsonNode? Replace(JsonNode? root, string path, JsonNode? value)
    {
        var (parent, last) = Parent(root, path);
        if (parent is JsonArray array)
        {
            array[Index(array.Count, last, path)] = value;
        }
        else
        {
            ((JsonObject)parent!)[last] = value;
        }

        return root;
    }

    private static void Remove(JsonNode? root, string path)
    {
        var (parent, last) = Parent(root, path);
        switch (parent)
        {
            case JsonObject obj when obj.Remove(last):
                break;
            case JsonArray array:
                array.RemoveAt(Index(array.Count, last, path));
                break;
            default:
                throw Failed($"remove operation does not apply: doc is missing path: \"{path}\": missing value");
        }
    }

    private static JsonNode? Find(JsonNode? root, string path)
    {
        if (path.Length == 0)
        {
            return root;
        }

        var (parent, last) = Parent(root, path);
        return parent switch
        {
            JsonObject obj when obj.TryGetPropertyValue(last, out var value) => value,
            JsonArray array => array[Index(array.Count, last, path)],
            _ => throw Failed($"replace operation does not apply: doc is missing key: {path}: missing value"),
        };
    }

    /// <summary>A <c>test</c> for null also passes when the member is missing.</summary>
    private static JsonNode? FindOrNull(JsonNode? root, string path)
    {
        try
        {
            return Find(root, path);
        }
        catch (ApiException)
        {
            return null;
        }
    }

    private static (JsonNode? Parent, string Last) Parent(JsonNode? root, string path)
    {
        var parts = path.Split('/').Skip(1).Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
        var node = root;
        foreach (var part in parts.SkipLast(1))
        {
            node = node switch
            {
                JsonObject obj => obj[part],
                JsonArray array => array[Index(array.Count, part, path)],
                _ => null,
            };
        }

        return (node, parts.LastOrDefault() ?? "");
    }

    private static int Index(int count, string part, string path) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < count
            ? index
            : throw Failed($"unable to access invalid index in {path}: invalid index referenced");

    private static ApiException Failed(string message) => new(422, "Invalid", "the server rejected our request due to an error in our request: " + message);
}

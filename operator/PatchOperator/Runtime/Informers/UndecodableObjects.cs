using System.Text.Json;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>The objects of a scope that do not fit their type. Says of each version only once that it is new. Not thread-safe.</summary>
internal sealed class UndecodableObjects
{
    private readonly Dictionary<ObjectKey, UndecodableObject> objects = [];

    public IReadOnlyList<UndecodableObject> All => [.. objects.Values];

    /// <returns>False if this version is known already.</returns>
    public bool Add(UndecodableObject bad)
    {
        var isNew = !objects.TryGetValue(bad.Key, out var known) || known.ResourceVersion != bad.ResourceVersion;
        objects[bad.Key] = bad;
        return isNew;
    }

    public void Remove(ObjectKey key) => objects.Remove(key);

    /// <summary>After a complete list: those not in it are gone or have been repaired.</summary>
    public void Keep(IReadOnlySet<ObjectKey> keys)
    {
        foreach (var key in objects.Keys.Where(key => !keys.Contains(key)).ToList())
        {
            objects.Remove(key);
        }
    }

    /// <summary>What can be said of an object whose only readable part may be its metadata.</summary>
    public static UndecodableObject Describe(JsonElement item, string error)
    {
        var metadata = item.ValueKind == JsonValueKind.Object && item.TryGetProperty("metadata", out var found) && found.ValueKind == JsonValueKind.Object
            ? found
            : default;
        return new UndecodableObject(
            new ObjectKey(Text(metadata, "namespace"), Text(metadata, "name")), Text(metadata, "uid"), Text(metadata, "resourceVersion"), error);
    }

    private static string Text(JsonElement metadata, string name) =>
        metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() ?? ""
            : "";
}

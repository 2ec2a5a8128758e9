using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Removes what the schema does not know, and fills in its defaults.</summary>
internal static class SchemaPruning
{
    /// <returns>The paths that were removed, for strict field validation.</returns>
    public static IReadOnlyList<string> PruneRoot(SchemaNode schema, JsonObject root)
    {
        var removed = new List<string>();
        PruneObject(schema, root, "", isResource: true, removed);
        return removed;
    }

    public static void Default(SchemaNode schema, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, member) in schema.Properties)
                {
                    if (member.Default is { } fallback && (!obj.TryGetPropertyValue(name, out var present) || (present is null && !member.Nullable)))
                    {
                        obj[name] = fallback.DeepClone();
                    }
                }

                foreach (var (name, child) in obj)
                {
                    if (schema.Member(name) is { } member)
                    {
                        Default(member, child);
                    }
                }

                break;
            case JsonArray array when schema.Items is { } items:
                foreach (var item in array)
                {
                    Default(items, item);
                }

                break;
        }
    }

    private static void Prune(SchemaNode schema, JsonNode? value, string path, List<string> removed)
    {
        switch (value)
        {
            case JsonObject obj:
                PruneObject(schema, obj, path, schema.IsEmbeddedResource, removed);
                break;
            case JsonArray array when schema.Items is { } items:
                for (var i = 0; i < array.Count; i++)
                {
                    Prune(items, array[i], $"{path}[{i}]", removed);
                }

                break;
        }
    }

    private static void PruneObject(SchemaNode schema, JsonObject obj, string path, bool isResource, List<string> removed)
    {
        foreach (var (name, value) in obj.ToList())
        {
            if (isResource && name is "apiVersion" or "kind" or "metadata")
            {
                continue;
            }

            var childPath = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.Member(name) is { } member)
            {
                if (value is null && !member.Nullable)
                {
                    obj.Remove(name);
                }
                else
                {
                    Prune(member, value, childPath, removed);
                }
            }
            else if (!schema.PreservesUnknown && !schema.AllowsAnyProperty)
            {
                obj.Remove(name);
                removed.Add(childPath);
            }
        }
    }
}

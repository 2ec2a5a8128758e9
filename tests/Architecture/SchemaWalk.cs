using System.Text.Json.Nodes;

namespace PatchOperator.Tests.Architecture;

internal static class SchemaWalk
{
    /// <summary>A schema and all schemas inside it, with their paths, <c>canary.steps[].weight</c>.</summary>
    public static IEnumerable<(string Path, JsonObject Schema)> All(JsonObject schema, string path = "")
    {
        yield return (path, schema);
        var children = (schema["properties"]?.AsObject() ?? []).Select(property => (path.Length == 0 ? property.Key : $"{path}.{property.Key}", property.Value!.AsObject()));
        if (schema["items"] is JsonObject items)
        {
            children = children.Append((path + "[]", items));
        }

        foreach (var each in children.SelectMany(child => All(child.Item2, child.Item1)))
        {
            yield return each;
        }
    }
}

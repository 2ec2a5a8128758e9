using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Tests.Unit;

/// <summary>Edits of a spec by path, <c>canary.steps.1.weight</c>, so that a table can show one edit a line.</summary>
internal static class SpecJson
{
    /// <param name="json">The spec that is edited.</param>
    /// <param name="path">Below spec; a number is an index, and one past the end appends.</param>
    /// <param name="value">JSON; null removes the member.</param>
    public static string With(string json, string path, string? value)
    {
        var root = JsonNode.Parse(json)!;
        var names = path.Split('.');
        var node = names[..^1].Aggregate(root, (at, name) => at is JsonArray items ? items[int.Parse(name)]! : at[name] ??= new JsonObject());
        switch (node)
        {
            case JsonArray items when int.Parse(names[^1]) == items.Count:
                items.Add(JsonNode.Parse(value!));
                break;
            case JsonArray items:
                items[int.Parse(names[^1])] = JsonNode.Parse(value!);
                break;
            case JsonObject members when value is null:
                members.Remove(names[^1]);
                break;
            default:
                node[names[^1]] = JsonNode.Parse(value!);
                break;
        }

        return root.ToJsonString();
    }

    public static EmergencyPatchSpec Read(string json) => JsonSerializer.Deserialize(json, DomainJson.Default.EmergencyPatchSpec)!;
}

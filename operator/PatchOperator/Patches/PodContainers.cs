using System.Text.Json.Nodes;

namespace PatchOperator.Patches;

/// <summary>
/// A pod's containers, those that run before the others included: names are unique over both lists, so a patch may name any of them. An init container that
/// copies the code into a volume is what serves it.
/// </summary>
internal static class PodContainers
{
    public static readonly IReadOnlyList<string> Lists = ["initContainers", "containers"];

    /// <param name="podSpec">Of a pod or a template.</param>
    public static IEnumerable<JsonObject> Of(JsonNode? podSpec) => Lists.SelectMany(list => podSpec?[list] as JsonArray ?? []).OfType<JsonObject>();
}

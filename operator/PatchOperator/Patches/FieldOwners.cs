using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Patches;

/// <summary>Reads the API server's books of who wrote which field, <c>metadata.managedFields</c>.</summary>
internal static class FieldOwners
{
    /// <summary>The manager, other than us, that was the last to write one of these fields; null where the books do not say.</summary>
    /// <param name="subject">As the API server gave it.</param>
    /// <param name="fields">Keys from the root as in <c>fieldsV1</c>, such as <c>f:spec</c>, <c>f:replicas</c>. A last one with a star stands for all that begin so.</param>
    public static string? Of(JsonObject subject, IReadOnlyList<IReadOnlyList<string>> fields) => Others(subject)
        .Where(entry => fields.Any(field => Owns(entry, field)))
        .OrderByDescending(entry => Text(entry["time"]), StringComparer.Ordinal)
        .Select(entry => Text(entry["manager"]))
        .FirstOrDefault();

    public static IEnumerable<JsonObject> Others(JsonObject subject) => Entries(subject).Where(entry => !IsOurs(entry));

    public static IEnumerable<JsonObject> Ours(JsonObject subject) => Entries(subject).Where(IsOurs);

    public static bool Owns(JsonObject entry, IReadOnlyList<string> field)
    {
        var parent = field.SkipLast(1).Aggregate(entry["fieldsV1"], (at, key) => (at as JsonObject)?[key]);
        return parent is JsonObject members && (field[^1].EndsWith('*') ? members.Any(m => m.Key.StartsWith(field[^1][..^1], StringComparison.Ordinal)) : members.ContainsKey(field[^1]));
    }

    /// <summary>Where the books may have the image of a container, which is in one of two lists.</summary>
    /// <param name="podTemplate">Where the workload has the spec of its pods.</param>
    /// <param name="container">Of which the image is meant.</param>
    public static IEnumerable<IReadOnlyList<string>> Image(IReadOnlyList<string> podTemplate, string container) => PodContainers.Lists.Select(
        IReadOnlyList<string> (list) => [.. podTemplate.Append(list).Select(name => $"f:{name}"), $"k:{new JsonObject { ["name"] = container }.ToJsonString()}", "f:image"]);

    public static bool OwnsImage(JsonObject entry, IReadOnlyList<string> podTemplate, string container) => Image(podTemplate, container).Any(field => Owns(entry, field));

    private static IEnumerable<JsonObject> Entries(JsonObject subject) => (subject["metadata"]?["managedFields"] as JsonArray ?? []).OfType<JsonObject>();

    private static bool IsOurs(JsonObject entry) => Text(entry["manager"]) == Names.FieldManager;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

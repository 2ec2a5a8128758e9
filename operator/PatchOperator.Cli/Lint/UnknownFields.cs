using System.Text.Json.Nodes;

namespace PatchOperator.Cli.Lint;

/// <summary>
/// Fields that reading dropped: what is in the file and not in what was understood of it. A misspelt <c>maxrate</c> would
/// otherwise be a limit that nobody watches.
/// </summary>
internal static class UnknownFields
{
    public static IEnumerable<string> Of(JsonObject written, JsonObject understood) => Of(written, understood, "").Where(path => !IsMetadata(path));

    private static IEnumerable<string> Of(JsonNode? written, JsonNode? understood, string path) => (written, understood) switch
    {
        (JsonObject members, JsonObject known) => members.Where(member => member.Value is not null).SelectMany(member =>
        {
            var memberPath = path.Length == 0 ? member.Key : $"{path}.{member.Key}";
            return known.TryGetPropertyValue(member.Key, out var value) ? Of(member.Value, value, memberPath) : [memberPath];
        }),
        (JsonArray items, JsonArray known) => items.SelectMany((item, index) => Of(item, index < known.Count ? known[index] : null, $"{path}[{index}]")),
        _ => [],
    };

    // Kubernetes' own, of which the operator reads but a part.
    private static bool IsMetadata(string path) => path.StartsWith("metadata.", StringComparison.Ordinal);
}

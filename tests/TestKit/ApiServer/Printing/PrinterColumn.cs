using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One column of a Table answer.</summary>
internal sealed record PrinterColumn(string Name, Func<JsonObject, DateTimeOffset, JsonNode?> Cell)
{
    public string Type { get; init; } = "string";

    public string Format { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>Columns above 0 show with <c>-o wide</c> only.</summary>
    public int Priority { get; init; }

    public static PrinterColumn FromDefinition(JsonObject column)
    {
        var path = JsonPath.Parse(column.Text("jsonPath") ?? "");
        var type = column.Text("type") ?? "string";
        return new PrinterColumn(column.Text("name") ?? "", (obj, now) => FromNodes(path.Evaluate(obj).ToList(), type, now))
        {
            Type = type,
            Format = column.Text("format") ?? "",
            Description = column.Text("description") ?? "",
            Priority = (int)(column.Integer("priority") ?? 0),
        };
    }

    public JsonObject ToDefinition() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };

    private static JsonNode? FromNodes(List<JsonNode> nodes, string type, DateTimeOffset now) => (nodes, type) switch
    {
        ([], "date") => "<unknown>",
        ([], _) => null,
        ([var node, ..], "date") => Ages.Since(JsonPath.Show(node), now),
        ([var node, ..], "integer" or "number" or "boolean") when node.GetValueKind() != JsonValueKind.String => node.DeepClone(),
        _ => string.Join(",", nodes.Select(JsonPath.Show)),
    };
}

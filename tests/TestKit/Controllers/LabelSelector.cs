using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

internal static class LabelSelector
{
    /// <summary><c>matchLabels</c> and <c>matchExpressions</c>. An empty selector selects nothing: a controller must never claim a whole namespace.</summary>
    public static bool Matches(JsonNode? selector, JsonObject? labels)
    {
        var map = selector.At("matchLabels") as JsonObject;
        var expressions = selector.Items("matchExpressions").ToList();
        return (map is { Count: > 0 } || expressions.Count > 0)
            && (map is null || map.All(pair => labels.Text(pair.Key) == pair.Value.Text()))
            && expressions.TrueForAll(expression => Holds(expression, labels));
    }

    /// <summary>A Service's selector: a plain map.</summary>
    public static bool MatchesMap(JsonObject? selector, JsonObject? labels) =>
        selector is { Count: > 0 } && selector.All(pair => labels.Text(pair.Key) == pair.Value.Text());

    private static bool Holds(JsonObject expression, JsonObject? labels)
    {
        var value = labels.Text(expression.Text("key") ?? "");
        var values = (expression["values"] as JsonArray)?.Select(node => node.Text()).ToList() ?? [];
        return expression.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The JSONPath that printer columns use: <c>.a.b['c'][0][*]</c> and the filter <c>[?(@.type=="Ready")]</c>.</summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonNode, IEnumerable<JsonNode?>>> _steps = [];

    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        var at = 0;
        text = text.Trim().TrimStart('{').TrimEnd('}').TrimStart('$');
        while (at < text.Length)
        {
            if (text[at] == '.')
            {
                at++;
            }
            else if (text[at] == '[')
            {
                var end = Closing(text, at);
                path._steps.Add(Bracket(text[(at + 1)..end].Trim()));
                at = end + 1;
            }
            else
            {
                var name = ReadName(text, ref at);
                path._steps.Add(name == "*" ? Every : Member(name));
            }
        }

        return path;
    }

    public IEnumerable<JsonNode> Evaluate(JsonNode root)
    {
        IEnumerable<JsonNode> nodes = [root];
        foreach (var step in _steps)
        {
            nodes = nodes.SelectMany(step).OfType<JsonNode>().ToList();
        }

        return nodes;
    }

    /// <summary>A backslash takes the dot of a key literally: <c>.metadata.labels.example\.com/x</c>.</summary>
    private static string ReadName(string text, ref int at)
    {
        var name = new System.Text.StringBuilder();
        while (at < text.Length && text[at] is not ('.' or '['))
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            name.Append(text[at++]);
        }

        return name.ToString();
    }

    private static int Closing(string text, int open)
    {
        var quote = '\0';
        for (var i = open + 1; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                quote = text[i] == quote ? '\0' : quote;
            }
            else if (text[i] is '"' or '\'')
            {
                quote = text[i];
            }
            else if (text[i] == ']')
            {
                return i;
            }
        }

        throw new FormatException($"unclosed [ in JSONPath {text}");
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Bracket(string inside)
    {
        if (inside == "*")
        {
            return Every;
        }

        if (inside.StartsWith("?(", StringComparison.Ordinal))
        {
            return Filter(inside[2..^1]);
        }

        if (int.TryParse(inside, out var index))
        {
            return node => node is JsonArray array && index < array.Count && index >= -array.Count
                ? [array[index < 0 ? array.Count + index : index]]
                : [];
        }

        return Member(inside.Trim('\'', '"'));
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Filter(string condition)
    {
        foreach (var symbol in (string[])["==", "!="])
        {
            var at = condition.IndexOf(symbol, StringComparison.Ordinal);
            if (at > 0)
            {
                var left = Parse(condition[..at].Trim().TrimStart('@'));
                var right = condition[(at + 2)..].Trim().Trim('\'', '"');
                return node => (node as JsonArray ?? []).Where(item =>
                    item is not null && left.Evaluate(item).Select(Show).Any(shown => shown == right) == (symbol == "=="));
            }
        }

        var present = Parse(condition.Trim().TrimStart('@'));
        return node => (node as JsonArray ?? []).Where(item => item is not null && present.Evaluate(item).Any());
    }

    private static IEnumerable<JsonNode?> Every(JsonNode node) => node switch
    {
        JsonArray array => array,
        JsonObject obj => obj.Select(p => p.Value),
        _ => [],
    };

    private static Func<JsonNode, IEnumerable<JsonNode?>> Member(string name) =>
        node => node is JsonObject obj && obj.TryGetPropertyValue(name, out var value) ? [value] : [];

    internal static string Show(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node.Compact();
}

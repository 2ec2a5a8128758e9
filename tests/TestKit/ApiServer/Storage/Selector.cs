using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>A label selector and a field selector, as in a URL.</summary>
internal sealed class Selector
{
    private readonly List<Func<JsonObject, bool>> _terms = [];

    private Selector()
    {
    }

    public static Selector Parse(string? labels, string? fields)
    {
        var selector = new Selector();
        foreach (var term in Split(labels))
        {
            selector._terms.Add(LabelTerm(term));
        }

        foreach (var term in Split(fields))
        {
            selector._terms.Add(FieldTerm(term));
        }

        return selector;
    }

    public bool Matches(JsonObject obj) => _terms.TrueForAll(term => term(obj));

    /// <summary>Commas inside the parentheses of a set do not separate terms.</summary>
    private static IEnumerable<string> Split(string? text)
    {
        var depth = 0;
        var start = 0;
        text ??= "";
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } term)
                {
                    yield return term;
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            }
        }
    }

    private static Func<JsonObject, bool> LabelTerm(string term)
    {
        var words = term.Split((char[])[' ', '('], 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is [var key, "in" or "notin", var list])
        {
            var values = list.TrimEnd(')').Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
            return words[1] == "in"
                ? obj => Label(obj, key) is { } value && values.Contains(value)
                : obj => Label(obj, key) is not { } value || !values.Contains(value);
        }

        if (Comparison(term) is { } comparison)
        {
            return comparison.Negated
                ? obj => Label(obj, comparison.Name) != comparison.Value
                : obj => Label(obj, comparison.Name) == comparison.Value;
        }

        return term.StartsWith('!') ? obj => Label(obj, term[1..].Trim()) is null : obj => Label(obj, term) is not null;
    }

    private static Func<JsonObject, bool> FieldTerm(string term)
    {
        var (name, value, negated) = Comparison(term) ?? throw ApiException.BadRequest($"invalid selector: '{term}'; can't understand '{term}'");
        var path = name.Split('.');
        return obj => (Field(obj, path) == value) != negated;
    }

    private static (string Name, string Value, bool Negated)? Comparison(string term)
    {
        foreach (var (symbol, negated) in ((string, bool)[])[("!=", true), ("==", false), ("=", false)])
        {
            if (term.IndexOf(symbol, StringComparison.Ordinal) is var at and > 0)
            {
                return (term[..at].Trim(), term[(at + symbol.Length)..].Trim(), negated);
            }
        }

        return null;
    }

    private static string? Label(JsonObject obj, string key) => obj.Text("metadata", "labels", key);

    private static string Field(JsonObject obj, string[] path) => obj.At(path) switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value => value.ToJsonString(),
        _ => "",
    };
}

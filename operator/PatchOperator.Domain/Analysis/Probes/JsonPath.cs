using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// The part of JSONPath (RFC 9535) that names one value: <c>$</c>, <c>.name</c>, <c>['name']</c> and <c>[0]</c>. No wildcards, filters or descent: a
/// probe that can match several values cannot say which was wrong.
/// </summary>
public sealed class JsonPath
{
    private readonly IReadOnlyList<Step> steps;

    private JsonPath(IReadOnlyList<Step> steps) => this.steps = steps;

    /// <summary>Parses a path; on failure <paramref name="error"/> says where it stopped and what is allowed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPath? path, [NotNullWhen(false)] out string? error)
    {
        var steps = new List<Step>();
        var position = text.StartsWith('$') ? 1 : 0;
        path = null;
        while (position > 0 && position < text.Length)
        {
            var before = position;
            if (NextStep(text, ref position) is not { } step)
            {
                error = Wrong(text, before);
                return false;
            }

            steps.Add(step);
        }

        path = position > 0 ? new JsonPath(steps) : null;
        error = path is null ? Wrong(text, 0) : null;
        return error is null;
    }

    /// <summary>The value at this path, or null if there is none.</summary>
    public JsonElement? Find(JsonElement root)
    {
        JsonElement? at = root;
        foreach (var step in steps)
        {
            at = at is { } element ? step.From(element) : null;
        }

        return at;
    }

    private static Step? NextStep(string text, ref int position)
    {
        if (text[position] == '.')
        {
            var start = ++position;
            while (position < text.Length && text[position] is not ('.' or '[' or ']' or '*' or ' '))
            {
                position++;
            }

            return position > start ? new Step(text[start..position], null) : null;
        }

        if (text[position] != '[' || position + 1 >= text.Length)
        {
            return null;
        }

        var quote = text[position + 1];
        if (quote is '\'' or '"')
        {
            var end = text.IndexOf(quote, position + 2);
            if (end < 0 || end + 1 >= text.Length || text[end + 1] != ']')
            {
                return null;
            }

            var name = text[(position + 2)..end];
            position = end + 2;
            return new Step(name, null);
        }

        var close = text.IndexOf(']', position);
        if (close < 0 || !int.TryParse(text.AsSpan(position + 1, close - position - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return null;
        }

        position = close + 1;
        return new Step(null, index);
    }

    private static string Wrong(string text, int position) =>
        $"The path '{text}' stops making sense at character {position + 1}. Allowed are $, .name, ['name'] and [0], such as $.data.placeOrder.order.number.";

    private sealed record Step(string? Name, int? Index)
    {
        public JsonElement? From(JsonElement element) => this switch
        {
            { Name: { } name } => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null,
            { Index: { } index } => element.ValueKind == JsonValueKind.Array && index < element.GetArrayLength() ? element[index] : null,
            _ => null,
        };
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PatchOperator.Domain.Analysis;

/// <summary>The values that a query template may name.</summary>
public sealed record QueryVariables
{
    public required string Namespace { get; init; }

    public required string Workload { get; init; }

    /// <summary>Exact pod names. Never a prefix or pattern: <c>shop</c> must not count the requests of <c>shop-admin</c>.</summary>
    public required IReadOnlyList<string> Pods { get; init; }

    /// <summary><c>canary</c> or <c>stable</c>.</summary>
    public required string Track { get; init; }

    public required TimeSpan Window { get; init; }
}

/// <summary>
/// A query with variables in double braces, such as <c>sum(increase(http_requests_total{pod=~"{{ pods }}"}[{{ window }}]))</c>.
/// Parsed once, so that an unknown variable is found at admission and not in the night the query is needed.
/// </summary>
public sealed class QueryTemplate
{
    private static readonly string[] KnownVariables = ["namespace", "workload", "pods", "track", "window"];

    // Literal text and variable names take turns, text first; the last element is text.
    private readonly string[] _parts;

    private QueryTemplate(string[] parts) => _parts = parts;

    /// <summary>The variables that a template may use.</summary>
    public static IReadOnlyList<string> Known => KnownVariables;

    /// <summary>Parses a template; on failure <paramref name="error"/> names what is wrong and lists what is allowed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out QueryTemplate? template, [NotNullWhen(false)] out string? error)
    {
        var parts = new List<string>();
        template = null;
        var position = 0;
        while (true)
        {
            var open = text.IndexOf("{{", position, StringComparison.Ordinal);
            if (open < 0)
            {
                parts.Add(text[position..]);
                template = new QueryTemplate([.. parts]);
                error = null;
                return true;
            }

            var close = text.IndexOf("}}", open + 2, StringComparison.Ordinal);
            if (close < 0)
            {
                error = $"The query opens '{{{{' at character {open + 1} and never closes it: write {Allowed()}.";
                return false;
            }

            var name = text[(open + 2)..close].Trim();
            if (!KnownVariables.Contains(name, StringComparer.Ordinal))
            {
                error = $"The query uses the unknown variable '{name}': use {Allowed()}.";
                return false;
            }

            parts.Add(text[position..open]);
            parts.Add(name);
            position = close + 2;
        }
    }

    /// <summary>Fills in the variables. The values are escaped for the inside of a double-quoted PromQL string.</summary>
    public string Render(QueryVariables variables)
    {
        var query = new StringBuilder();
        for (var i = 0; i < _parts.Length; i++)
        {
            query.Append(i % 2 == 0 ? _parts[i] : Value(_parts[i], variables));
        }

        return query.ToString();
    }

    // An alternation of exact names; PromQL anchors patterns on both ends. Without pods it must match nothing: an empty pattern
    // would match every series that has no pod label. No pod can be called "-".
    private static string PodPattern(IReadOnlyList<string> pods) => pods.Count == 0 ? "-" : string.Join('|', pods.Select(pod => EscapeString(EscapePattern(pod))));

    private static string Value(string variable, QueryVariables variables) => variable switch
    {
        "namespace" => EscapeString(variables.Namespace),
        "workload" => EscapeString(variables.Workload),
        "pods" => PodPattern(variables.Pods),
        "track" => EscapeString(variables.Track),
        _ => Duration(variables.Window),
    };

    // PromQL refuses a range of zero; fractions of seconds would only make the query text differ at each tick.
    private static string Duration(TimeSpan window) =>
        Math.Max(1, (long)Math.Ceiling(window.TotalSeconds)).ToString(CultureInfo.InvariantCulture) + "s";

    private static string EscapePattern(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (@"\.+*?()|[]{}^$".Contains(character, StringComparison.Ordinal))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }

    private static string EscapeString(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Allowed() => string.Join(", ", KnownVariables.Select(name => "{{ " + name + " }}"));
}

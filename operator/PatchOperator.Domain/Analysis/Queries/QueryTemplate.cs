using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// A query with variables in double braces, such as <c>sum(increase(http_requests_total{pod=~"{{ pods }}"}[{{ window }}]))</c>.
/// Parsed once, so that an unknown variable is found at admission and not in the night the query is needed.
/// </summary>
public sealed partial class QueryTemplate
{
    public const string ArgPrefix = "args.";

    private static readonly string[] KnownVariables = ["namespace", "workload", "pods", "track", "window", "deployments", "services", "podIPs", "paths"];
    private static readonly Dictionary<string, string> NoArgs = [];

    private readonly IReadOnlyList<Part> _parts;
    private readonly string _rest;

    private QueryTemplate(IReadOnlyList<Part> parts, string rest) => (_parts, _rest) = (parts, rest);

    /// <summary>The variables that every template may use; <c>args.NAME</c> comes on top.</summary>
    public static IReadOnlyList<string> Known => KnownVariables;

    /// <summary>Whether the template names this variable.</summary>
    public bool Uses(string variable) => _parts.Any(part => part.Variable == variable);

    /// <summary>A template of the program's own.</summary>
    /// <exception cref="ArgumentException">It is wrong.</exception>
    public static QueryTemplate Parse(string text) => TryParse(text, out var template, out var error) ? template : throw new ArgumentException(error, nameof(text));

    /// <inheritdoc cref="TryParse(string, IReadOnlyDictionary{string, string}, out QueryTemplate?, out string?)"/>
    public static bool TryParse(string text, [NotNullWhen(true)] out QueryTemplate? template, [NotNullWhen(false)] out string? error) =>
        TryParse(text, NoArgs, out template, out error);

    /// <summary>Parses a template; on failure <paramref name="error"/> names what is wrong and lists what is allowed.</summary>
    public static bool TryParse(
        string text, IReadOnlyDictionary<string, string> args, [NotNullWhen(true)] out QueryTemplate? template, [NotNullWhen(false)] out string? error)
    {
        var parts = new List<Part>();
        var quotes = new QuoteScanner();
        template = null;
        var position = 0;
        while (true)
        {
            var open = text.IndexOf("{{", position, StringComparison.Ordinal);
            if (open < 0)
            {
                template = new QueryTemplate(parts, text[position..]);
                error = null;
                return true;
            }

            var close = text.IndexOf("}}", open + 2, StringComparison.Ordinal);
            if (close < 0)
            {
                error = $"The query opens '{{{{' at character {open + 1} and never closes it: write {Allowed(args)}.";
                return false;
            }

            var name = text[(open + 2)..close].Trim();
            quotes.Read(text.AsSpan(position, open - position));
            if (Problem(name, args, quotes.Quote) is { } problem)
            {
                error = problem;
                return false;
            }

            parts.Add(new Part(text[position..open], name, quotes.Quote));
            position = close + 2;
        }
    }

    /// <summary>Fills in the variables. Each value is escaped for the quotes that it stands in.</summary>
    public string Render(QueryVariables variables)
    {
        var query = new StringBuilder();
        foreach (var part in _parts)
        {
            query.Append(part.Text).Append(Escape(Value(part.Variable, variables), part.Quote));
        }

        return query.Append(_rest).ToString();
    }

    private static string? Problem(string name, IReadOnlyDictionary<string, string> args, char quote)
    {
        if (KnownVariables.Contains(name, StringComparer.Ordinal))
        {
            return null;
        }

        if (!name.StartsWith(ArgPrefix, StringComparison.Ordinal) || !args.TryGetValue(name[ArgPrefix.Length..], out var value))
        {
            return $"The query uses the unknown variable '{name}': use {Allowed(args)}.";
        }

        if (quote == QuoteScanner.None && !Word().IsMatch(value))
        {
            return $"The query uses {{{{ {name} }}}} outside quotes, where only a name, a number or a duration may stand, and its value is '{value}': put the variable in quotes.";
        }

        return quote == '`' && value.Contains('`', StringComparison.Ordinal)
            ? $"The query uses {{{{ {name} }}}} between back quotes, and its value has one: use double quotes."
            : null;
    }

    private static string Value(string variable, QueryVariables variables) => variable switch
    {
        "namespace" => variables.Namespace,
        "workload" => variables.Workload,
        "pods" => Alternatives(variables.Pods),
        "track" => variables.Track,
        "window" => Duration(variables.Window),
        "deployments" => Alternatives(variables.Deployments),
        "services" => Alternatives(variables.Services),
        "podIPs" => Alternatives(variables.PodIps.Select(ip => ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip)),

        // Patterns already, and all paths where the metric names no surface.
        "paths" => variables.Paths.Count == 0 ? ".*" : string.Join('|', variables.Paths),
        _ => variables.Args[variable[ArgPrefix.Length..]],
    };

    // An alternation of exact names; PromQL anchors patterns on both ends. Without any it must match nothing: an empty pattern
    // would match every series that has no such label. No pod can be called "-".
    private static string Alternatives(IEnumerable<string> names)
    {
        var pattern = string.Join('|', names.Select(EscapePattern));
        return pattern.Length == 0 ? "-" : pattern;
    }

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

    /// <summary>Between back quotes nothing is an escape; outside quotes only what needs none gets past the parser.</summary>
    private static string Escape(string text, char quote) => quote is not ('"' or '\'')
        ? text
        : text
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace(quote.ToString(), "\\" + quote, StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Allowed(IReadOnlyDictionary<string, string> args) =>
        string.Join(", ", KnownVariables.Concat(args.Keys.Order(StringComparer.Ordinal).Select(name => ArgPrefix + name)).Select(name => "{{ " + name + " }}"))
        + (args.Count == 0 ? ", or {{ args.NAME }} with NAME in the metric's args" : "");

    [GeneratedRegex(@"^([a-zA-Z_:][a-zA-Z0-9_:]*|[0-9]+(\.[0-9]+)?|([0-9]+(ms|s|m|h|d|w|y))+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    /// <param name="Text">Literal text before the variable.</param>
    /// <param name="Variable">Its name.</param>
    /// <param name="Quote">The quotes that it stands in, or <see cref="QuoteScanner.None"/>.</param>
    private sealed record Part(string Text, string Variable, char Quote);
}

using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Validation;

/// <summary>The variables that a query may name, <c>{{ namespace }}</c>. A misspelt one would ask for nothing, and no data would hold for ever.</summary>
internal static partial class QueryPlaceholders
{
    public static readonly IReadOnlyList<string> Known = ["namespace", "workload", "pods", "track", "window"];

    public static IEnumerable<string> ProblemsOf(string query)
    {
        var listed = string.Join(", ", Known.Select(name => "{{ " + name + " }}"));
        foreach (Match match in Placeholder().Matches(query))
        {
            var name = match.Groups[1].Value.Trim();
            if (!Known.Contains(name, StringComparer.Ordinal))
            {
                yield return $"'{{{{ {name} }}}}' is not a variable; known are {listed}";
            }
        }

        var rest = Placeholder().Replace(query, "");
        if (rest.Contains("{{", StringComparison.Ordinal) || rest.Contains("}}", StringComparison.Ordinal))
        {
            yield return $"has a '{{{{' or '}}}}' without its partner; write variables as in {{{{ pods }}}}; known are {listed}";
        }
    }

    /// <summary>The query with something harmless for each variable, to check its form.</summary>
    public static string FilledIn(string query) => Placeholder().Replace(query, "x");

    [GeneratedRegex(@"\{\{([^{}]*)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}

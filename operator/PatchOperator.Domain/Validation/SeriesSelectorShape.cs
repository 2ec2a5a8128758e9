using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Validation;

/// <summary>What the PodMetrics provider understands: <c>http_requests_total{code=~"5..",path!="/health"}</c>, and no PromQL around it.</summary>
internal static partial class SeriesSelectorShape
{
    public static bool Matches(string text) => Shape().IsMatch(text);

    [GeneratedRegex(
        """^\s*[a-zA-Z_:][a-zA-Z0-9_:]*\s*(\{\s*([a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=)\s*"([^"\\]|\\.)*"\s*(,\s*|(?=\})))*\})?\s*\z""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}

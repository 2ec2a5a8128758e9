using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Shopify;

/// <summary>
/// A set of versions of Shopify's API, such as <c>&gt;=2026-01 &lt;2026-10 || unstable</c>. <c>unstable</c> is in it only by name, by <c>*</c>, and
/// by not being the version that <c>!=</c> excludes: it changes daily, so no range speaks for it.
/// </summary>
public sealed class ApiVersionRange
{
    private const string Advice = "write quarters (2026-07), comparisons (>=2026-01 <2026-10), a range (2026-01 - 2026-07), unstable or '*', with '||' between alternatives";

    private static readonly string[] Signs = [">=", "<=", "!=", "==", ">", "<", "="];

    private readonly IReadOnlyList<IReadOnlyList<(string Sign, ApiVersion Version)>> _alternatives;

    private ApiVersionRange(string text, IReadOnlyList<IReadOnlyList<(string Sign, ApiVersion Version)>> alternatives)
    {
        Text = text;
        _alternatives = alternatives;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>On failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ApiVersionRange? range, [NotNullWhen(false)] out string? error)
    {
        range = null;
        var alternatives = new List<IReadOnlyList<(string Sign, ApiVersion Version)>>();
        foreach (var alternative in text.Split("||"))
        {
            if (Parse(alternative.Trim(), out error) is not { } terms)
            {
                error = $"The range '{text}' is not one of API versions: {error}";
                return false;
            }

            alternatives.Add(terms);
        }

        range = new ApiVersionRange(text, alternatives);
        error = null;
        return true;
    }

    public bool IsSatisfiedBy(ApiVersion version) => _alternatives.Any(terms => terms.All(term => Accepts(term.Sign, term.Version, version)));

    public override string ToString() => Text;

    private static List<(string Sign, ApiVersion Version)>? Parse(string alternative, out string? error)
    {
        error = Advice + ".";
        if (alternative == "*")
        {
            return [];
        }

        var words = alternative.Replace(',', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToList();
        if (words is [var from, "-", var to])
        {
            words = [">=" + from, "<=" + to];
        }

        var terms = new List<(string Sign, ApiVersion Version)>();
        for (var i = 0; i < words.Count; i++)
        {
            var sign = Signs.FirstOrDefault(sign => words[i].StartsWith(sign, StringComparison.Ordinal)) ?? "";
            // ">= 2026-01"
            var name = words[i].Length == sign.Length && i + 1 < words.Count ? words[++i] : words[i][sign.Length..];
            if (!ApiVersion.TryParse(name, out var version, out error))
            {
                return null;
            }

            if (version.Released is null && sign is not ("" or "=" or "==" or "!="))
            {
                error = $"'unstable' is neither before nor after a quarter; {Advice}.";
                return null;
            }

            terms.Add((sign, version));
        }

        return terms.Count == 0 ? null : terms;
    }

    private static bool Accepts(string sign, ApiVersion bound, ApiVersion version) => sign switch
    {
        "" or "=" or "==" => version.Released == bound.Released,
        "!=" => version.Released != bound.Released,
        ">=" => version.Released >= bound.Released,
        "<=" => version.Released <= bound.Released,
        ">" => version.Released > bound.Released,
        _ => version.Released < bound.Released,
    };
}

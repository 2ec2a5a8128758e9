using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Npm;

/// <summary>
/// A set of versions, written as in a <c>package.json</c>: <c>^1.4.0 || &gt;=2.1 &lt;2.3</c>. A pre-release is in it only where a bound names a
/// pre-release of the same three numbers: nobody who writes <c>&gt;=1.0.0</c> asks for 2.0.0-beta.
/// </summary>
public sealed class NpmRange
{
    private readonly IReadOnlyList<IReadOnlyList<NpmBound>> _alternatives;

    private NpmRange(string text, IReadOnlyList<IReadOnlyList<NpmBound>> alternatives)
    {
        Text = text;
        _alternatives = alternatives;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Takes what npm takes for a range of versions (tags and addresses are none); on failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NpmRange? range, [NotNullWhen(false)] out string? error)
    {
        range = null;
        var alternatives = new List<IReadOnlyList<NpmBound>>();
        foreach (var alternative in text.Split("||"))
        {
            if (NpmRangeParser.Parse(alternative.Trim(), out var refused) is not { } bounds)
            {
                var named = refused == text ? $"'{text}' is not a range" : $"'{refused}' in the range '{text}' is not one";
                error = $"{named} that npm takes: write comparisons (>=1.4.0 <2.0.0), ranges (^1.4, ~1.4.2, 1.x, 1.0 - 1.4), with '||' between alternatives.";
                return false;
            }

            alternatives.Add(bounds);
        }

        range = new NpmRange(text, alternatives);
        error = null;
        return true;
    }

    public bool IsSatisfiedBy(NpmVersion version) => _alternatives.Any(bounds =>
        bounds.All(bound => bound.Accepts(version))
        && (version.PreRelease.Count == 0 || bounds.Any(bound => bound.Version.PreRelease.Count > 0 && bound.Version.Numbers == version.Numbers)));

    public override string ToString() => Text;
}

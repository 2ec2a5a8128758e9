using System.Text;
using static PatchOperator.Domain.Compatibility.Composer.Characters;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>Brings versions and branches into the one spelling that is compared.</summary>
internal static class VersionNormalizer
{
    /// <summary>The words that may follow an <c>@</c>.</summary>
    public static readonly string[] Flags = ["stable", "RC", "beta", "alpha", "dev"];

    // What an x of "2.4.x-dev" stands for: newer than any number in use.
    private const string Wildcard = "9999999";

    /// <summary>Four numbers and a suffix, a date, or <c>dev-</c> and the name of a branch; null where Composer refuses the text.</summary>
    public static string? Normalize(ReadOnlySpan<char> text)
    {
        text = WithoutFlag(WithoutAlias(Trim(text)));
        if (text is "master" or "trunk" or "default")
        {
            return "dev-" + text.ToString();
        }

        if (IsAt(text, 0, "dev-"))
        {
            return "dev-" + text[4..].ToString();
        }

        text = WithoutBuild(text);
        return Numbered(text) ?? Dated(text) ?? NumberedBranch(text);
    }

    /// <summary>A branch as a repository names it: <c>2.4.x</c> is a version of its own, <c>main</c> becomes <c>dev-main</c>.</summary>
    public static string NormalizeBranch(ReadOnlySpan<char> name) => Branch(Trim(name)) ?? "dev-" + Trim(name).ToString();

    /// <summary><c>2.1.</c> of <c>2.1.x-dev</c>; null if the branch is not a numbered one.</summary>
    public static string? NumericAliasPrefix(ReadOnlySpan<char> branch)
    {
        var end = SkipDigits(branch, 0);
        if (end == 0)
        {
            return null;
        }

        while (IsOneOf(branch, end, ".") && IsDigit(branch, end + 1))
        {
            end = SkipDigits(branch, end + 1);
        }

        var rest = IsAt(branch, end, ".x") ? end + 2 : end;
        return IsAt(branch, rest, "-dev") && IsEnd(branch, rest + 4) ? string.Concat(branch[..end], ".") : null;
    }

    /// <summary>The stability that a version's own text tells.</summary>
    public static Stability StabilityOf(string version)
    {
        var text = WithoutReference(version);
        if (text.StartsWith("dev-", StringComparison.Ordinal) || text.EndsWith("-dev", StringComparison.Ordinal))
        {
            return Stability.Dev;
        }

        // The leftmost place from which a suffix, and perhaps build metadata, reaches the end.
        for (var start = 0; start <= text.Length; start++)
        {
            var suffix = VersionSuffix.Read(text, start);
            if (!IsEnd(text, suffix.End) && !IsBuildToTheEnd(text, suffix.End))
            {
                continue;
            }

            return suffix switch
            {
                { IsDev: true } => Stability.Dev,
                { HasWord: false } => Stability.Stable,
                _ => suffix.Spelled(text) switch
                {
                    "beta" => Stability.Beta,
                    "alpha" => Stability.Alpha,
                    "RC" => Stability.ReleaseCandidate,
                    _ => Stability.Stable,
                },
            };
        }

        return Stability.Stable;
    }

    /// <summary><c>dev-main</c> of <c>dev-main as 1.0.0</c>.</summary>
    public static ReadOnlySpan<char> WithoutAlias(ReadOnlySpan<char> text)
    {
        var sourceEnd = SkipWord(text, 0);
        var separator = SkipBlanks(text, sourceEnd);
        if (sourceEnd == 0 || separator == sourceEnd || !text[separator..].StartsWith("as "))
        {
            return text;
        }

        var alias = SkipBlanks(text, separator + 2);
        var end = SkipWord(text, alias);
        return end > alias && IsEnd(text, end) ? text[..sourceEnd] : text;
    }

    private static ReadOnlySpan<char> WithoutFlag(ReadOnlySpan<char> text)
    {
        foreach (var flag in Flags)
        {
            if (EndsWith(text, flag) && IsAt(text, text.Length - flag.Length - 1, "@"))
            {
                return text[..^(flag.Length + 1)];
            }
        }

        return text;
    }

    private static ReadOnlySpan<char> WithoutBuild(ReadOnlySpan<char> text)
    {
        var plus = text.IndexOf('+');
        if (plus <= 0 || SkipWord(text, 0) < plus)
        {
            return text;
        }

        var end = SkipSolid(text, plus + 1);
        return end > plus + 1 && IsEnd(text, end) ? text[..plus] : text;
    }

    private static ReadOnlySpan<char> WithoutReference(ReadOnlySpan<char> text)
    {
        var hash = text.IndexOf('#');
        return hash >= 0 && hash + 1 < text.Length && !text[(hash + 1)..].Contains('\n') ? text[..hash] : text;
    }

    private static bool IsBuildToTheEnd(ReadOnlySpan<char> text, int position)
    {
        if (!IsOneOf(text, position, "+"))
        {
            return false;
        }

        var lineEnd = text[position..].IndexOf('\n');
        return lineEnd < 0 || IsEnd(text, position + lineEnd);
    }

    // v2.4, 1.0.0.0-beta2: one to four numbers, the first of at most five digits, or else 20240213 would never be a date.
    private static string? Numbered(ReadOnlySpan<char> text)
    {
        var start = IsAt(text, 0, "v") ? 1 : 0;
        var end = SkipDigits(text, start);
        if (end == start || end - start > 5)
        {
            return null;
        }

        var count = 1;
        for (; count < 4 && IsOneOf(text, end, ".") && IsDigit(text, end + 1); count++)
        {
            end = SkipDigits(text, end + 1);
        }

        var version = new StringBuilder(32).Append(text[start..end]);
        for (; count < 4; count++)
        {
            version.Append(".0");
        }

        return WithSuffix(version, text, end);
    }

    // 20240213, 2024-02-13, 2024.02.13.1, 20240213-101500-p1: a year, groups of two digits, and at most two short counters.
    private static string? Dated(ReadOnlySpan<char> text)
    {
        var start = IsAt(text, 0, "v") ? 1 : 0;
        var end = start;
        for (var position = start; IsDigit(text, position) || IsOneOf(text, position, ".:-"); position++)
        {
            end = IsDigit(text, position) ? position + 1 : end;
        }

        var date = text[start..end];
        if (SkipDigits(date, 0) < 4 || !IsDateAfterYear(date[4..], pairs: 0))
        {
            return null;
        }

        var version = new StringBuilder(32);
        foreach (var character in date)
        {
            version.Append(char.IsAsciiDigit(character) ? character : '.');
        }

        return WithSuffix(version, text, end);
    }

    private static bool IsDateAfterYear(ReadOnlySpan<char> rest, int pairs)
    {
        var group = IsOneOf(rest, 0, ".:-") ? rest[1..] : rest;
        return (pairs < 6 && IsDigit(group, 0) && IsDigit(group, 1) && IsDateAfterYear(group[2..], pairs + 1))
            || (pairs >= 1 && IsCounters(rest, count: 0));
    }

    private static bool IsCounters(ReadOnlySpan<char> rest, int count)
    {
        if (rest.IsEmpty)
        {
            return true;
        }

        var group = IsOneOf(rest, 0, ".:-") ? rest[1..] : rest;
        var digits = Math.Min(3, SkipDigits(group, 0));
        for (; count < 2 && digits > 0; digits--)
        {
            if (IsCounters(group[digits..], count + 1))
            {
                return true;
            }
        }

        return false;
    }

    private static string? WithSuffix(StringBuilder version, ReadOnlySpan<char> text, int position)
    {
        var suffix = VersionSuffix.Read(text, position);
        if (!IsEnd(text, suffix.End))
        {
            return null;
        }

        if (suffix.HasWord)
        {
            // Only in this spelling: "1.0-STABLE" keeps its suffix.
            if (text[suffix.WordStart..suffix.WordEnd] is "stable")
            {
                return version.ToString();
            }

            version.Append('-').Append(suffix.Spelled(text)).Append(suffix.Number(text));
        }

        return suffix.IsDev ? version.Append("-dev").ToString() : version.ToString();
    }

    // "2.4.x-dev", "2.4.xdev". A branch with a name must have its "dev-" in front.
    private static string? NumberedBranch(ReadOnlySpan<char> text)
    {
        var body = text.EndsWith("\n") ? text[..^1] : text;
        var line = body[(body.LastIndexOf('\n') + 1)..];
        if (!EndsWith(line, "dev"))
        {
            return null;
        }

        var name = line[..^3];
        return Branch(Trim(name.EndsWith(".") || name.EndsWith("-") ? name[..^1] : name));
    }

    private static string? Branch(ReadOnlySpan<char> name)
    {
        var start = IsAt(name, 0, "v") ? 1 : 0;
        var end = SkipDigits(name, start);
        if (end == start)
        {
            return null;
        }

        var version = new StringBuilder(40).Append(name[start..end]);
        for (var part = 1; part < 4; part++)
        {
            version.Append('.');
            if (IsOneOf(name, end, ".") && IsDigit(name, end + 1))
            {
                var number = end + 1;
                end = SkipDigits(name, number);
                version.Append(name[number..end]);
                continue;
            }

            version.Append(Wildcard);
            if (IsOneOf(name, end, ".") && IsOneOf(name, end + 1, "xX*"))
            {
                end += 2;
            }
        }

        return end == name.Length ? version.Append("-dev").ToString() : null;
    }
}

using static PatchOperator.Domain.Compatibility.Composer.Characters;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>Reads constraints: alternatives of terms that must all hold.</summary>
internal static class ConstraintParser
{
    /// <summary>The alternatives, or null and the first part that Composer refuses.</summary>
    public static ConstraintTerm[][]? Parse(string text, out ConstraintProblem? problem)
    {
        var alternatives = new List<ConstraintTerm[]>();
        foreach (var alternative in ConstraintSplitter.Alternatives(Trim(text).ToString()))
        {
            var terms = new List<ConstraintTerm>(2);
            foreach (var part in ConstraintSplitter.Parts(alternative))
            {
                if (Part(part) is not { Length: > 0 } parsed)
                {
                    problem = new ConstraintProblem(part, alternative);
                    return null;
                }

                terms.AddRange(parsed);
            }

            alternatives.Add([.. terms]);
        }

        problem = null;
        return JoinAdjacent(alternatives);
    }

    // Null and an empty answer are refusals; only after null may a later rule still take the part.
    private static ConstraintTerm[]? Part(string part)
    {
        var text = VersionNormalizer.WithoutAlias(part);
        text = WithoutFlag(text, out var stability);
        text = WithoutReference(text);
        return Wildcard(text)
            ?? Tilde(text)
            ?? Caret(text)
            ?? NumbersWithWildcard(text)
            ?? Hyphen(text)
            ?? Comparator(text, stability);
    }

    // "^1.0@beta"; a flag alone stands for any version. @stable asks for nothing.
    private static ReadOnlySpan<char> WithoutFlag(ReadOnlySpan<char> text, out string? stability)
    {
        stability = null;
        var at = text.LastIndexOf('@');
        if (at < 0 || SkipWord(text, 0) < at)
        {
            return text;
        }

        foreach (var flag in VersionNormalizer.Flags)
        {
            if (IsAt(text, at + 1, flag) && IsEnd(text, at + 1 + flag.Length))
            {
                var written = text.Slice(at + 1, flag.Length);
                stability = written is "stable" ? null : written.ToString();
                return at == 0 ? "*" : text[..at];
            }
        }

        return text;
    }

    // "dev-main#4f2c19e", "2.4.x-dev#4f2c19e": the commit is for whoever downloads.
    private static ReadOnlySpan<char> WithoutReference(ReadOnlySpan<char> text)
    {
        var isNamed = IsAt(text, 0, "dev-");
        for (var hash = 1; hash < text.Length; hash++)
        {
            if (text[hash - 1] is ',' or '@' || IsSpace(text[hash - 1]))
            {
                return text;
            }

            var endsBranch = (isNamed && hash > 4) || (hash > 6 && IsAt(text, hash - 6, ".x-dev"));
            if (text[hash] == '#' && endsBranch && hash + 1 < text.Length)
            {
                var lineEnd = text[(hash + 1)..].IndexOf('\n');
                if (lineEnd < 0 || (lineEnd > 0 && IsEnd(text, hash + 1 + lineEnd)))
                {
                    return text[..hash];
                }
            }
        }

        return text;
    }

    // "*" takes everything; "*.*" and "v*" take every number, but no named branch.
    private static ConstraintTerm[]? Wildcard(ReadOnlySpan<char> text)
    {
        var start = IsAt(text, 0, "v") ? 1 : 0;
        if (!IsOneOf(text, start, "xX*"))
        {
            return null;
        }

        var end = start + 1;
        while (IsOneOf(text, end, ".") && IsOneOf(text, end + 1, "xX*"))
        {
            end += 2;
        }

        if (!IsEnd(text, end))
        {
            return null;
        }

        return end == 1 ? [ConstraintTerm.Everything] : [new ConstraintTerm(Comparison.GreaterOrEqual, "0.0.0.0-dev")];
    }

    // "~1.2" is up to 2.0, "~1.2.3" up to 1.3: the last number named may rise.
    private static ConstraintTerm[]? Tilde(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("~") || RangeOperand.Read(text, 1) is not { } operand || !IsEnd(text, operand.End))
        {
            return null;
        }

        // The x of "2.4.x-dev" counts as a number named.
        var named = operand.IsBranch ? operand.Count + 1 : operand.Count;
        return Range(RangeStart(text[1..], operand), operand.Raised(Math.Max(1, named - 1)));
    }

    // "^1.2" is up to 2.0, "^0.2" up to 0.3, "^0.0.2" up to 0.0.3: what stands left of the first number that is not zero may not change.
    private static ConstraintTerm[]? Caret(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("^") || RangeOperand.Read(text, 1) is not { } operand || !IsEnd(text, operand.End))
        {
            return null;
        }

        var kept = !operand.IsZero(0) || operand.Count < 2 ? 1
            : !operand.IsZero(1) || operand.Count < 3 ? 2
            : 3;
        return Range(RangeStart(text[1..], operand), operand.Raised(kept));
    }

    // The suffix goes behind everything that was written, build metadata too, which then swallows it: "^1.2+a" begins at 1.2 proper.
    private static string? RangeStart(ReadOnlySpan<char> written, RangeOperand operand) =>
        VersionNormalizer.Normalize(operand.IsPlain ? string.Concat(written, "-dev") : written);

    // "2.4.*", "2.4.x.x"
    private static ConstraintTerm[]? NumbersWithWildcard(ReadOnlySpan<char> text)
    {
        var numbers = text.StartsWith("v") ? text[1..] : text;
        if (RangeOperand.ReadNumbers(numbers, 3) is not { } operand)
        {
            return null;
        }

        var end = operand.End;
        while (IsOneOf(numbers, end, ".") && IsOneOf(numbers, end + 1, "xX*"))
        {
            end += 2;
        }

        if (end == operand.End || !IsEnd(numbers, end))
        {
            return null;
        }

        var above = new ConstraintTerm(Comparison.Less, operand.Raised(operand.Count) + "-dev");
        var floor = operand.Floor() + "-dev";
        return floor == "0.0.0.0-dev" ? [above] : [new ConstraintTerm(Comparison.GreaterOrEqual, floor), above];
    }

    // "1.0 - 2.0": a complete upper end is included, an incomplete one stands for all versions that begin with it.
    private static ConstraintTerm[]? Hyphen(ReadOnlySpan<char> text)
    {
        if (RangeOperand.Read(text, 0) is not { } from)
        {
            return null;
        }

        var hyphen = SkipBlanks(text, from.End);
        var start = IsOneOf(text, hyphen, "-") ? SkipBlanks(text, hyphen + 1) : 0;
        if (hyphen == from.End || start <= hyphen + 1 || RangeOperand.Read(text, start) is not { } to || !IsEnd(text, to.End))
        {
            return null;
        }

        if (VersionNormalizer.Normalize(text[..from.End]) is not { } low || VersionNormalizer.Normalize(text[start..to.End]) is not { } high)
        {
            return [];
        }

        var lower = new ConstraintTerm(Comparison.GreaterOrEqual, from.IsPlain ? low + "-dev" : low);
        return to.Count >= 3 || !to.IsPlain
            ? [lower, new ConstraintTerm(Comparison.LessOrEqual, high)]
            : [lower, new ConstraintTerm(Comparison.Less, to.Raised(to.Count) + "-dev")];
    }

    private static ConstraintTerm[]? Comparator(ReadOnlySpan<char> text, string? stability)
    {
        var comparison = ReadComparison(text, out var length);
        var written = text[length..];
        while (!written.IsEmpty && IsSpace(written[0]))
        {
            written = written[1..];
        }

        // Only the first line is read.
        var lineEnd = written.IndexOf('\n');
        written = lineEnd < 0 ? written : written[..lineEnd];
        if ((VersionNormalizer.Normalize(written) ?? MisplacedDev(written)) is not { } version)
        {
            return null;
        }

        if (comparison != Comparison.Equal && stability is not null && VersionNormalizer.StabilityOf(version) == Stability.Stable)
        {
            version += "-" + stability;
        }
        else if (comparison is Comparison.Less or Comparison.GreaterOrEqual && !HasHyphenedSuffix(written) && !written.StartsWith("dev-"))
        {
            // ">=2.4.7" takes 2.4.7-beta1, and "<2.4.7" does not.
            version += "-dev";
        }

        return [new ConstraintTerm(comparison, version)];
    }

    private static Comparison ReadComparison(ReadOnlySpan<char> text, out int length)
    {
        (var comparison, length) = text switch
        {
            ['<', '>', ..] => (Comparison.NotEqual, 2),
            ['!', '=', ..] => (Comparison.NotEqual, 2),
            ['>', '=', ..] => (Comparison.GreaterOrEqual, 2),
            ['>', ..] => (Comparison.Greater, 1),
            ['<', '=', ..] => (Comparison.LessOrEqual, 2),
            ['<', ..] => (Comparison.Less, 1),
            ['=', '=', ..] => (Comparison.Equal, 2),
            ['=', ..] => (Comparison.Equal, 1),
            _ => (Comparison.Equal, 0),
        };
        return comparison;
    }

    // "foobar-dev" is taken for the branch "dev-foobar".
    private static string? MisplacedDev(ReadOnlySpan<char> written)
    {
        if (!written.EndsWith("-dev"))
        {
            return null;
        }

        foreach (var character in written)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '.' or '/'))
            {
                return null;
            }
        }

        return VersionNormalizer.Normalize(string.Concat("dev-", written[..^4]));
    }

    // Composer overlooks release candidates here: "<2.4.7-RC1" is "<2.4.7-RC1-dev".
    private static bool HasHyphenedSuffix(ReadOnlySpan<char> written)
    {
        for (var start = 0; start < written.Length; start++)
        {
            if (written[start] != '-')
            {
                continue;
            }

            var suffix = VersionSuffix.Read(written, start + 1);
            if (IsEnd(written, suffix.End) && !(suffix.HasWord && suffix.Spelled(written) == "RC"))
            {
                return true;
            }
        }

        return false;
    }

    private static ConstraintTerm[] Range(string? from, string below) => from is null
        ? []
        : [new ConstraintTerm(Comparison.GreaterOrEqual, from), new ConstraintTerm(Comparison.Less, below + "-dev")];

    // ">=1 <2 || >=2 <3" becomes ">=1 <3". Composer compares the texts only, so branches and empty ranges join as well; the verdicts of
    // such odd constraints depend on it.
    private static ConstraintTerm[][] JoinAdjacent(List<ConstraintTerm[]> alternatives)
    {
        var joined = new List<ConstraintTerm[]>(alternatives.Count) { alternatives[0] };
        foreach (var right in alternatives.Skip(1))
        {
            var left = joined[^1];
            if (IsRange(left) && IsRange(right) && left[1].Comparison == Comparison.Less && left[1].Version == right[0].Version)
            {
                joined[^1] = [left[0], right[1]];
            }
            else
            {
                joined.Add(right);
            }
        }

        return [.. joined];
    }

    private static bool IsRange(ConstraintTerm[] terms) =>
        terms is [{ Comparison: Comparison.GreaterOrEqual }, { Comparison: Comparison.Less or Comparison.LessOrEqual }];
}

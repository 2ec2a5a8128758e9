using static PatchOperator.Domain.Compatibility.Composer.Characters;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>Where Composer cuts a constraint: at <c>|</c> and <c>||</c> into alternatives, at commas and blanks into parts.</summary>
internal static class ConstraintSplitter
{
    public static List<string> Alternatives(string text)
    {
        var alternatives = new List<string>(2);
        var start = 0;
        for (var bar = text.IndexOf('|', StringComparison.Ordinal); bar >= 0; bar = text.IndexOf('|', start))
        {
            var end = bar;
            while (end > start && IsSpace(text[end - 1]))
            {
                end--;
            }

            alternatives.Add(text[start..end]);
            start = bar + 1 < text.Length && text[bar + 1] == '|' ? bar + 2 : bar + 1;
            while (start < text.Length && IsSpace(text[start]))
            {
                start++;
            }
        }

        alternatives.Add(text[start..]);
        return alternatives;
    }

    /// <summary>
    /// A blank is no cut where it belongs to something: behind an operator (<c>&gt;= 1.0</c>), around a hyphen (<c>1.0 - 2.0</c>), and around
    /// <c>as</c>, also where these letters only end or begin a name.
    /// </summary>
    public static List<string> Parts(string alternative)
    {
        var parts = new List<string>(2);
        var start = 0;
        for (var position = 1; position < alternative.Length; position++)
        {
            if (FollowsGlue(alternative, position) || CutFrom(alternative, position) is not { } end)
            {
                continue;
            }

            parts.Add(alternative[start..position]);
            start = end;
            // The next cut cannot begin before the end of this one.
            position = end - 1;
        }

        parts.Add(alternative[start..]);
        return parts;
    }

    private static bool FollowsGlue(string text, int position) =>
        text[position - 1] is '=' or '>' or '<' or ' ' or ',' || (text[position - 1] == 's' && position >= 2 && text[position - 2] == 'a');

    // Blanks, one comma or blank, blanks. Each run of blanks may be cut short, the longest first.
    private static int? CutFrom(string text, int position)
    {
        for (var cut = SkipBlanks(text, position); cut >= position; cut--)
        {
            if (!IsOneOf(text, cut, ", ") || text[cut - 1] == '-' || IsOneOf(text, cut + 1, "-"))
            {
                continue;
            }

            for (var end = SkipBlanks(text, cut + 1); end > cut; end--)
            {
                if (!IsOneOf(text, end, ",") && !text.AsSpan(end).StartsWith("as") && !IsEnd(text, end))
                {
                    return end;
                }
            }
        }

        return null;
    }
}

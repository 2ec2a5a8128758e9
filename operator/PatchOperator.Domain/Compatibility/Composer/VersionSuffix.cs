using static PatchOperator.Domain.Compatibility.Composer.Characters;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>
/// What follows the numbers of a version: <c>-p3</c>, <c>beta.2</c>, <c>RC1-dev</c>, or nothing. Reading never fails and takes as much as it can;
/// a caller that finds more text behind <see cref="End"/> has no version before it, since no shorter reading would do either.
/// </summary>
internal readonly record struct VersionSuffix(int WordStart, int WordEnd, int NumberEnd, bool IsDev, int End)
{
    // A word stands before each of its own beginnings: "b" must not hide "beta".
    private static readonly string[] Words = ["stable", "beta", "b", "rc", "alpha", "a", "patch", "pl", "p"];

    public bool HasWord => WordEnd > WordStart;

    public static VersionSuffix Read(ReadOnlySpan<char> text, int position)
    {
        if (IsOneOf(text, position, "._-"))
        {
            position++;
        }

        var wordStart = position;
        var wordEnd = SkipStabilityWord(text, position);
        var numberEnd = wordEnd;
        if (wordEnd > wordStart)
        {
            numberEnd = SkipNumbers(text, wordEnd);
        }

        var dev = IsOneOf(text, numberEnd, ".-") ? numberEnd + 1 : numberEnd;
        return IsAt(text, dev, "dev")
            ? new VersionSuffix(wordStart, wordEnd, numberEnd, true, dev + 3)
            : new VersionSuffix(wordStart, wordEnd, numberEnd, false, numberEnd);
    }

    /// <summary>The word as Composer spells it out in a normalised version.</summary>
    public string Spelled(ReadOnlySpan<char> text)
    {
        Span<char> word = stackalloc char[6];
        var length = text[WordStart..WordEnd].ToLowerInvariant(word);
        return word[..length] switch
        {
            "a" => "alpha",
            "b" => "beta",
            "p" or "pl" => "patch",
            "rc" => "RC",
            var other => other.ToString(),
        };
    }

    /// <summary><c>3</c> of <c>-p.3</c>.</summary>
    public ReadOnlySpan<char> Number(ReadOnlySpan<char> text) => text[WordEnd..NumberEnd].TrimStart(".-");

    private static int SkipStabilityWord(ReadOnlySpan<char> text, int position)
    {
        foreach (var word in Words)
        {
            if (IsAt(text, position, word))
            {
                return position + word.Length;
            }
        }

        return position;
    }

    // "1", "1.2", "-1.2": each number may have one point or hyphen before it.
    private static int SkipNumbers(ReadOnlySpan<char> text, int position)
    {
        while (true)
        {
            var start = IsOneOf(text, position, ".-") ? position + 1 : position;
            var end = SkipDigits(text, start);
            if (end == start)
            {
                return position;
            }

            position = end;
        }
    }
}

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>
/// The order of PHP's <c>version_compare</c>, on versions cut into parts once. A part is a number (0 and more) or a word, which is negative.
/// A missing part sorts between the words of unfinished versions and the numbers: <c>1.0-beta</c>, <c>1.0</c>, <c>1.0.1</c>, <c>1.0-p1</c>.
/// </summary>
internal static class VersionOrder
{
    private const long Unknown = -6;
    private const long Dev = -5;
    private const long Alpha = -4;
    private const long Beta = -3;
    private const long Candidate = -2;
    private const long Patch = -1;

    public static long[] Parts(ReadOnlySpan<char> version)
    {
        var parts = new List<long>(6);
        var position = 0;
        while (position < version.Length)
        {
            var start = position;
            if (char.IsAsciiDigit(version[position]))
            {
                position = Characters.SkipDigits(version, position);
                // Numbers beyond the range are all equally large, as they are for PHP.
                parts.Add(long.TryParse(version[start..position], out var number) ? number : long.MaxValue);
            }
            else if (char.IsAsciiLetter(version[position]))
            {
                while (position < version.Length && char.IsAsciiLetter(version[position]))
                {
                    position++;
                }

                parts.Add(Word(version[start..position]));
            }
            else
            {
                position++;
            }
        }

        return [.. parts];
    }

    public static int Compare(ReadOnlySpan<long> left, ReadOnlySpan<long> right)
    {
        var shared = Math.Min(left.Length, right.Length);
        for (var i = 0; i < shared; i++)
        {
            if (left[i] != right[i])
            {
                return left[i] >= 0 && right[i] >= 0 ? left[i].CompareTo(right[i]) : Rank(left[i]).CompareTo(Rank(right[i]));
            }
        }

        return left.Length > shared ? Excess(left[shared]) : right.Length > shared ? -Excess(right[shared]) : 0;
    }

    // Only the beginning counts, and only in this spelling: "patch" is a "p", "BETA" is nothing known.
    private static long Word(ReadOnlySpan<char> word) =>
        word.StartsWith("dev") ? Dev
        : word.StartsWith("a") ? Alpha
        : word.StartsWith("b") ? Beta
        : word.StartsWith("RC") || word.StartsWith("rc") ? Candidate
        : word.StartsWith("p") ? Patch
        : Unknown;

    // A number against a word: newer than release candidates, older than patches.
    private static long Rank(long part) => part >= 0 ? Candidate * 10 + 5 : part * 10;

    private static int Excess(long part) => part is >= 0 or Patch ? 1 : -1;
}

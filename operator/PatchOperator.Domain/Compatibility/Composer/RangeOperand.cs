using System.Globalization;
using static PatchOperator.Domain.Compatibility.Composer.Characters;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>A version as the ranges take it: one to four numbers, and a suffix or <c>.x-dev</c>. The bounds are computed from its numbers.</summary>
internal sealed class RangeOperand
{
    private readonly string[] _numbers;

    private RangeOperand(string[] numbers, bool hasWord, bool isDev, bool isBranch, int end)
    {
        _numbers = numbers;
        HasWord = hasWord;
        IsDev = isDev;
        IsBranch = isBranch;
        End = end;
    }

    public int Count => _numbers.Length;

    public bool HasWord { get; }

    public bool IsDev { get; }

    /// <summary>Ends in <c>.x-dev</c>.</summary>
    public bool IsBranch { get; }

    public int End { get; }

    /// <summary>Says nothing of stability, so that a range from here also takes the unfinished versions before it.</summary>
    public bool IsPlain => !HasWord && !IsDev && !IsBranch;

    /// <summary>Numbers alone, such as the <c>2.4</c> before the wildcard of <c>2.4.*</c>.</summary>
    public static RangeOperand? ReadNumbers(ReadOnlySpan<char> text, int most) =>
        Numbers(text, 0, most, out var end) is { } numbers ? new RangeOperand(numbers, false, false, false, end) : null;

    /// <summary>The caller looks at what follows <see cref="End"/>.</summary>
    public static RangeOperand? Read(ReadOnlySpan<char> text, int position)
    {
        var start = IsAt(text, position, "v") ? position + 1 : position;
        if (Numbers(text, start, 4, out var end) is not { } numbers)
        {
            return null;
        }

        var dev = IsOneOf(text, end + 2, ".-") ? end + 3 : end + 2;
        if (IsOneOf(text, end, ".") && IsOneOf(text, end + 1, "xX*") && IsAt(text, dev, "dev"))
        {
            return new RangeOperand(numbers, false, false, true, SkipBuild(text, dev + 3));
        }

        var suffix = VersionSuffix.Read(text, end);
        return new RangeOperand(numbers, suffix.HasWord, suffix.IsDev, false, SkipBuild(text, suffix.End));
    }

    public bool IsZero(int index) => _numbers[index] == "0";

    /// <summary>The numbers, zeros behind them.</summary>
    public string Floor() => Fill(_numbers);

    /// <summary>One more in the last of the first <paramref name="count"/> numbers, zeros behind it: the first version that is not in the range.</summary>
    public string Raised(int count)
    {
        var kept = _numbers[..count];
        kept[^1] = Increment(kept[^1]);
        return Fill(kept);
    }

    private static string[]? Numbers(ReadOnlySpan<char> text, int start, int most, out int end)
    {
        end = SkipDigits(text, start);
        if (end == start)
        {
            return null;
        }

        var numbers = new List<string>(4) { text[start..end].ToString() };
        while (numbers.Count < most && IsOneOf(text, end, ".") && IsDigit(text, end + 1))
        {
            var number = end + 1;
            end = SkipDigits(text, number);
            numbers.Add(text[number..end].ToString());
        }

        return [.. numbers];
    }

    private static int SkipBuild(ReadOnlySpan<char> text, int position)
    {
        var end = IsOneOf(text, position, "+") ? SkipSolid(text, position + 1) : position;
        return end > position + 1 ? end : position;
    }

    private static string Fill(string[] numbers) => string.Join('.', numbers.Concat(Enumerable.Repeat("0", 4 - numbers.Length)));

    // Beyond 64 bits Composer counts in floating point and compares what that prints: 1.0E+20.
    private static string Increment(string digits)
    {
        if (long.TryParse(digits, CultureInfo.InvariantCulture, out var number) && number < long.MaxValue)
        {
            return (number + 1).ToString(CultureInfo.InvariantCulture);
        }

        var printed = (double.Parse(digits, CultureInfo.InvariantCulture) + 1).ToString("E13", CultureInfo.InvariantCulture);
        var mantissa = printed[..printed.IndexOf('E', StringComparison.Ordinal)].TrimEnd('0');
        var exponent = printed[(printed.IndexOf('+', StringComparison.Ordinal) + 1)..].TrimStart('0');
        return (mantissa.EndsWith('.') ? mantissa + "0" : mantissa) + "E+" + exponent;
    }
}

using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Npm;

/// <summary>A version as npm understands it: three numbers, and perhaps a pre-release; build metadata counts for nothing.</summary>
public sealed class NpmVersion
{
    // npm reads no further.
    private const int Longest = 256;

    internal NpmVersion(string text, NpmNumbers numbers, IReadOnlyList<string> preRelease)
    {
        Text = text;
        Numbers = numbers;
        PreRelease = preRelease;
    }

    /// <summary>Oldest first; for sorting.</summary>
    public static IComparer<NpmVersion> OldestFirst { get; } = Comparer<NpmVersion>.Create((left, right) => left.CompareTo(right));

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary><c>beta</c> and <c>2</c> of <c>1.0.0-beta.2</c>; empty for a release.</summary>
    public IReadOnlyList<string> PreRelease { get; }

    internal NpmNumbers Numbers { get; }

    /// <summary>Takes what npm takes for a version; on failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NpmVersion? version, [NotNullWhen(false)] out string? error)
    {
        var scanner = new NpmScanner(text.Trim());
        scanner.Skip('v');
        version = text.Length <= Longest && scanner.ReadPartial() is { IsWhole: true } partial && scanner.IsAtEnd ? partial.ToVersion(text) : null;
        error = version is null ? $"'{text}' is not a version that npm takes: write three numbers without leading zeros, as in 1.4.2 or 2.0.0-beta.1." : null;
        return version is not null;
    }

    /// <summary>A pre-release is older than its release; numbers in it are older than words.</summary>
    public int CompareTo(NpmVersion other)
    {
        if (Numbers.CompareTo(other.Numbers) is not 0 and var order)
        {
            return order;
        }

        if (PreRelease.Count == 0 || other.PreRelease.Count == 0)
        {
            return other.PreRelease.Count.CompareTo(PreRelease.Count);
        }

        for (var i = 0; i < Math.Min(PreRelease.Count, other.PreRelease.Count); i++)
        {
            if (CompareParts(PreRelease[i], other.PreRelease[i]) is not 0 and var part)
            {
                return part;
            }
        }

        return PreRelease.Count.CompareTo(other.PreRelease.Count);
    }

    public override string ToString() => Text;

    private static int CompareParts(string left, string right)
    {
        var leftIsNumber = left.All(char.IsAsciiDigit);
        var rightIsNumber = right.All(char.IsAsciiDigit);
        return (leftIsNumber, rightIsNumber) switch
        {
            // Without leading zeros, a longer number is a larger one.
            (true, true) => left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(left, right),
            (true, false) => -1,
            (false, true) => 1,
            (false, false) => string.CompareOrdinal(left, right),
        };
    }
}

internal readonly record struct NpmNumbers(long Major, long Minor, long Patch)
{
    public int CompareTo(NpmNumbers other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Output of commands, line by line: without colours, carriage returns and outer blanks.</summary>
internal static partial class TextLines
{
    private const int Longest = 60;

    public static IReadOnlyList<(long Offset, string Text)> Of(ReadOnlySpan<byte> text)
    {
        var lines = new List<(long Offset, string Text)>();
        for (var start = 0; start < text.Length;)
        {
            var length = text[start..].IndexOf((byte)'\n');
            var end = length < 0 ? text.Length : start + length;
            lines.Add((start, Colour().Replace(Encoding.UTF8.GetString(text[start..end]), "").Trim()));
            start = end + 1;
        }

        return lines;
    }

    /// <summary>For messages: short, and without anything that could command a terminal.</summary>
    public static string Shorten(string text)
    {
        var plain = string.Concat(text.Take(Longest).Select(letter => char.IsControl(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.Format ? '\uFFFD' : letter));
        return text.Length <= Longest ? plain : plain + "…";
    }

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|\]8;[^\x07\x1b]*(\x07|\x1b\\))", RegexOptions.CultureInvariant)]
    private static partial Regex Colour();
}

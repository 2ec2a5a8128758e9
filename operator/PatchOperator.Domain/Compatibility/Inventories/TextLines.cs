using System.Text;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Output of commands, line by line: without colours, carriage returns and outer blanks.</summary>
internal static partial class TextLines
{
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

    public static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|\]8;[^\x07\x1b]*(\x07|\x1b\\))", RegexOptions.CultureInvariant)]
    private static partial Regex Colour();
}

using System.Text;

namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>
/// Character classes and ends as Composer's grammar means them: ASCII only, whatever the culture, and the end may be followed by one last
/// line feed (<c>"1.0\n"</c> between two commas is 1.0).
/// </summary>
internal static class Characters
{
    public static bool IsSpace(char character) => character is ' ' or (>= '\t' and <= '\r');

    /// <summary>Without the white space at both ends. A form feed stays: PHP's trim leaves it.</summary>
    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => text.Trim(" \t\n\r\0\v");

    public static bool IsEnd(ReadOnlySpan<char> text, int position) =>
        position == text.Length || (position == text.Length - 1 && text[position] == '\n');

    public static bool IsAt(ReadOnlySpan<char> text, int position, ReadOnlySpan<char> word) =>
        position >= 0 && position + word.Length <= text.Length && Ascii.EqualsIgnoreCase(text.Slice(position, word.Length), word);

    public static bool EndsWith(ReadOnlySpan<char> text, ReadOnlySpan<char> word) => IsAt(text, text.Length - word.Length, word);

    public static bool IsDigit(ReadOnlySpan<char> text, int position) => position < text.Length && char.IsAsciiDigit(text[position]);

    public static bool IsOneOf(ReadOnlySpan<char> text, int position, ReadOnlySpan<char> characters) =>
        position < text.Length && characters.Contains(text[position]);

    public static int SkipDigits(ReadOnlySpan<char> text, int position)
    {
        while (IsDigit(text, position))
        {
            position++;
        }

        return position;
    }

    public static int SkipBlanks(ReadOnlySpan<char> text, int position)
    {
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }

        return position;
    }

    /// <summary>To the next comma or white space.</summary>
    public static int SkipWord(ReadOnlySpan<char> text, int position)
    {
        while (position < text.Length && text[position] != ',' && !IsSpace(text[position]))
        {
            position++;
        }

        return position;
    }

    public static int SkipSolid(ReadOnlySpan<char> text, int position)
    {
        while (position < text.Length && !IsSpace(text[position]))
        {
            position++;
        }

        return position;
    }
}

using System.Globalization;
using System.Text;

namespace PatchOperator.Domain.Approvals;

/// <summary>Text that says what it shows: what people write as a reason ends in logs, terminals and reports that auditors read.</summary>
public static class PlainText
{
    /// <summary>The first character that cannot stay, described; null when all may.</summary>
    public static string? Problem(string text)
    {
        for (var index = 0; index < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, index, out var rune))
            {
                return $"half a character at position {index + 1}";
            }

            if (Name(rune) is { } name)
            {
                return $"{name} (U+{rune.Value:X4}) at position {index + 1}";
            }

            index += rune.Utf16SequenceLength;
        }

        return null;
    }

    /// <summary>
    /// What a text looks like, roughly: letters of other alphabets and forms that look like a Latin one become it, and case goes.
    /// Two names with one look are taken for one person, which can only be too careful.
    /// </summary>
    public static string Look(string text)
    {
        var look = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Name(rune) is null)
            {
                look.Append(Latin(Rune.ToLowerInvariant(Narrow(rune))));
            }
        }

        return look.ToString();
    }

    private static string? Name(Rune rune) => rune.Value switch
    {
        (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F or 0x061C => "a character that turns the direction of the text",
        (>= 0x200B and <= 0x200D) or 0x2060 or 0xFEFF or 0x00AD or 0x034F or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF) => "an invisible character",
        0x2028 or 0x2029 => "a line break",
        _ => Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control => "a control character",
            UnicodeCategory.Format => "an invisible character",
            UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate => "a character without a meaning",
            _ => null,
        },
    };

    /// <summary>Wide and mathematical forms of ASCII, as compatibility decomposition has them.</summary>
    private static Rune Narrow(Rune rune) => rune.Value switch
    {
        >= 0xFF01 and <= 0xFF5E => new Rune(rune.Value - 0xFEE0),
        >= 0x1D400 and <= 0x1D6A3 => new Rune(((rune.Value - 0x1D400) % 52) is var letter && letter < 26 ? 'A' + letter : 'a' + letter - 26),
        >= 0x1D7CE and <= 0x1D7FF => new Rune('0' + ((rune.Value - 0x1D7CE) % 10)),
        >= 0x24B6 and <= 0x24CF => new Rune('a' + rune.Value - 0x24B6),
        >= 0x24D0 and <= 0x24E9 => new Rune('a' + rune.Value - 0x24D0),
        _ => rune,
    };

    private static char[] Latin(Rune rune) => rune.Value switch
    {
        // Cyrillic
        'а' => ['a'],
        'в' => ['b'],
        'с' => ['c'],
        'ԁ' => ['d'],
        'е' => ['e'],
        'һ' => ['h'],
        'і' => ['i'],
        'ј' => ['j'],
        'к' => ['k'],
        'ӏ' => ['l'],
        'м' => ['m'],
        'о' => ['o'],
        'р' => ['p'],
        'ѕ' => ['s'],
        'т' => ['t'],
        'ѵ' => ['v'],
        'ѡ' => ['w'],
        'х' => ['x'],
        'у' => ['y'],
        'ԛ' => ['q'],
        'ԝ' => ['w'],
        // Greek
        'α' => ['a'],
        'β' => ['b'],
        'ε' => ['e'],
        'ι' => ['i'],
        'κ' => ['k'],
        'ν' => ['v'],
        'ο' => ['o'],
        'ρ' => ['p'],
        'τ' => ['t'],
        'υ' => ['u'],
        'χ' => ['x'],
        'γ' => ['y'],
        // Latin letters without their dot, and Armenian
        'ı' => ['i'],
        'ȷ' => ['j'],
        'ɑ' => ['a'],
        'ɡ' => ['g'],
        'ո' => ['n'],
        'օ' => ['o'],
        'ս' => ['u'],
        _ => rune.ToString().ToCharArray(),
    };
}

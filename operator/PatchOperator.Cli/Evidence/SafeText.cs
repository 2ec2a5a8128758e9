using System.Globalization;
using System.Text;

namespace PatchOperator.Cli.Evidence;

/// <summary>
/// Text from manifests as it is, and not as it would like to be seen: characters that turn the direction of writing, hide, or do not print are shown by
/// their number. A report that reads differently from what is in it is no evidence.
/// </summary>
internal static class SafeText
{
    public static string Visible(string value)
    {
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            var isPair = char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]);
            var category = isPair ? CharUnicodeInfo.GetUnicodeCategory(value, i) : CharUnicodeInfo.GetUnicodeCategory(value[i]);
            var code = isPair ? char.ConvertToUtf32(value[i], value[i + 1]) : value[i];
            var isHidden = category is UnicodeCategory.Format or UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                || code is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);
            if (isHidden && value[i] is not ('\n' or '\t' or '\r'))
            {
                text.Append(CultureInfo.InvariantCulture, $"[U+{code:X4}]");
            }
            else
            {
                text.Append(value[i]);
                if (isPair)
                {
                    text.Append(value[i + 1]);
                }
            }

            i += isPair ? 1 : 0;
        }

        return text.ToString();
    }
}

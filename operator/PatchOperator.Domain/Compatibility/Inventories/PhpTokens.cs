using System.Text;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>As much of PHP as <c>config.php</c> has: arrays, strings, numbers, constants, comments. Nothing is evaluated.</summary>
internal sealed class PhpTokens
{
    private readonly string text;
    private int position;
    private int start;
    private bool isString;

    public PhpTokens(string text)
    {
        this.text = text;
        Next();
    }

    /// <summary>The token's text; empty at the end. Of a string, what it says.</summary>
    public string Current { get; private set; } = "";

    public void Next()
    {
        SkipBlanksAndComments();
        start = position;
        isString = false;
        if (position >= text.Length)
        {
            Current = "";
        }
        else if (text[position] is '\'' or '"')
        {
            isString = true;
            Current = QuotedText();
        }
        else if (char.IsAsciiLetterOrDigit(text[position]) || text[position] is '_' or '\\' or '-' or '.' or '$' or '<')
        {
            var end = position + 1;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '\\' or '.' or '?' or ':'))
            {
                end++;
            }

            Current = text[position..end];
            position = end;
        }
        else if (text.AsSpan(position).StartsWith("=>", StringComparison.Ordinal))
        {
            Current = "=>";
            position += 2;
        }
        else
        {
            Current = text[position++].ToString();
        }
    }

    public void Take(string token, string expected)
    {
        if (isString || !string.Equals(Current, token, StringComparison.OrdinalIgnoreCase))
        {
            throw Wrong(expected);
        }

        Next();
    }

    public void OpenArray()
    {
        if (!isString && string.Equals(Current, "array", StringComparison.OrdinalIgnoreCase))
        {
            Next();
            Take("(", "'(' after array");
        }
        else
        {
            Take("[", "an array, '[' or 'array('");
        }
    }

    /// <summary>True, and past it, at the end of the array; also passes over the comma between items.</summary>
    public bool TryCloseArray()
    {
        if (!isString && Current == ",")
        {
            Next();
        }

        if (isString || Current is not ("]" or ")"))
        {
            return Current.Length > 0 || isString ? false : throw Wrong("']' at the end of the array");
        }

        Next();
        return true;
    }

    /// <summary>The key before <c>=&gt;</c>, past both; null where an item has none.</summary>
    public string? Key()
    {
        var (key, at, wasString) = (Current, start, isString);
        if (!wasString && !long.TryParse(key, out _))
        {
            return null;
        }

        Next();
        if (!isString && Current == "=>")
        {
            Next();
            return key;
        }

        position = at;
        Next();
        return null;
    }

    /// <summary>1 or 0, also as text or as true and false.</summary>
    public bool Switch(string name)
    {
        var value = Current.ToLowerInvariant() switch
        {
            "1" or "true" => true,
            "0" or "false" or "null" => false,
            _ => throw Wrong($"1 or 0 for {name}"),
        };
        Next();
        return value;
    }

    public void SkipValue()
    {
        var depth = 0;
        while (Current.Length > 0 || isString)
        {
            if (!isString)
            {
                if (depth == 0 && Current is "," or "]" or ")" && depth == 0)
                {
                    return;
                }

                depth += Current switch { "[" or "(" => 1, "]" or ")" => -1, _ => 0 };
            }

            Next();
        }
    }

    public InventoryFormatException Wrong(string expected) =>
        new(Encoding.UTF8.GetByteCount(text.AsSpan(0, start)), $"expected {expected}, found {(Current.Length == 0 && !isString ? "the end of the file" : $"'{TextLines.Shorten(Current)}'")}");

    private void SkipBlanksAndComments()
    {
        while (position < text.Length)
        {
            var rest = text.AsSpan(position);
            if (char.IsWhiteSpace(rest[0]))
            {
                position++;
            }
            else if (rest[0] == '#' || rest.StartsWith("//", StringComparison.Ordinal))
            {
                var end = rest.IndexOf('\n');
                position = end < 0 ? text.Length : position + end;
            }
            else if (rest.StartsWith("/*", StringComparison.Ordinal))
            {
                var end = rest.IndexOf("*/", StringComparison.Ordinal);
                position = end < 0 ? text.Length : position + end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private string QuotedText()
    {
        var quote = text[position];
        var value = new StringBuilder();
        for (var at = position + 1; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                position = at + 1;
                return value.ToString();
            }

            if (text[at] == '\\' && at + 1 < text.Length && (text[at + 1] == quote || text[at + 1] == '\\'))
            {
                at++;
            }

            value.Append(text[at]);
        }

        throw new InventoryFormatException(Encoding.UTF8.GetByteCount(text.AsSpan(0, position)), $"expected {quote} at the end of the text, found the end of the file");
    }
}

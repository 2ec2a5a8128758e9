using System.Text;
using System.Text.Json;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Finds line, column and JSON path of a byte; only errors pay for it.</summary>
internal static class TextPosition
{
    private const int LongestPath = 120;

    /// <summary>Line and column, both from 1; a column is a character, not a byte.</summary>
    public static (long Line, long Column) Of(ReadOnlySpan<byte> text, long offset)
    {
        var before = text[..(int)Math.Clamp(offset, 0, text.Length)];
        var start = before.LastIndexOf((byte)'\n') + 1;
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[start..]) + 1);
    }

    /// <summary>Offset of a byte that the JSON reader names by line and byte in the line, both from 0.</summary>
    public static long OffsetOf(ReadOnlySpan<byte> text, long line, long bytePosition)
    {
        var start = 0;
        for (; line > 0 && text[start..].IndexOf((byte)'\n') is var next and >= 0; line--)
        {
            start += next + 1;
        }

        return Math.Min(start + bytePosition, text.Length);
    }

    /// <summary>The path of the value at the offset, as in <c>packages[3].version</c>; up to the fault where the text is broken.</summary>
    public static string PathOf(ReadOnlySpan<byte> json, long offset)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1000 });
        var path = new Stack<Step>();
        try
        {
            while (reader.Read() && reader.TokenStartIndex <= offset)
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.EndArray or JsonTokenType.EndObject:
                        path.Pop();
                        break;
                    case JsonTokenType.PropertyName:
                        path.Peek().Name = reader.GetString();
                        break;
                    default:
                        if (path.TryPeek(out var around) && around.IsArray)
                        {
                            around.Index++;
                        }

                        if (reader.TokenStartIndex < offset && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                        {
                            path.Push(new Step { IsArray = reader.TokenType == JsonTokenType.StartArray });
                        }

                        break;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The path so far is the best there is.
        }

        var text = string.Concat(path.Reverse().Select(step => step.Text)).TrimStart('.');
        return text.Length <= LongestPath ? text : text[..LongestPath] + "…";
    }

    private sealed class Step
    {
        public bool IsArray { get; init; }

        public string? Name { get; set; }

        public int Index { get; set; } = -1;

        public string Text => IsArray ? Index < 0 ? "" : $"[{Index}]" : Name is null ? "" : "." + TextLines.Shorten(Name);
    }
}

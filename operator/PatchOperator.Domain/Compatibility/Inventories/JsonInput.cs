using System.Text.Json;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// Reads JSON forward, once, without a tree: locks and SBOMs have megabytes of which a few fields matter. After <see cref="NextMember"/>
/// or <see cref="NextItem"/> exactly one of the methods that take or skip the value must follow.
/// </summary>
internal ref struct JsonInput(ReadOnlySpan<byte> text)
{
    /// <summary>No real file comes near; more is an attack on the stack of whoever reads it.</summary>
    private const int DeepestNesting = 64;

    private Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = DeepestNesting });
    private bool isAtValue;

    /// <summary>False at the end of the object.</summary>
    public bool NextMember()
    {
        reader.Read();
        isAtValue = false;
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>False at the end of the array.</summary>
    public bool NextItem()
    {
        reader.Read();
        isAtValue = true;
        return reader.TokenType != JsonTokenType.EndArray;
    }

    public readonly bool Is(ReadOnlySpan<byte> member)
    {
        try
        {
            return reader.ValueTextEquals(member);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which is seen only once it is compared.
            throw NotUnicode("the name of a field");
        }
    }

    public readonly string Member() => Unescaped("the name of a field");

    public void Skip()
    {
        MoveToValue();
        reader.Skip();
    }

    /// <summary>Anything but text is an error.</summary>
    public string Text(string expected)
    {
        MoveToValue();
        return reader.TokenType == JsonTokenType.String ? Unescaped(expected) : throw Wrong(expected);
    }

    /// <summary>Null for JSON's null.</summary>
    public string? TextOrNull(string expected)
    {
        MoveToValue();
        return reader.TokenType switch
        {
            JsonTokenType.String => Unescaped(expected),
            JsonTokenType.Null => null,
            _ => throw Wrong(expected),
        };
    }

    /// <summary>Null for anything that is not text; the value is passed over.</summary>
    public string? TextIfAny()
    {
        MoveToValue();
        if (reader.TokenType == JsonTokenType.String)
        {
            return Unescaped("text");
        }

        reader.Skip();
        return null;
    }

    public bool Flag()
    {
        MoveToValue();
        var value = reader.TokenType == JsonTokenType.True;
        reader.Skip();
        return value;
    }

    /// <summary>Null for anything that is not a whole number of moderate size; the value is passed over.</summary>
    public int? Number()
    {
        MoveToValue();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value))
        {
            return value;
        }

        reader.Skip();
        return null;
    }

    /// <summary>Enters an object. False for null and for <c>[]</c>, which PHP writes for an empty object.</summary>
    public bool Object(string expected)
    {
        MoveToValue();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        if (IsEmptyArray())
        {
            reader.Read();
            return false;
        }

        return reader.TokenType == JsonTokenType.Null ? false : throw Wrong(expected);
    }

    /// <summary>Enters an object; passes over anything else and is false.</summary>
    public bool ObjectIfAny()
    {
        MoveToValue();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        reader.Skip();
        return false;
    }

    /// <summary>Enters an array. False for null.</summary>
    public bool Array(string expected)
    {
        MoveToValue();
        return reader.TokenType switch
        {
            JsonTokenType.StartArray => true,
            JsonTokenType.Null => false,
            _ => throw Wrong(expected),
        };
    }

    /// <summary>Enters an array; passes over anything else and is false.</summary>
    public bool ArrayIfAny()
    {
        MoveToValue();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            return true;
        }

        reader.Skip();
        return false;
    }

    /// <summary>What comes next, without taking it.</summary>
    public JsonTokenType Peek()
    {
        MoveToValue();
        isAtValue = true;
        return reader.TokenType;
    }

    /// <summary>Nothing but white space may follow.</summary>
    public void End()
    {
        if (reader.Read())
        {
            throw Wrong("the end of the file");
        }
    }

    /// <summary>Of the current token, in bytes.</summary>
    public readonly long Offset => reader.TokenStartIndex;

    public readonly InventoryFormatException Wrong(string expected) => new(reader.TokenStartIndex, $"expected {expected}, found {Found()}");

    private readonly string Found() => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"the text '{TextLines.Shorten(Unescaped("text"))}'",
        JsonTokenType.Number => "a number",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        JsonTokenType.None or JsonTokenType.Comment or JsonTokenType.EndObject or JsonTokenType.EndArray or JsonTokenType.PropertyName => "nothing",
    };

    private readonly string Unescaped(string expected)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8.
            throw NotUnicode(expected);
        }
    }

    private readonly InventoryFormatException NotUnicode(string expected) => new(reader.TokenStartIndex, $"expected {expected}, found text that is not Unicode");

    private readonly bool IsEmptyArray()
    {
        var copy = reader;
        return copy.TokenType == JsonTokenType.StartArray && copy.Read() && copy.TokenType == JsonTokenType.EndArray;
    }

    private void MoveToValue()
    {
        if (!isAtValue)
        {
            reader.Read();
        }

        isAtValue = false;
    }
}

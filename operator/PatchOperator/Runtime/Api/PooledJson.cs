using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PatchOperator.Runtime;

/// <summary>
/// Decodes equal short strings into one string. A thousand cached objects say the same things in the same words (names of conditions, reasons,
/// messages, images, queries), and as strings of their own those are most of the memory that an idle operator holds.
/// </summary>
internal static class PooledJson
{
    private static readonly PooledStringConverter Strings = new();

    /// <param name="context">Whose types are decoded.</param>
    /// <returns>Its options with pooled strings, for a context of its own: <c>new DomainJson(PooledJson.Of(DomainJson.Default))</c>.</returns>
    public static JsonSerializerOptions Of(JsonSerializerContext context)
    {
        var options = new JsonSerializerOptions(context.Options);
        options.Converters.Add(Strings);
        return options;
    }
}

/// <summary>
/// A small table by hash, each place with one string: what is met often is nearly always there, and what is met once goes with the next.
/// Safe for concurrent use: a lost race costs one string.
/// </summary>
internal sealed class PooledStringConverter : JsonConverter<string>
{
    /// <summary>Longer strings, in bytes, are hardly ever equal.</summary>
    public const int Longest = 512;

    private const int Places = 4096;

    private readonly string?[] places = new string?[Places];

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Pooled(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Pooled(ref reader)!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private string? Pooled(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length is 0 or > Longest)
        {
            return reader.GetString();
        }

        var text = reader.ValueSpan;
        var hash = default(HashCode);
        hash.AddBytes(text);
        ref var place = ref places[(uint)hash.ToHashCode() % Places];

        // Text beyond ASCII is never found equal here, and so is not shared.
        return place is { } known && Ascii.Equals(text, known) ? known : place = reader.GetString();
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>The value of the label pod-template-hash: equal templates give equal values, whatever the order of their keys.</summary>
internal static class PodTemplateHash
{
    // Without vowels and look-alikes, so that no hash reads as a word.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    public static string Of(JsonObject template, int collisionCount)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            WriteSorted(writer, WithoutHash(template));
        }

        return Short($"{Encoding.UTF8.GetString(buffer.ToArray())}/{collisionCount}", 10);
    }

    public static bool SameTemplate(JsonObject? left, JsonObject? right) =>
        left is not null && right is not null && JsonNode.DeepEquals(WithoutHash(left), WithoutHash(right));

    public static string Short(string text, int length)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        var number = BinaryPrimitives.ReadUInt64BigEndian(digest);
        return string.Create(length, number, static (span, rest) =>
        {
            for (var i = 0; i < span.Length; i++, rest /= (ulong)Alphabet.Length)
            {
                span[i] = Alphabet[(int)(rest % (ulong)Alphabet.Length)];
            }
        });
    }

    private static JsonObject WithoutHash(JsonObject template)
    {
        var copy = template.Copy();
        (copy.At("metadata", "labels") as JsonObject)?.Remove(ObjectMetadata.TemplateHashLabel);
        (copy["metadata"] as JsonObject)?.Remove("creationTimestamp");
        return copy;
    }

    private static void WriteSorted(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                writer.WriteStartObject();
                foreach (var (name, value) in obj.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    WriteSorted(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray array:
                writer.WriteStartArray();
                foreach (var item in array)
                {
                    WriteSorted(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}

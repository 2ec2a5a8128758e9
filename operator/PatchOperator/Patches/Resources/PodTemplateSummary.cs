using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PatchOperator.Patches.Resources;

/// <summary>A pod template boiled down while it is read: the images, the volumes' names, and a digest of everything but the images.</summary>
[JsonConverter(typeof(PodTemplateSummaryConverter))]
internal sealed record PodTemplateSummary(IReadOnlyDictionary<string, string> Images, IReadOnlyList<string> Volumes, string DigestWithoutImages)
{
    public static readonly PodTemplateSummary Empty = new(new Dictionary<string, string>(), [], "");

    /// <summary>Digest of the template but for the images of these containers, which a patch changes.</summary>
    public string DigestWithout(IEnumerable<string> containers)
    {
        var others = Images.Where(i => !containers.Contains(i.Key)).OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => $"{i.Key}={i.Value}");
        return "v1:sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DigestWithoutImages + "\n" + string.Join("\n", others))));
    }
}

internal sealed class PodTemplateSummaryConverter : JsonConverter<PodTemplateSummary>
{
    public override PodTemplateSummary Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var images = new Dictionary<string, string>(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            WriteSorted(document.RootElement, writer, "", images);
        }

        var volumes = document.RootElement.TryGetProperty("spec", out var spec) && spec.TryGetProperty("volumes", out var list) && list.ValueKind is JsonValueKind.Array
            ? list.EnumerateArray().Select(v => v.TryGetProperty("name", out var name) ? name.GetString() : null).OfType<string>().ToArray()
            : [];
        return new PodTemplateSummary(images, volumes, Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan)));
    }

    /// <summary>The template itself is not kept: it is read again, whole, when a canary is made of it.</summary>
    public override void Write(Utf8JsonWriter writer, PodTemplateSummary value, JsonSerializerOptions options) =>
        throw new NotSupportedException("A template's summary is only read");

    private static void WriteSorted(JsonElement element, Utf8JsonWriter writer, string path, Dictionary<string, string> images)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var isContainer = path is "/spec/containers" or "/spec/initContainers" && element.TryGetProperty("name", out _);
                if (isContainer && element.TryGetProperty("image", out var image))
                {
                    images[element.GetProperty("name").GetString()!] = image.GetString() ?? "";
                }

                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    if (property.Value.ValueKind is not JsonValueKind.Null && !(isContainer && property.NameEquals("image")))
                    {
                        writer.WritePropertyName(property.Name);
                        WriteSorted(property.Value, writer, $"{path}/{property.Name}", images);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(item, writer, path, images);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}

using System.Text;
using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Metrics.Http;

/// <summary>A Secret that a spec names. Never cached by an informer, listed or watched: the operator may only get those that its chart allows.</summary>
internal sealed record SecretResource : IResource
{
    public static readonly ResourceType<SecretResource> Type = new("", "v1", "secrets", "Secret", SecretJson.Default.SecretResource);

    public ObjectMeta Metadata { get; init; } = new();

    /// <summary>Base64 by key.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>The value as text; null if there is no such key, or it is not text.</summary>
    public string? Text(string key)
    {
        if (Data?.GetValueOrDefault(key) is not { } encoded)
        {
            return null;
        }

        try
        {
            return Strict.GetString(Convert.FromBase64String(encoded));
        }
        catch (Exception exception) when (exception is FormatException or DecoderFallbackException)
        {
            return null;
        }
    }

    // A record prints its members, and this one's are not for printing.
    public override string ToString() => $"Secret {Metadata.Name}";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SecretResource))]
internal sealed partial class SecretJson : JsonSerializerContext;

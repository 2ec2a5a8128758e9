using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Domain.Approvals;

/// <summary>
/// Proves that a fact was written by the webhook and not by someone who may edit annotations (HMAC-SHA256 over its canonical JSON). It holds when
/// the webhook is down and where no policy protects annotations.
/// </summary>
public static class FactSeal
{
    /// <summary>The annotation's value.</summary>
    public static string Write(RecordedFact fact) => CanonicalJson.Write(JsonSerializer.SerializeToNode(fact, DomainJson.Default.RecordedFact));

    /// <summary>The fact with its seal; <see cref="RecordedFact.Key"/> and <see cref="RecordedFact.Seal"/> are filled in here.</summary>
    public static RecordedFact Sealed(RecordedFact fact, FactKey key)
    {
        var named = fact with { Key = key.Id, Seal = "" };
        return named with { Seal = Of(named, key) };
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null for every other text, also where it means the same.</summary>
    public static RecordedFact? Read(string text)
    {
        try
        {
            // Any second way to write one fact (a member twice, white space) would be a way to show one thing and mean another.
            return JsonSerializer.Deserialize(text, DomainJson.Default.RecordedFact) is { } fact && Write(fact) == text ? fact : null;
        }
        catch (Exception exception) when (exception is JsonException or EncoderFallbackException)
        {
            return null;
        }
    }

    public static bool Holds(RecordedFact fact, FactKey key) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Of(fact with { Seal = "" }, key)), Encoding.ASCII.GetBytes(fact.Seal));

    private static string Of(RecordedFact fact, FactKey key) => Convert.ToHexStringLower(HMACSHA256.HashData(key.Secret, Encoding.UTF8.GetBytes(Write(fact))));
}

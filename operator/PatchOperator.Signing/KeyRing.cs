using PatchOperator.Domain.Audit;

namespace PatchOperator.Signing;

/// <summary>The public keys that are trusted, those of today and those of before a rotation.</summary>
public sealed class KeyRing(IEnumerable<VerifyingKey> keys)
{
    private readonly Dictionary<string, VerifyingKey> byId = keys.DistinctBy(key => key.Id, StringComparer.Ordinal).ToDictionary(key => key.Id, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Ids => byId.Keys;

    public SealState Check(string keyId, byte[] message, byte[] signature) =>
        !byId.TryGetValue(keyId, out var key) ? SealState.UnknownKey : key.Verifies(message, signature) ? SealState.Valid : SealState.Invalid;
}

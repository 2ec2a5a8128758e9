using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>What a seal is worth.</summary>
public enum SealState
{
    Valid,
    Invalid,

    /// <summary>Nobody knows a public key with this id, so nothing can be said.</summary>
    UnknownKey,
}

/// <summary>Checks a signature with the public key that has this id; the mathematics lives outside of the domain.</summary>
public delegate SealState SealCheck(string keyId, byte[] message, byte[] signature);

/// <summary>What a seal signs, and how it is written into an annotation.</summary>
public static class AuditSeals
{
    /// <summary>Canonical JSON of all that the seal vouches for. The resource's name and uid are in it: the head of one patch proves nothing for another.</summary>
    public static byte[] Message(string ns, string name, AuditSeal seal) => Encoding.UTF8.GetBytes(CanonicalJson.Write(new JsonObject
    {
        ["type"] = "patchoperator.io/audit-seal/v1",
        ["namespace"] = ns,
        ["name"] = name,
        ["uid"] = seal.Uid,
        ["sequence"] = seal.Sequence,
        ["hash"] = seal.Hash,
        ["keyId"] = seal.KeyId,
        ["at"] = UtcTimeJsonConverter.Format(seal.At),
    }));

    public static SealState Check(string ns, string name, AuditSeal seal, SealCheck check)
    {
        try
        {
            return check(seal.KeyId, Message(ns, name, seal), Convert.FromBase64String(seal.Signature));
        }
        catch (Exception exception) when (exception is FormatException or EncoderFallbackException)
        {
            return SealState.Invalid;
        }
    }

    /// <summary>Null when the text is no seal.</summary>
    public static AuditSeal? Parse(string? text)
    {
        try
        {
            return !string.IsNullOrEmpty(text) && JsonSerializer.Deserialize(text, DomainJson.Default.AuditSeal) is { Hash: not null, Uid: not null, KeyId: not null, Signature: not null } seal ? seal : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string Format(AuditSeal seal) => JsonSerializer.Serialize(seal, DomainJson.Default.AuditSeal);
}

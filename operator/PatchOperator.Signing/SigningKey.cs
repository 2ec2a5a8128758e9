using Org.BouncyCastle.Math.EC.Rfc8032;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Signing;

/// <summary>An Ed25519 private key (RFC 8032), which .NET itself cannot use yet. Signing is deterministic: the same head has the same signature.</summary>
public sealed class SigningKey
{
    public const int SeedLength = 32;

    private readonly byte[] seed;

    /// <param name="seed">32 random bytes.</param>
    /// <exception cref="ArgumentException">The seed has another length.</exception>
    public SigningKey(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedLength)
        {
            throw new ArgumentException($"An Ed25519 seed has {SeedLength} bytes, not {seed.Length}.", nameof(seed));
        }

        this.seed = seed.ToArray();
        var point = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(this.seed, 0, point, 0);
        Public = new VerifyingKey(point);
    }

    public VerifyingKey Public { get; }

    /// <summary>The end of a trail, sealed.</summary>
    public AuditSeal Seal(string ns, string name, string uid, AuditStatus audit, DateTimeOffset at)
    {
        var seal = new AuditSeal { Sequence = audit.Sequence, Hash = audit.Head, Uid = uid, KeyId = Public.Id, At = at.ToUniversalTime(), Signature = "" };
        var message = AuditSeals.Message(ns, name, seal);
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(seed, 0, message, 0, message.Length, signature, 0);
        return seal with { Signature = Convert.ToBase64String(signature) };
    }
}

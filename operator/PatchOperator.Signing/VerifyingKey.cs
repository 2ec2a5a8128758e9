using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace PatchOperator.Signing;

/// <summary>An Ed25519 public key. Its id is the beginning of its own digest, so that no other key can take its name.</summary>
public sealed class VerifyingKey
{
    private const string Label = "PUBLIC KEY";

    // SubjectPublicKeyInfo of every Ed25519 key (RFC 8410) up to the key itself, as `openssl pkey -pubin` reads it.
    private static readonly byte[] Prefix = Convert.FromHexString("302a300506032b6570032100");

    private readonly byte[] point;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public VerifyingKey(ReadOnlySpan<byte> point)
    {
        if (point.Length != Ed25519.PublicKeySize)
        {
            throw new ArgumentException($"An Ed25519 public key has {Ed25519.PublicKeySize} bytes, not {point.Length}.", nameof(point));
        }

        this.point = point.ToArray();
        Id = "ed25519-" + Convert.ToHexStringLower(SHA256.HashData(this.point))[..16];
    }

    public string Id { get; }

    public string ToPem() => PemEncoding.WriteString(Label, [.. Prefix, .. point]);

    /// <summary>Every Ed25519 public key in the text, in PEM; what else is there is passed over.</summary>
    public static IReadOnlyList<VerifyingKey> ReadAll(string text)
    {
        var keys = new List<VerifyingKey>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var der = new byte[fields.DecodedDataLength];
            if (rest[fields.Label] is Label
                && Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out var length)
                && length == Prefix.Length + Ed25519.PublicKeySize
                && der.AsSpan(0, Prefix.Length).SequenceEqual(Prefix))
            {
                keys.Add(new VerifyingKey(der.AsSpan(Prefix.Length, Ed25519.PublicKeySize)));
            }

            rest = rest[fields.Location.End..];
        }

        return keys;
    }

    public bool Verifies(byte[] message, byte[] signature) =>
        signature.Length == Ed25519.SignatureSize && Ed25519.Verify(signature, 0, point, 0, message, 0, message.Length);
}

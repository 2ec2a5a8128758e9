using System.Security.Cryptography;
using System.Text;
using PatchOperator.Signing;

namespace PatchOperator.Audit;

/// <summary>An Ed25519 private key as <c>openssl genpkey -algorithm ed25519</c> writes it, so that an administrator can bring one.</summary>
internal static class PrivateKeyPem
{
    private const string Label = "PRIVATE KEY";

    // PKCS#8 of every Ed25519 key (RFC 8410) up to the seed itself.
    private static readonly byte[] Prefix = Convert.FromHexString("302e020100300506032b657004220420");

    public static string Write(ReadOnlySpan<byte> seed) => PemEncoding.WriteString(Label, [.. Prefix, .. seed]);

    /// <param name="base64">As a Secret's data has it.</param>
    /// <returns>Null when it is no such key.</returns>
    public static SigningKey? Read(string? base64)
    {
        if (base64 is null)
        {
            return null;
        }

        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(base64));
            if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] is not Label)
            {
                return null;
            }

            var der = Convert.FromBase64String(text[fields.Base64Data]);
            return der.Length == Prefix.Length + SigningKey.SeedLength && der.AsSpan(0, Prefix.Length).SequenceEqual(Prefix) ? new SigningKey(der.AsSpan(Prefix.Length)) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Admission;

/// <summary>What the Secret holds, in a form that <c>openssl</c> can read: ca.crt, ca.key, tls.crt, tls.key, the keys of facts, and where the webhooks are called.</summary>
internal sealed record AdmissionSecret
{
    private const string Authorities = "ca.crt";
    private const string AuthorityKeys = "ca.key";
    private const string Published = "ca.published";
    private const string Leaf = "tls.crt";
    private const string LeafKey = "tls.key";
    private const string Facts = "facts.keys";
    private const string Calls = "calls.token";

    public static readonly AdmissionSecret Empty = new();

    public CertificateRing Ring { get; init; } = CertificateRing.Empty;

    public FactKeys FactKeys { get; init; } = FactKeys.None;

    public CallToken? CallToken { get; init; }

    /// <summary>Reads a Secret's data. What cannot be read counts as missing and is made anew: a broken Secret must not be the end.</summary>
    public static AdmissionSecret From(JsonObject secret)
    {
        var certificates = Blocks(Text(secret, Authorities));
        var keys = Blocks(Text(secret, AuthorityKeys));
        var published = Lines(Text(secret, Published));
        var leaf = (Blocks(Text(secret, Leaf)), Blocks(Text(secret, LeafKey))) is ([var certificate], [var key]) ? new KeyPair(certificate, key) : null;
        var authorities = certificates.Count == keys.Count && certificates.Count == published.Length
            ? certificates.Select((pem, index) => new Authority(new KeyPair(pem, keys[index]), Time(published[index]))).ToArray()
            : [];
        var ring = new CertificateRing { Authorities = authorities, Leaf = leaf };
        return new AdmissionSecret { Ring = authorities.Length > 0 && IsWhole(ring) ? ring : CertificateRing.Empty, FactKeys = FactKeys.Parse(Text(secret, Facts)), CallToken = CallToken.Parse(Text(secret, Calls)) };
    }

    public JsonObject ToData() => new()
    {
        [Authorities] = Base64(Ring.Bundle),
        [AuthorityKeys] = Base64(string.Concat(Ring.Authorities.Select(a => a.Pair.Key.Trim() + "\n"))),
        [Published] = Base64(string.Join('\n', Ring.Authorities.Select(a => a.PublishedAt is { } at ? UtcTimeJsonConverter.Format(at) : "-"))),
        [Leaf] = Base64(Ring.Leaf?.Certificate ?? ""),
        [LeafKey] = Base64(Ring.Leaf?.Key ?? ""),
        [Facts] = Base64(FactKeys.Format()),
        [Calls] = Base64(CallToken?.Format() ?? ""),
    };

    private static bool IsWhole(CertificateRing ring)
    {
        try
        {
            foreach (var pair in ring.Authorities.Select(a => a.Pair).Append(ring.Leaf).OfType<KeyPair>())
            {
                pair.Open().Dispose();
            }

            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static List<string> Blocks(string text)
    {
        var blocks = new List<string>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            blocks.Add(rest[fields.Location].ToString());
            rest = rest[fields.Location.End..];
        }

        return blocks;
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUniversalTime() : null;

    private static string Text(JsonObject secret, string name)
    {
        try
        {
            return secret["data"]?[name]?.GetValue<string>() is { } value ? Encoding.UTF8.GetString(Convert.FromBase64String(value)) : "";
        }
        catch (FormatException)
        {
            return "";
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

using System.Security.Cryptography.X509Certificates;

namespace PatchOperator.Admission;

/// <summary>One authority of the ring.</summary>
/// <param name="Pair">Certificate and key.</param>
/// <param name="PublishedAt">Since when the API server has been told to trust it; null before.</param>
internal sealed record Authority(KeyPair Pair, DateTimeOffset? PublishedAt);

/// <summary>Everything that is needed to serve TLS, and to go on serving it through every renewal.</summary>
internal sealed record CertificateRing
{
    public static readonly CertificateRing Empty = new();

    /// <summary>Oldest first; more than one only while one follows the other.</summary>
    public IReadOnlyList<Authority> Authorities { get; init; } = [];

    public KeyPair? Leaf { get; init; }

    /// <summary>What the API server is to trust.</summary>
    public string Bundle => string.Concat(Authorities.Select(a => a.Pair.Certificate.Trim() + "\n"));
}

/// <summary>
/// What a ring is to become, as a chain of small changes each of which leaves every request served: an authority is published before anything
/// is signed by it, and taken away only after every replica has had time to read the certificate that the next one signed. No I/O.
/// </summary>
internal static class CertificateRotation
{
    /// <summary>How long what is new must have been known before what is old goes. Replicas read anew several times in that time.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromHours(1);

    public static CertificateRing Next(CertificateRing ring, IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        var authorities = ring.Authorities.Where(a => Left(a.Pair, now) > TimeSpan.Zero).ToList();
        if (authorities.Count == 0 || Left(authorities[^1].Pair, now) < CertificateMaker.AuthorityLifetime / 3)
        {
            authorities.Add(new Authority(CertificateMaker.Authority(now), null));
        }

        // With nothing trusted before, there is nobody to wait for.
        var signer = authorities.LastOrDefault(a => a.PublishedAt + Overlap <= now) ?? authorities.FirstOrDefault(a => a.PublishedAt is not null) ?? authorities[0];
        var leaf = ring.Leaf;
        if (leaf is null || Left(leaf, now) < CertificateMaker.LeafLifetime / 3 || !IsSignedBy(leaf, signer.Pair) || !Serves(leaf, hosts))
        {
            leaf = CertificateMaker.Leaf(signer.Pair, hosts, now);
        }

        if (ReferenceEquals(leaf, ring.Leaf) && Age(leaf, now) >= Overlap)
        {
            authorities.RemoveRange(0, authorities.IndexOf(signer));
        }

        return authorities.SequenceEqual(ring.Authorities) && ReferenceEquals(leaf, ring.Leaf) ? ring : ring with { Authorities = authorities, Leaf = leaf };
    }

    /// <summary>The ring after the API server was told to trust all of its bundle.</summary>
    public static CertificateRing Published(CertificateRing ring, DateTimeOffset now) => ring.Authorities.All(a => a.PublishedAt is not null)
        ? ring
        : ring with { Authorities = [.. ring.Authorities.Select(a => a with { PublishedAt = a.PublishedAt ?? now })] };

    private static TimeSpan Left(KeyPair pair, DateTimeOffset now) => Read(pair.Certificate, certificate => new DateTimeOffset(certificate.NotAfter) - now);

    private static TimeSpan Age(KeyPair pair, DateTimeOffset now) => Read(pair.Certificate, certificate => now - new DateTimeOffset(certificate.NotBefore));

    private static bool Serves(KeyPair leaf, IReadOnlyList<string> hosts) => Read(leaf.Certificate, certificate => hosts.All(host => certificate.MatchesHostname(host)));

    private static bool IsSignedBy(KeyPair leaf, KeyPair authority) => Read(leaf.Certificate, certificate => Read(authority.Certificate, issuer =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData)));

    private static T Read<T>(string pem, Func<X509Certificate2, T> read)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return read(certificate);
    }
}

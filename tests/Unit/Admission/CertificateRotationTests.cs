using System.Security.Cryptography.X509Certificates;
using PatchOperator.Admission;
using Xunit;

namespace PatchOperator.Tests.Unit.Admission;

/// <summary>Years of renewals, twice a day: at every moment the API server's bundle must trust what any replica serves.</summary>
public sealed class CertificateRotationTests
{
    private static readonly string[] Hosts = ["patch-operator-admission.ops.svc", "127.0.0.1"];
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_a_replica_serves_is_trusted_through_three_years_of_renewals()
    {
        var (ring, now) = (CertificateRing.Empty, Start);
        KeyPair? before = null;
        var (leaves, authorities) = (new HashSet<string>(), new HashSet<string>());
        for (; now < Start.AddYears(3); now += TimeSpan.FromHours(12))
        {
            ring = CertificateRotation.Next(ring, Hosts, now);
            leaves.Add(ring.Leaf!.Certificate);
            authorities.UnionWith(ring.Authorities.Select(a => a.Pair.Certificate));
            Assert.True(IsTrusted(ring, ring.Leaf!, now), $"the leader's own certificate at {now:u}");

            // A replica reads anew within the period, and until then serves the one before.
            Assert.True(before is null || IsTrusted(ring, before, now), $"the certificate of a replica that is behind, at {now:u}");
            before = ring.Leaf;
            ring = CertificateRotation.Published(ring, now);
        }

        Assert.InRange(leaves.Count, 15, 30);
        Assert.InRange(authorities.Count, 4, 6);
        Assert.InRange(ring.Authorities.Count, 1, 2);
    }

    [Fact]
    public void Nothing_is_signed_by_an_authority_before_the_API_server_was_told_of_it()
    {
        var ring = CertificateRotation.Published(CertificateRotation.Next(CertificateRing.Empty, Hosts, Start), Start);
        var first = ring.Authorities[0].Pair.Certificate;
        var late = Start.AddDays(300);
        for (var hour = 0; hour < 48; hour++)
        {
            // It cannot be published: the webhook configurations are not writable.
            ring = CertificateRotation.Next(ring, Hosts, late.AddHours(hour));
        }

        Assert.Equal(2, ring.Authorities.Count);
        Assert.True(IsTrusted(ring with { Authorities = [ring.Authorities[0]] }, ring.Leaf!, late), "still signed by the first");
        Assert.Equal(first, ring.Authorities[0].Pair.Certificate);
    }

    [Fact]
    public void A_certificate_for_other_hosts_is_made_anew_and_nothing_else()
    {
        var ring = CertificateRotation.Published(CertificateRotation.Next(CertificateRing.Empty, Hosts, Start), Start);
        var moved = CertificateRotation.Next(ring, ["elsewhere.ops.svc"], Start.AddMinutes(1));
        Assert.NotEqual(ring.Leaf, moved.Leaf);
        Assert.Equal(ring.Bundle, moved.Bundle);
        Assert.Same(moved, CertificateRotation.Next(moved, ["elsewhere.ops.svc"], Start.AddMinutes(2)));
    }

    [Fact]
    public void A_Secret_says_what_was_put_into_it_and_rubbish_counts_as_nothing()
    {
        var ring = CertificateRotation.Next(CertificateRotation.Published(CertificateRotation.Next(CertificateRing.Empty, Hosts, Start), Start), Hosts, Start.AddDays(300));
        var secret = new AdmissionSecret { Ring = ring };
        var read = AdmissionSecret.From(new System.Text.Json.Nodes.JsonObject { ["data"] = secret.ToData() });
        Assert.Equal(ring.Authorities, read.Ring.Authorities);
        Assert.Equal(ring.Leaf, read.Ring.Leaf);
        Assert.DoesNotContain("PRIVATE KEY", $"{secret} {ring} {ring.Leaf}", StringComparison.Ordinal);
        var broken = secret.ToData();
        broken["ca.key"] = Convert.ToBase64String("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"u8.ToArray());
        Assert.Same(CertificateRing.Empty, AdmissionSecret.From(new System.Text.Json.Nodes.JsonObject { ["data"] = broken }).Ring);
        Assert.Same(CertificateRing.Empty, AdmissionSecret.From([]).Ring);
        var mixed = secret.ToData();
        mixed["tls.key"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(CertificateMaker.Authority(Start).Key));
        Assert.Same(CertificateRing.Empty, AdmissionSecret.From(new System.Text.Json.Nodes.JsonObject { ["data"] = mixed }).Ring);
    }

    private static bool IsTrusted(CertificateRing ring, KeyPair leaf, DateTimeOffset now)
    {
        using var certificate = X509Certificate2.CreateFromPem(leaf.Certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(ring.Bundle);
        return chain.Build(certificate) && Hosts.All(host => certificate.MatchesHostname(host));
    }
}

using System.Security.Cryptography.X509Certificates;

namespace PatchOperator.Admission;

/// <summary>The certificate that new connections get. It is replaced while connections that have the old one go on.</summary>
internal sealed class ServingCertificate(TimeProvider time)
{
    private volatile X509Certificate2? current;
    private volatile string? pem;

    public X509Certificate2? Current => current;

    /// <summary>For readiness: null while well.</summary>
    public string? Problem =>
        current is not { } certificate ? "The webhooks have no certificate yet"
        : certificate.NotAfter <= time.GetUtcNow().UtcDateTime ? $"The webhooks' certificate ran out at {certificate.NotAfter.ToUniversalTime():u}"
        : null;

    /// <returns>Whether it is another one than before.</returns>
    public bool Use(KeyPair pair)
    {
        if (pem == pair.Certificate)
        {
            return false;
        }

        // Handshakes may still use the old one: it is left to the collector.
        current = pair.Open();
        pem = pair.Certificate;
        return true;
    }
}

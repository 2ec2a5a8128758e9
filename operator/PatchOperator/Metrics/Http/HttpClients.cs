using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PatchOperator.Metrics.Http;

/// <param name="SecretName">Where it is from, for messages.</param>
/// <param name="Certificate">PEM, the client's first, then those between it and its authority.</param>
/// <param name="Key">PEM.</param>
internal sealed record ClientCertificate(string SecretName, string Certificate, string Key)
{
    // A record prints its members, and the key is not for printing.
    public override string ToString() => $"certificate of Secret {SecretName}";
}

/// <param name="CaSecretName">Where the authorities are from, for messages.</param>
/// <param name="Ca">PEM of the authorities; null for the system's.</param>
/// <param name="Own">The client's certificate.</param>
internal sealed record TlsMaterial(string? CaSecretName, string? Ca, ClientCertificate? Own)
{
    public static readonly TlsMaterial None = new(null, null, null);

    /// <summary>Names the material without showing it.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Ca}\0{Own?.Certificate}\0{Own?.Key}")));

    public override string ToString() => $"TLS material of {CaSecretName ?? "the system"}";
}

/// <summary>
/// One client, and with it one pool of connections, for each server and set of certificates. A renewed certificate gets a new pool; the old
/// one ends when its last reads must be over.
/// </summary>
/// <param name="useProxy">Whether the environment's proxy is for this server; it is not for pods.</param>
/// <param name="time">Clock for ending pools.</param>
internal sealed class HttpClients(bool useProxy, TimeProvider time) : IDisposable
{
    /// <summary>No read lasts as long as this.</summary>
    private static readonly TimeSpan EndAfter = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Pool> pools = new(StringComparer.Ordinal);

    internal int Count => pools.Count;

    /// <exception cref="AccessProblemException">The certificates cannot be read.</exception>
    public HttpClient For(TlsMaterial tls)
    {
        var digest = tls.Digest();
        lock (gate)
        {
            var now = time.GetUtcNow();
            foreach (var (old, pool) in pools.Where(each => each.Key != digest && now - each.Value.UsedAt > EndAfter).ToArray())
            {
                pools.Remove(old);
                pool.Client.Dispose();
            }

            if (!pools.TryGetValue(digest, out var known))
            {
                pools[digest] = known = new Pool(Create(tls));
            }

            known.UsedAt = now;
            return known.Client;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var pool in pools.Values)
            {
                pool.Client.Dispose();
            }

            pools.Clear();
        }
    }

    private HttpClient Create(TlsMaterial tls)
    {
        var handler = new SocketsHttpHandler
        {
            // Pods come and go, and a Service's name may lead elsewhere soon.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            UseCookies = false,

            // A redirect would take credentials to who knows where.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
            UseProxy = useProxy,

            // Many patches on a server that hangs must not open connections without end.
            MaxConnectionsPerServer = 64,
        };
        if (tls.Ca is { } pem)
        {
            handler.SslOptions.CertificateChainPolicy = Policy(tls.CaSecretName!, pem);
        }

        if (tls.Own is { } own)
        {
            handler.SslOptions.ClientCertificateContext = Certificate(own);
        }

        // Each read has its own deadline.
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static X509ChainPolicy Policy(string secret, string pem)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            // The reason may quote what it read; which Secret it was says enough.
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new AccessProblemException($"Secret {secret} holds no certificate of an authority; write certificates in PEM", terminal: true);
    }

    private static SslStreamCertificateContext Certificate(ClientCertificate own)
    {
        try
        {
            var between = new X509Certificate2Collection();
            between.ImportFromPem(own.Certificate);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(own.Certificate, own.Key), between, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new AccessProblemException($"Secret {own.SecretName} holds no certificate with its key; write tls.crt and tls.key in PEM, the key without a password", terminal: true);
        }
    }

    private sealed class Pool(HttpClient client)
    {
        public HttpClient Client { get; } = client;

        public DateTimeOffset UsedAt { get; set; }
    }
}

namespace PatchOperator.Metrics.Http;

/// <summary>How to ask one server now: a connection pool, and the headers that every request carries.</summary>
internal sealed class HttpSession(HttpClient client, IReadOnlyList<KeyValuePair<string, string>> headers, string? host, Redaction redaction)
{
    public HttpClient Client { get; } = client;

    public Redaction Redaction { get; } = redaction;

    /// <summary>Adds what the server must see. Only to requests for the address that the spec names: redirects are never followed.</summary>
    public void Sign(HttpRequestMessage message)
    {
        foreach (var (name, value) in headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        // The name that is asked for in the TLS handshake and compared with the certificate.
        message.Headers.Host ??= host;
    }
}

/// <summary>Opens sessions with one server, for the namespace whose Secrets are to be used.</summary>
internal interface IHttpAccess
{
    /// <exception cref="AccessProblemException">The credentials are not to be had.</exception>
    ValueTask<HttpSession> OpenAsync(string ns, CancellationToken cancellation);

    /// <summary>The server refused the credentials, or shows a certificate that is not trusted: the next session reads them anew.</summary>
    void Distrust(string ns);
}

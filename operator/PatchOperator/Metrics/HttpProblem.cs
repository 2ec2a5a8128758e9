namespace PatchOperator.Metrics;

/// <summary>Words for a request that got no usable answer; the address stands before them.</summary>
internal static class HttpProblem
{
    public static string Describe(HttpRequestException exception) => exception.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "the host name is not known to DNS",
        HttpRequestError.ConnectionError => $"the connection failed ({exception.InnerException?.Message ?? exception.Message})",
        HttpRequestError.SecureConnectionError => $"the TLS handshake failed ({exception.InnerException?.Message ?? exception.Message}); check the certificate's name and authority, and tls in the spec",
        HttpRequestError.ConfigurationLimitExceeded => "the answer is too large",
        _ => $"the request failed ({exception.Message})",
    };

    /// <summary>
    /// Whether other credentials may help, such as rotated ones: the handshake failed, or the connection ended without an answer, which is how servers of TLS 1.3 refuse a client's certificate.
    /// </summary>
    public static bool MayBeRefusal(HttpRequestException exception) =>
        exception.HttpRequestError is not (HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ConfigurationLimitExceeded);
}

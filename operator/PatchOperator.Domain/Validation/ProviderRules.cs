using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Where the numbers come from, and how the operator proves there who it is.</summary>
internal static class ProviderRules
{
    /// <summary>Headers that the client sets itself, or that have a field of their own.</summary>
    private static readonly string[] OwnHeaders = ["Authorization", "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Accept"];

    public static void Check(string path, MetricProviderSpec provider, ProblemList problems)
    {
        if (provider.Prometheus is null && provider.PodMetrics is null)
        {
            problems.Invalid(path, "none is given; write prometheus, podMetrics or both");
        }

        if (provider.Prometheus is { } prometheus)
        {
            CheckAddress($"{path}.prometheus.address", prometheus.Address, problems);
            problems.Duration($"{path}.prometheus.interval", prometheus.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
            var secure = prometheus.Address?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ?? false;
            CheckHttp($"{path}.prometheus", prometheus.Auth, prometheus.Tls, prometheus.Headers, secure, "write an address with https://", problems);
        }

        if (provider.PodMetrics is { } pods)
        {
            CheckPort($"{path}.podMetrics.port", pods.Port, "the pods' metrics", problems);
            if (pods.Path is { } metricsPath && !Shapes.UrlPath().IsMatch(metricsPath))
            {
                problems.Invalid($"{path}.podMetrics.path", $"'{metricsPath}' is not a path; write one that begins with '/', such as /metrics");
            }

            problems.OneOf($"{path}.podMetrics.scheme", pods.Scheme, "HTTP", "HTTPS");
            CheckHttp($"{path}.podMetrics", pods.Auth, pods.Tls, pods.Headers, pods.Scheme == "HTTPS", "write scheme: HTTPS", problems);
            if (pods.Scheme == "HTTPS" && pods.Tls?.ServerName is null)
            {
                problems.Invalid($"{path}.podMetrics.tls.serverName", "is missing; pods are reached by their addresses, so write the name that their certificates have");
            }
        }
    }

    public static void CheckPort(string path, int? port, string of, ProblemList problems)
    {
        if (port is not (>= 1 and <= 65535))
        {
            var found = port is { } given ? $"{given} is out of range" : "is missing";
            problems.Invalid(path, $"{found}; write the port of {of}, 1 to 65535");
        }
    }

    public static void CheckHeaders(string path, IReadOnlyList<HttpHeaderSpec>? headers, IReadOnlyList<string> taken, ProblemList problems)
    {
        problems.AtMost(path, headers, 20);
        foreach (var (index, header) in headers.Numbered())
        {
            var at = $"{path}[{index}]";
            if (problems.Required($"{at}.name", header.Name, "write the header's name, such as X-Scope-OrgID"))
            {
                CheckHeaderName($"{at}.name", header.Name!, taken, problems);
            }

            if ((header.Value is null) == (header.ValueSecretRef is null))
            {
                problems.Invalid(at, "needs its value from one place; write exactly one of value and valueSecretRef");
            }

            if (header.Value is { } value && !Shapes.AnyHeaderValue().IsMatch(value))
            {
                problems.Invalid($"{at}.value", "is not what a header can carry; write printable ASCII, without spaces at its ends");
            }

            CheckSecretKey($"{at}.valueSecretRef", header.ValueSecretRef, keyIsNeeded: true, problems);
        }

        problems.Unique(path, headers, header => header.Name?.ToUpperInvariant(), ".name");
    }

    public static void CheckSecretKey(string path, SecretKeyReference? reference, bool keyIsNeeded, ProblemList problems)
    {
        if (reference is null)
        {
            return;
        }

        problems.Name($"{path}.name", reference.Name, Shapes.LongestName);
        if (reference.Key is null && !keyIsNeeded)
        {
            return;
        }

        if (problems.Required($"{path}.key", reference.Key, "write the key in the Secret's data") && !Shapes.ConfigMapKey().IsMatch(reference.Key!))
        {
            problems.Invalid($"{path}.key", $"'{reference.Key}' cannot be a key of a Secret; write letters, digits, '-', '_' and '.'");
        }
    }

    public static void CheckTls(string path, HttpTlsSpec? tls, bool secure, string instead, ProblemList problems)
    {
        if (tls is null)
        {
            return;
        }

        if (!secure)
        {
            problems.Invalid($"{path}", $"has no effect on plain HTTP; {instead}, or leave tls out");
        }

        CheckSecretKey($"{path}.caSecretRef", tls.CaSecretRef, keyIsNeeded: false, problems);
        if (tls.ClientCertificateSecretRef is { } certificate)
        {
            problems.Name($"{path}.clientCertificateSecretRef.name", certificate.Name, Shapes.LongestName);
        }

        if (tls.ServerName is { } name && (name.Length > Shapes.LongestName || !Shapes.Subdomain().IsMatch(name)))
        {
            problems.Invalid($"{path}.serverName", $"'{name}' is not a host name; write the name in the server's certificate, such as prometheus.monitoring.svc");
        }
    }

    private static void CheckHttp(
        string path, HttpAuthSpec? auth, HttpTlsSpec? tls, IReadOnlyList<HttpHeaderSpec>? headers, bool secure, string instead, ProblemList problems)
    {
        if (auth is not null)
        {
            if ((auth.BearerTokenSecretRef is null) == (auth.BasicSecretRef is null))
            {
                problems.Invalid($"{path}.auth", "write exactly one of bearerTokenSecretRef and basicSecretRef");
            }

            CheckSecretKey($"{path}.auth.bearerTokenSecretRef", auth.BearerTokenSecretRef, keyIsNeeded: false, problems);
            if (auth.BasicSecretRef is { } basic)
            {
                problems.Name($"{path}.auth.basicSecretRef.name", basic.Name, Shapes.LongestName);
            }
        }

        CheckTls($"{path}.tls", tls, secure, instead, problems);
        CheckHeaders($"{path}.headers", headers, OwnHeaders, problems);
    }

    private static void CheckHeaderName(string path, string name, IReadOnlyList<string> taken, ProblemList problems)
    {
        problems.Length(path, name, 128);
        if (!Shapes.AnyHeaderName().IsMatch(name))
        {
            problems.Invalid(path, $"'{name}' cannot be the name of a header; write letters, digits and '-'");
        }
        else if (taken.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            problems.Invalid(path, $"{name} cannot be set here" + (name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? "; write auth instead" : "; leave it out"));
        }
    }

    private static void CheckAddress(string path, string? address, ProblemList problems)
    {
        const string instead = "write a base URL such as http://prometheus.monitoring:9090";
        if (!problems.Required(path, address, instead))
        {
            return;
        }

        // The address is shown in status and events, so a password in it is reported without repeating it.
        if (address!.Contains('@', StringComparison.Ordinal))
        {
            problems.Invalid(path, $"has a user or an '@' in it, and would show it to everyone who may read this resource; {instead}, and the password in a Secret that auth names");
        }
        else if (!Shapes.IsWebAddress(address) || address.AsSpan().ContainsAny('?', '#'))
        {
            problems.Invalid(path, $"'{address}' is not the absolute http or https address of a server; {instead}");
        }
    }
}

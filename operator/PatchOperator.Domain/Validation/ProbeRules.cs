using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Synthetic requests: what is sent, how often, and what a good answer is.</summary>
internal static class ProbeRules
{
    private const int LongestBody = 65536;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// <summary>Headers that have a field of their own, or that the client sets.</summary>
    private static readonly string[] OwnHeaders = ["Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection"];

    public static void Check(string path, AnalysisSpec analysis, ProblemList problems)
    {
        problems.AtMost(path, analysis.Probes, 10);
        foreach (var (index, probe) in analysis.Probes.Numbered())
        {
            CheckRequest($"{path}[{index}]", probe, problems);
            CheckBody($"{path}[{index}]", probe, problems);
            CheckExpectation($"{path}[{index}].expect", probe, problems);
            if (probe.Name is { Length: > 0 } name && !(analysis.Metrics ?? []).Any(metric => metric?.Probe == name))
            {
                problems.Invalid($"{path}[{index}]", $"is sent and nobody looks at it; write a metric with probe: {name}, or leave it out");
            }
        }

        problems.Unique(path, analysis.Probes, probe => probe.Name, ".name");
    }

    private static void CheckRequest(string path, ProbeSpec probe, ProblemList problems)
    {
        problems.Label($"{path}.name", probe.Name);
        ProviderRules.CheckPort($"{path}.port", probe.Port, "the pods that answers visitors", problems);
        if (probe.Path is { } target && !Shapes.RequestTarget().IsMatch(target))
        {
            problems.Invalid($"{path}.path", $"'{target}' is not a path; write one that begins with '/', such as /graphql, with a query if need be");
        }

        problems.OneOf($"{path}.method", probe.Method, Methods);
        problems.OneOf($"{path}.scheme", probe.Scheme, "HTTP", "HTTPS");
        if (probe.Scheme == "HTTPS" && probe.Tls?.ServerName is null)
        {
            problems.Invalid($"{path}.tls.serverName", "is missing; pods are reached by their addresses, so write the name that their certificates have");
        }

        ProviderRules.CheckTls($"{path}.tls", probe.Tls, probe.Scheme == "HTTPS", "write scheme: HTTPS", problems);
        if (probe.Host is { } host && (host.Length > Shapes.LongestName || !Shapes.Subdomain().IsMatch(host)))
        {
            problems.Invalid($"{path}.host", $"'{host}' is not a host name; write the name by which visitors call the shop");
        }

        if (probe is { Host: not null, Tls.ServerName: { } server } && server != probe.Host)
        {
            problems.Invalid($"{path}.host", $"differs from tls.serverName, and one name goes into both; write {server}, or leave host out");
        }

        problems.Duration($"{path}.every", probe.Every, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1));
        problems.Duration($"{path}.timeout", probe.Timeout, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(30));
        ProviderRules.CheckHeaders($"{path}.headers", probe.Headers, OwnHeaders, problems);
    }

    private static void CheckBody(string path, ProbeSpec probe, ProblemList problems)
    {
        if (probe.Body is not null && probe.BodySecretRef is not null)
        {
            problems.Invalid(path, "has body and bodySecretRef; write one of them");
        }

        if ((probe.Body is not null || probe.BodySecretRef is not null) && probe.Method is null or "GET" or "HEAD")
        {
            problems.Invalid($"{path}.method", $"{probe.Method ?? "GET"} carries no body; write POST, or leave the body out");
        }

        if (probe.ContentType is { } type && !Shapes.AnyHeaderValue().IsMatch(type))
        {
            problems.Invalid($"{path}.contentType", "is not what a header can carry; write a media type such as application/json");
        }

        problems.Length($"{path}.body", probe.Body ?? "", LongestBody);
        ProviderRules.CheckSecretKey($"{path}.bodySecretRef", probe.BodySecretRef, keyIsNeeded: true, problems);
    }

    private static void CheckExpectation(string path, ProbeSpec probe, ProblemList problems)
    {
        var expect = probe.Expect ?? new();
        problems.AtMost($"{path}.status", expect.Status, 20);
        for (var index = 0; index < (expect.Status?.Count ?? 0); index++)
        {
            if (expect.Status![index] is < 100 or > 599)
            {
                problems.Invalid($"{path}.status[{index}]", $"{expect.Status[index]} is not an HTTP status; write 100 to 599");
            }
        }

        problems.AtMost($"{path}.json", expect.Json, 20);
        foreach (var (index, json) in expect.Json.Numbered())
        {
            if (problems.Required($"{path}.json[{index}].path", json.Path, "write a path such as $.data.placeOrder.order.number") && !JsonPath.TryParse(json.Path!, out _, out var error))
            {
                problems.Invalid($"{path}.json[{index}].path", error);
            }
        }

        if (probe.Method == "HEAD" && (expect.Text is not null || expect.Json is { Count: > 0 } || expect.NoGraphQLErrors is true))
        {
            problems.Invalid(path, "looks into a body, and HEAD has none; write GET");
        }

        problems.Duration($"{path}.maxLatency", expect.MaxLatency, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30));
        if (expect.MaxLatency is { } limit && limit.TryGetValue(out var longest) && longest > probe.Timeout.OrElse(TimeSpan.FromSeconds(5)))
        {
            problems.Invalid($"{path}.maxLatency", $"{limit} is never reached, since the probe is over at its timeout; write less, or a longer timeout");
        }
    }
}

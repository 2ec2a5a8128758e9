using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Whether the client asks for a table, as kubectl get does, and in which version.</summary>
internal static class Negotiation
{
    public static string? TableVersion(HttpRequest request)
    {
        foreach (var accept in request.Headers.Accept.SelectMany(a => (a ?? "").Split(',')))
        {
            var parameters = accept.Split(';', StringSplitOptions.TrimEntries);
            if (parameters.Contains("as=Table"))
            {
                return parameters.FirstOrDefault(p => p.StartsWith("v=", StringComparison.Ordinal))?[2..] ?? "v1";
            }

            if (parameters is ["application/json"] or ["*/*"])
            {
                return null;
            }
        }

        return null;
    }
}

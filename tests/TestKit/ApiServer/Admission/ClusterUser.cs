using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Who makes a request, as the server has authenticated them.</summary>
public sealed record ClusterUser(string Name, string? Uid = null, params IReadOnlyList<string> Groups)
{
    /// <summary>Without credentials that <see cref="ApiServerOptions.Users"/> knows.</summary>
    public static readonly ClusterUser Administrator = new("kubernetes-admin", null, "system:masters", "system:authenticated");

    /// <summary>The bearer token's user, or the one impersonated with <c>kubectl --as NAME --as-group GROUP</c>: the server believes everybody.</summary>
    internal static ClusterUser Of(HttpRequest request, ApiServerOptions options)
    {
        if (request.Headers["Impersonate-User"].FirstOrDefault() is { Length: > 0 } name)
        {
            return new ClusterUser(name, request.Headers["Impersonate-Uid"].FirstOrDefault(), [.. request.Headers["Impersonate-Group"].OfType<string>(), "system:authenticated"]);
        }

        return request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token] && options.Users.TryGetValue(token, out var user) ? user : Administrator;
    }

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["username"] = Name, ["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode)g)]) };
        if (Uid is not null)
        {
            json["uid"] = Uid;
        }

        return json;
    }
}

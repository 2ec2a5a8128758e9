using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>What a URL names: a collection, an object, a subresource, or none of these.</summary>
internal sealed record RequestTarget(ResourceName Resource, string Namespace, string Name, string Subresource)
{
    public bool IsCollection => Name.Length == 0;

    /// <summary>Null when the path is no resource path (discovery, health, version).</summary>
    public static RequestTarget? Parse(PathString path)
    {
        var parts = (path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["api", var version, .. { Length: > 0 } rest] => Parse("", version, rest),
            ["apis", var group, var version, .. { Length: > 0 } rest] => Parse(group, version, rest),
            _ => null,
        };
    }

    public static string Verb(string method, bool isCollection, bool isWatch) => method switch
    {
        "GET" when isWatch => "watch",
        "GET" when isCollection => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" when isCollection => "deletecollection",
        "DELETE" => "delete",
        _ => "get",
    };

    private static RequestTarget? Parse(string group, string version, string[] rest) => rest switch
    {
        ["namespaces", var ns, "status" or "finalize"] => new(new ResourceName(group, version, "namespaces"), "", ns, rest[2]),
        ["namespaces", var ns, var plural] => new(new ResourceName(group, version, plural), ns, "", ""),
        ["namespaces", var ns, var plural, var name] => new(new ResourceName(group, version, plural), ns, name, ""),
        ["namespaces", var ns, var plural, var name, var sub] => new(new ResourceName(group, version, plural), ns, name, sub),
        [var plural] => new(new ResourceName(group, version, plural), "", "", ""),
        [var plural, var name] => new(new ResourceName(group, version, plural), "", name, ""),
        [var plural, var name, var sub] => new(new ResourceName(group, version, plural), "", name, sub),
        _ => null,
    };
}

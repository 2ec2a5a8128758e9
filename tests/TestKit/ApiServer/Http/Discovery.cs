using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>What clients ask before they ask for resources.</summary>
internal sealed class Discovery(KindRegistry kinds)
{
    public const string GitVersion = "v1.33.0-patchoperator";

    public ApiResponse Answer(string path, string accept)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["version"] => ApiResponse.Json(new JsonObject
            {
                ["major"] = "1",
                ["minor"] = "33",
                ["gitVersion"] = GitVersion,
                ["gitCommit"] = "",
                ["gitTreeState"] = "clean",
                ["goVersion"] = "none",
                ["compiler"] = "dotnet",
                ["platform"] = "linux/amd64",
            }),
            ["healthz" or "readyz" or "livez", ..] => ApiResponse.Text("ok"),
            [] => ApiResponse.Json(new JsonObject { ["paths"] = new JsonArray("/api", "/apis", "/version") }),
            ["api"] => ApiResponse.Json(new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") }),
            ["apis"] => ApiResponse.Json(Groups()),
            ["apis", var group] => ApiResponse.Json(Group(group)),
            ["api", var version] => ApiResponse.Json(Resources("", version)),
            ["apis", var group, var version] => ApiResponse.Json(Resources(group, version)),
            ["openapi", "v2"] => OpenApi.V2(accept),
            ["openapi", "v3"] => ApiResponse.Json(OpenApi.V3Index(kinds.All)),
            ["openapi", "v3", "api", var version] => ApiResponse.Json(OpenApi.V3(Served("", version))),
            ["openapi", "v3", "apis", var group, var version] => ApiResponse.Json(OpenApi.V3(Served(group, version))),
            _ => throw ApiException.NoSuchPath(),
        };
    }

    private List<ResourceKind> Served(string group, string version)
    {
        var served = kinds.All.Where(k => k.Resource.Group == group && k.Resource.Version == version).ToList();
        return served.Count > 0 ? served : throw ApiException.NoSuchPath();
    }

    private JsonObject Groups() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. kinds.All.Select(k => k.Resource.Group).Where(g => g.Length > 0).Distinct().Select(Group)]),
    };

    private JsonObject Group(string group)
    {
        var versions = kinds.All.Where(k => k.Resource.Group == group).Select(k => k.Resource.Version).Distinct()
            .Select(v => new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v })
            .ToList();
        return versions.Count == 0 ? throw ApiException.NoSuchPath() : new JsonObject
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = new JsonArray([.. versions]),
            ["preferredVersion"] = versions[0].DeepClone(),
        };
    }

    private JsonObject Resources(string group, string version) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
        ["resources"] = new JsonArray([.. Served(group, version).SelectMany(Resources)]),
    };

    private static IEnumerable<JsonObject> Resources(ResourceKind kind)
    {
        yield return Resource(kind, "", kind.IsReview
            ? ["create"]
            : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
        if (kind.HasStatus)
        {
            yield return Resource(kind, "/status", ["get", "patch", "update"]);
        }

        if (kind.HasScale)
        {
            var scale = Resource(kind, "/scale", ["get", "patch", "update"]);
            scale["kind"] = "Scale";
            scale["group"] = "autoscaling";
            scale["version"] = "v1";
            yield return scale;
        }
    }

    private static JsonObject Resource(ResourceKind kind, string subresource, string[] verbs)
    {
        var resource = new JsonObject
        {
            ["name"] = kind.Resource.Plural + subresource,
            ["singularName"] = subresource.Length == 0 ? kind.Singular : "",
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = new JsonArray([.. verbs.Select(v => (JsonNode)v)]),
        };
        if (subresource.Length == 0)
        {
            resource["shortNames"] = new JsonArray([.. kind.ShortNames.Select(s => (JsonNode)s)]);
            resource["categories"] = new JsonArray([.. kind.Categories.Select(c => (JsonNode)c)]);
        }

        return resource;
    }
}

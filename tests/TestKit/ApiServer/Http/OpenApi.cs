using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>
/// As little OpenAPI as kubectl can work with. It looks here for two things only: a schema to validate with (an empty document
/// means none), and whether PATCH takes <c>fieldValidation</c>, which tells it to leave validation to the server.
/// The schemas of custom resources are there for <c>kubectl explain</c>.
/// </summary>
internal static class OpenApi
{
    public static ApiResponse V2(string accept)
    {
        if (accept.Contains("protobuf", StringComparison.Ordinal))
        {
            // A protobuf message without fields is zero bytes long.
            return new ApiResponse(200, default, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
        }

        return ApiResponse.Json(new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.GitVersion },
            ["paths"] = new JsonObject(),
            ["definitions"] = new JsonObject(),
        });
    }

    public static JsonObject V3Index(IEnumerable<ResourceKind> kinds)
    {
        var paths = new JsonObject();
        foreach (var path in kinds.Select(PathOf).Distinct())
        {
            paths[path[1..]] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3{path}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    public static JsonObject V3(IEnumerable<ResourceKind> kinds)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (var kind in kinds.Where(k => !k.IsReview))
        {
            var type = new JsonObject
            {
                ["group"] = kind.Resource.Group,
                ["version"] = kind.Resource.Version,
                ["kind"] = kind.Kind,
            };
            if (kind.Schema is { } schema)
            {
                var documented = schema.Source.Copy();
                documented["x-kubernetes-group-version-kind"] = new JsonArray(type.DeepClone());
                schemas[$"{kind.Resource.Group}.{kind.Resource.Version}.{kind.Kind}"] = documented;
            }

            var scope = kind.Namespaced ? "/namespaces/{namespace}" : "";
            paths[$"{PathOf(kind)}{scope}/{kind.Resource.Plural}/{{name}}"] = new JsonObject
            {
                ["patch"] = new JsonObject
                {
                    ["operationId"] = $"patch{kind.Resource.Plural}",
                    ["parameters"] = new JsonArray(QueryParameter("fieldValidation"), QueryParameter("dryRun"), QueryParameter("fieldManager")),
                    ["responses"] = new JsonObject(),
                    ["x-kubernetes-group-version-kind"] = type,
                },
            };
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.GitVersion },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static string PathOf(ResourceKind kind) =>
        kind.Resource.Group.Length == 0 ? $"/api/{kind.Resource.Version}" : $"/apis/{kind.Resource.Group}/{kind.Resource.Version}";

    private static JsonObject QueryParameter(string name) => new()
    {
        ["name"] = name,
        ["in"] = "query",
        ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
    };
}

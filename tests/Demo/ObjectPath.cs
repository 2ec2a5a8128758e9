using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Demo;

/// <summary>Where an object is on the API server.</summary>
internal sealed record ObjectPath(string Uri)
{
    private const string Patches = $"apis/{Names.Group}/{Names.Version}";

    public static ObjectPath Namespace(string name) => new($"api/v1/namespaces/{name}");

    public static ObjectPath Service(string ns, string name) => new($"api/v1/namespaces/{ns}/services/{name}");

    public static ObjectPath Deployment(string ns, string name) => new($"apis/apps/v1/namespaces/{ns}/deployments/{name}");

    public static ObjectPath Patch(string ns, string name) => new($"{Patches}/namespaces/{ns}/{Names.EmergencyPatchPlural}/{name}");

    public static ObjectPath Definition(string name) => new($"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");

    public static ObjectPath Rbac(string ns, string plural, string name) => new($"apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/{plural}/{name}");

    public static string AllPatches(string ns) => $"{Patches}/namespaces/{ns}/{Names.EmergencyPatchPlural}";

    public static string Pods(string ns) => $"api/v1/namespaces/{ns}/pods";

    public static string EventsOf(string ns, string patch) =>
        $"api/v1/namespaces/{ns}/events?fieldSelector={System.Uri.EscapeDataString($"involvedObject.name={patch}")}";

    public static ObjectPath Of(JsonObject manifest)
    {
        var (name, ns) = (manifest["metadata"]!["name"]!.GetValue<string>(), manifest["metadata"]!["namespace"]?.GetValue<string>() ?? "");
        return manifest["kind"]!.GetValue<string>() switch
        {
            "Namespace" => Namespace(name),
            "Service" => Service(ns, name),
            "Deployment" => Deployment(ns, name),
            "CustomResourceDefinition" => Definition(name),
            "Role" => Rbac(ns, "roles", name),
            "RoleBinding" => Rbac(ns, "rolebindings", name),
            Names.EmergencyPatchKind => Patch(ns, name),
            var kind => throw new ArgumentException($"the demo has no {kind}", nameof(manifest)),
        };
    }
}

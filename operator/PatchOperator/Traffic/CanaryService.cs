using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches;

namespace PatchOperator.Traffic;

/// <summary>The Service of a canary, made from stable's own: routes name it, and metrics of gateways and Ingress controllers can be told apart by its name.</summary>
internal static class CanaryService
{
    private const int LongestName = 63;

    /// <summary>Labels by which Helm and GitOps tools know what is theirs; with them they would take the canary's Service for one that has no manifest, and remove it.</summary>
    private static readonly string[] Tracking = ["app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/", "argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"];

    /// <summary><c>SERVICE-canary</c>.</summary>
    public static string NameOf(string service) => Apart(service, LongestName);

    /// <summary>With the suffix <c>-canary</c>; a name that would be too long is cut and told apart by a digest.</summary>
    public static string Apart(string name, int longest)
    {
        var room = longest - Names.CanarySuffix.Length;
        return (name.Length <= room ? name : $"{name[..(room - 6)]}-{Digest(name)[..5]}") + Names.CanarySuffix;
    }

    /// <param name="patch">The owner.</param>
    /// <param name="workload">By its name in the spec.</param>
    /// <param name="stable">The user's Service as the API server gave it.</param>
    /// <param name="selector">Whose pods get its requests.</param>
    public static JsonObject Of(EmergencyPatch patch, string workload, JsonObject stable, IReadOnlyDictionary<string, string> selector)
    {
        var name = stable["metadata"]!["name"]!.GetValue<string>();
        var labels = new JsonObject();
        foreach (var (key, value) in stable["metadata"]!["labels"] as JsonObject ?? [])
        {
            if (!Tracking.Any(t => t.EndsWith('/') ? key.StartsWith(t, StringComparison.Ordinal) : key == t))
            {
                // So that what scrapes stable's Service scrapes this one, too.
                labels[key] = value?.DeepClone();
            }
        }

        labels[Labels.ManagedBy] = Names.FieldManager;
        labels[Labels.Track] = Labels.TrackCanary;
        labels[Labels.PatchUid] = patch.Metadata.Uid;

        // Not kept is internalTrafficPolicy: with Local, callers on nodes without one of the canary's few pods would get no answer.
        var spec = new JsonObject { ["type"] = "ClusterIP", ["selector"] = new JsonObject(selector.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)JsonValue.Create(s.Value)))), ["ports"] = Ports(stable["spec"]?["ports"]) };
        foreach (var kept in (string[])["sessionAffinity", "sessionAffinityConfig", "publishNotReadyAddresses", "ipFamilies", "ipFamilyPolicy", "trafficDistribution"])
        {
            if (stable["spec"]?[kept] is { } value)
            {
                spec[kept] = value.DeepClone();
            }
        }

        if (stable["spec"]?["clusterIP"] is JsonValue ip && ip.TryGetValue(out string? headless) && headless == "None")
        {
            spec["clusterIP"] = "None";
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject
            {
                ["name"] = NameOf(name),
                ["namespace"] = patch.Metadata.Namespace,
                ["labels"] = labels,
                ["annotations"] = new JsonObject { [Annotations.Patch] = patch.Metadata.Name },
                ["ownerReferences"] = CanaryOwner.References(patch, workload, stable),
            },
            ["spec"] = spec,
        };
    }

    /// <param name="stable">Of the user's Service.</param>
    public static JsonArray Ports(JsonNode? stable)
    {
        var ports = new JsonArray();
        foreach (var port in (stable as JsonArray ?? []).OfType<JsonObject>())
        {
            var copy = port.DeepClone().AsObject();
            copy.Remove("nodePort");

            // Older servers merge ports by number and protocol, and want both.
            copy["protocol"] ??= "TCP";
            ports.Add((JsonNode)copy);
        }

        return ports;
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;

namespace PatchOperator.Traffic;

/// <summary>
/// The second Ingress by which ingress-nginx gives a canary its share. It repeats the paths of the first that lead to the workload, and nothing that would
/// make other programs act a second time: no annotation of certificate managers or DNS controllers, and TLS only by naming the same Secrets.
/// </summary>
internal static class CanaryIngress
{
    public const string ClassAnnotation = "kubernetes.io/ingress.class";
    private const string Nginx = "nginx.ingress.kubernetes.io/";
    public const string IsCanary = Nginx + "canary";
    public const string Weight = Nginx + "canary-weight";
    private const string WeightTotal = Nginx + "canary-weight-total";
    private const string ClassName = "ingressClassName";

    /// <summary>The only annotations of its own that ingress-nginx heeds on a canary; all others it takes from the first Ingress.</summary>
    private static readonly string[] Heeded = ["load-balance", "upstream-hash-by", "affinity", "session-cookie-"];

    /// <summary>external-dns leaves alone what another controller claims; without it, it would take the same names into its books a second time.</summary>
    private static readonly (string Key, string Value) NotForDns = ("external-dns.alpha.kubernetes.io/controller", Names.FieldManager);

    /// <summary>Services that the Ingress names, in order.</summary>
    public static IReadOnlyList<string> ServicesOf(JsonObject spec) => [.. Backends(spec).Select(ServiceOf).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Host and path pairs, to see whether two Ingresses are about the same requests.</summary>
    public static IEnumerable<(string Host, string Path)> PathsOf(JsonObject spec) =>
        from rule in Objects(spec["rules"])
        from path in Objects(rule["http"]?["paths"])
        select (Text(rule["host"]) ?? "", Text(path["path"]) ?? "/");

    /// <param name="patch">The owner.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="stable">The user's Ingress: annotations and spec.</param>
    /// <param name="services">The Services that lead to the workload.</param>
    /// <param name="weight">Percent.</param>
    /// <param name="preview">Whose requests reach the canary in any case.</param>
    public static JsonObject Of(
        EmergencyPatch patch, string name, (IReadOnlyDictionary<string, string>? Annotations, JsonObject Spec) stable, IReadOnlyCollection<string> services, int weight, PreviewIntent? preview) => new()
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "Ingress",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = patch.Metadata.Namespace,

                // Stable's own labels are left out: Argo CD or Helm would take it for theirs.
                ["labels"] = new JsonObject { [Labels.ManagedBy] = Names.FieldManager, [Labels.Track] = Labels.TrackCanary, [Labels.PatchUid] = patch.Metadata.Uid },
                ["annotations"] = Annotations(patch, stable.Annotations, weight, preview),
                ["ownerReferences"] = new JsonArray(CanaryOwner.Patch(patch)),
            },
            ["spec"] = Spec(stable.Spec, services),
        };

    /// <summary>Percent that an Ingress of ours gives the canary.</summary>
    public static int PercentOf(IReadOnlyDictionary<string, string>? annotations)
    {
        var weight = Number(annotations, Weight) ?? 0;
        var total = Number(annotations, WeightTotal) ?? 100;
        return annotations?.GetValueOrDefault(IsCanary) == "true" && total > 0 ? (int)Math.Round(100.0 * weight / total, MidpointRounding.AwayFromZero) : 0;
    }

    /// <summary>Some request may reach the canary through it.</summary>
    public static bool LetsAnyoneIn(IReadOnlyDictionary<string, string>? annotations) =>
        PercentOf(annotations) > 0 || (annotations ?? new Dictionary<string, string>()).Keys.Any(k => k.StartsWith(Nginx + "canary-by-", StringComparison.Ordinal));

    /// <summary>
    /// Whether an Ingress is the one that is wanted, in everything by which requests are led. What admission adds to all Ingresses, a default class or
    /// annotations of a policy, decides nothing here: of a canary ingress-nginx heeds only what says who gets it, and what it has from us.
    /// </summary>
    public static bool IsAsWanted(IReadOnlyDictionary<string, string>? annotations, JsonObject spec, JsonObject wanted)
    {
        var present = annotations ?? new Dictionary<string, string>();
        var marks = wanted["metadata"]!["annotations"]!.AsObject().Where(a => a.Key.StartsWith(Nginx, StringComparison.Ordinal));
        return Foreign(annotations, wanted).Length == 0
            && marks.All(m => present.GetValueOrDefault(m.Key) == m.Value!.GetValue<string>())
            && JsonNode.DeepEquals(WithoutClass(spec), WithoutClass(wanted["spec"]!.AsObject()))
            && (wanted["spec"]![ClassName] is not { } name || JsonNode.DeepEquals(name, spec[ClassName]));
    }

    /// <summary>Annotations by which ingress-nginx would lead requests to a canary and that are not wanted.</summary>
    public static string[] Foreign(IReadOnlyDictionary<string, string>? annotations, JsonObject wanted) =>
        [.. (annotations ?? new Dictionary<string, string>()).Keys.Where(k => (k == IsCanary || k.StartsWith(IsCanary + "-", StringComparison.Ordinal)) && !wanted["metadata"]!["annotations"]!.AsObject().ContainsKey(k))];

    private static JsonObject WithoutClass(JsonObject spec)
    {
        var copy = spec.DeepClone().AsObject();
        copy.Remove(ClassName);
        return copy;
    }

    private static JsonObject Annotations(EmergencyPatch patch, IReadOnlyDictionary<string, string>? stable, int weight, PreviewIntent? preview)
    {
        var annotations = new JsonObject
        {
            [Domain.Api.V1Alpha1.Annotations.Patch] = patch.Metadata.Name,
            [NotForDns.Key] = NotForDns.Value,
            [IsCanary] = "true",
            [Weight] = weight.ToString(CultureInfo.InvariantCulture),
        };
        if (preview?.Header is { } header)
        {
            annotations[Nginx + "canary-by-header"] = header;
            annotations[Nginx + "canary-by-header-value"] = preview.Value;
        }
        else if (preview?.Cookie is { } cookie)
        {
            annotations[Nginx + "canary-by-cookie"] = cookie;
        }

        foreach (var (key, value) in stable ?? new Dictionary<string, string>())
        {
            if (key == ClassAnnotation || Heeded.Any(h => key.StartsWith(Nginx + h, StringComparison.Ordinal)))
            {
                annotations[key] = value;
            }
        }

        return annotations;
    }

    private static JsonObject Spec(JsonObject stable, IReadOnlyCollection<string> services)
    {
        var spec = new JsonObject();
        if (stable[ClassName] is { } name)
        {
            spec[ClassName] = name.DeepClone();
        }

        if (stable["defaultBackend"] is JsonObject fallback && Redirected(fallback, services) is { } redirected)
        {
            spec["defaultBackend"] = redirected;
        }

        var rules = Rules(stable, services);
        if (rules.Count > 0)
        {
            spec["rules"] = rules;
        }

        var hosts = rules.OfType<JsonObject>().Select(r => Text(r["host"])).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var tls = new JsonArray([.. Objects(stable["tls"]).Where(t => Texts(t["hosts"]).Any(hosts.Contains)).Select(t => (JsonNode)t.DeepClone())]);
        if (tls.Count > 0)
        {
            spec["tls"] = tls;
        }

        return spec;
    }

    private static JsonArray Rules(JsonObject stable, IReadOnlyCollection<string> services)
    {
        var rules = new JsonArray();
        foreach (var rule in Objects(stable["rules"]))
        {
            var paths = new JsonArray();
            foreach (var path in Objects(rule["http"]?["paths"]))
            {
                if (path["backend"] is JsonObject backend && Redirected(backend, services) is { } redirected)
                {
                    var copy = path.DeepClone().AsObject();
                    copy["backend"] = redirected;
                    paths.Add((JsonNode)copy);
                }
            }

            if (paths.Count > 0)
            {
                var copy = rule.DeepClone().AsObject();
                copy["http"]!["paths"] = paths;
                rules.Add((JsonNode)copy);
            }
        }

        return rules;
    }

    private static JsonObject? Redirected(JsonObject backend, IReadOnlyCollection<string> services)
    {
        if (ServiceOf(backend) is not { } service || !services.Contains(service))
        {
            return null;
        }

        var copy = backend.DeepClone().AsObject();
        copy["service"]!["name"] = CanaryService.NameOf(service);
        return copy;
    }

    private static IEnumerable<JsonObject> Backends(JsonObject spec) => Objects(spec["rules"])
        .SelectMany(rule => Objects(rule["http"]?["paths"]))
        .Select(path => path["backend"] as JsonObject)
        .Append(spec["defaultBackend"] as JsonObject)
        .OfType<JsonObject>();

    private static string? ServiceOf(JsonObject backend) => Text(backend["service"]?["name"]);

    private static IEnumerable<JsonObject> Objects(JsonNode? items) => items is JsonArray array ? array.OfType<JsonObject>() : [];

    private static IEnumerable<string> Texts(JsonNode? items) => items is JsonArray array ? array.Select(Text).OfType<string>() : [];

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static int? Number(IReadOnlyDictionary<string, string>? annotations, string key) =>
        int.TryParse(annotations?.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

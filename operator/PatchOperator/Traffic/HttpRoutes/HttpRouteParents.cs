using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Traffic;

/// <summary>What the gateways that a route belongs to say about it.</summary>
/// <param name="HaveFollowed">Every parent has taken over the route as it is now: nothing older is being served.</param>
/// <param name="Problem">Why a parent refuses it, with what to change; null while none does.</param>
internal sealed record HttpRouteParents(bool HaveFollowed, string? Problem)
{
    private const string GatewayApi = "gateway.networking.k8s.io";

    public static HttpRouteParents Of(HttpRouteResource route) =>
        Of(route.Metadata.Generation, route.Metadata.Namespace ?? "", Node(route.Spec), Node(route.Status));

    /// <param name="generation">Of the route.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="status">Its status.</param>
    public static HttpRouteParents Of(long generation, string ns, JsonNode? spec, JsonNode? status)
    {
        var wanted = Objects(spec?["parentRefs"]).ToArray();
        if (wanted.Length == 0)
        {
            return new HttpRouteParents(false, "its spec.parentRefs names no Gateway, so no traffic follows it. Name the Gateway that serves it.");
        }

        var reported = Objects(status?["parents"]).ToArray();
        if (reported.Length == 0)
        {
            return new HttpRouteParents(false, $"no controller has reported on it. Is the Gateway {string.Join(", ", wanted.Select(p => Text(p["name"])))} there, and does its GatewayClass have a running controller?");
        }

        var followed = true;
        string? problem = null;
        foreach (var parent in wanted)
        {
            var reports = reported.Where(r => IsOf(r["parentRef"], parent, ns) && (Is(r, parent) || !wanted.Any(w => Is(r, w)))).ToArray();
            followed &= reports.Length > 0;
            foreach (var report in reports)
            {
                var current = Objects(report["conditions"]).Where(c => Text(c["type"]) is "Accepted" or "ResolvedRefs" && Number(c["observedGeneration"]) >= generation).ToDictionary(c => Text(c["type"])!);
                var refused = current.Values.OrderBy(c => Text(c["type"]), StringComparer.Ordinal).FirstOrDefault(c => Text(c["status"]) != "True");
                problem ??= refused is null ? null : Explain(parent, Text(refused["type"])!, refused);

                // A parent that does not accept the route serves nothing of it; what the others serve is another question.
                followed &= current.Count == 2 || (refused is not null && Text(refused["type"]) == "Accepted");
            }
        }

        return new HttpRouteParents(followed, problem);

        // What is said of one parent to the letter is said of no other.
        bool Is(JsonObject report, JsonObject parent) => Identity(report["parentRef"], ns) == Identity(parent, ns);
    }

    /// <summary>Some controllers name the listener that they chose where the route names none, or never name a port.</summary>
    private static bool IsOf(JsonNode? reported, JsonNode? parent, string ns)
    {
        var (theirs, ours) = (Identity(reported, ns), Identity(parent, ns));
        return theirs with { Section = theirs.Section ?? ours.Section, Port = theirs.Port ?? ours.Port } == ours with { Section = ours.Section ?? theirs.Section, Port = ours.Port ?? theirs.Port };
    }

    private static string Explain(JsonObject parent, string type, JsonObject condition)
    {
        var (reason, gateway) = (Text(condition["reason"]), Text(parent["name"]));
        var what = type == "Accepted" ? $"{Text(parent["kind"]) ?? "Gateway"} {gateway} does not accept it" : $"{Text(parent["kind"]) ?? "Gateway"} {gateway} cannot resolve a backend of it";
        var next = reason switch
        {
            "RefNotPermitted" => " A backend in another namespace needs a ReferenceGrant there.",
            "BackendNotFound" => " Create the Service, or correct its name in the route.",
            "NotAllowedByListeners" => " Let the Gateway's listener allow routes of this namespace (spec.listeners[].allowedRoutes).",
            "NoMatchingListenerHostname" => " Let the route's hostnames and those of the Gateway's listener meet.",
            "NoMatchingParent" => " Correct sectionName and port of spec.parentRefs.",
            _ => "",
        };
        var said = Text(condition["message"])?.TrimEnd(' ', '.');
        return $"{what}: {reason}.{(string.IsNullOrEmpty(said) ? "" : $" {said}.")}{next}";
    }

    private static Parent Identity(JsonNode? parent, string ns) => new(
        Text(parent?["group"]) ?? GatewayApi,
        Text(parent?["kind"]) ?? "Gateway",
        Text(parent?["namespace"]) ?? ns,
        Text(parent?["name"]),
        Text(parent?["sectionName"]),
        Number(parent?["port"]));

    private sealed record Parent(string Group, string Kind, string Namespace, string? Name, string? Section, long? Port);

    private static JsonObject? Node(JsonElement element) => element.ValueKind is JsonValueKind.Object ? JsonObject.Create(element) : null;

    private static IEnumerable<JsonObject> Objects(JsonNode? items) => items is JsonArray array ? array.OfType<JsonObject>() : [];

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out long number) ? number : null;
}

using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The columns that kubectl users expect of built-in kinds.</summary>
internal static class BuiltInColumns
{
    private static readonly PrinterColumn Name = new("Name", (o, _) => o.Name()) { Format = "name" };
    private static readonly PrinterColumn Age = new("Age", (o, now) => Ages.Since(o.Text("metadata", "creationTimestamp"), now));
    private static readonly PrinterColumn Containers = Wide("Containers", o => string.Join(",", PodContainers(o).Select(c => c.Text("name"))));
    private static readonly PrinterColumn Images = Wide("Images", o => string.Join(",", PodContainers(o).Select(c => c.Text("image"))));
    private static readonly PrinterColumn SelectorColumn = Wide("Selector", o => Pairs(o.At("spec", "selector", "matchLabels") ?? o.At("spec", "selector")));

    public static IReadOnlyList<PrinterColumn> For(ResourceKind kind)
    {
        if (kind.Columns is { } declared)
        {
            return [Name, .. declared];
        }

        return kind.Kind switch
        {
            "Pod" =>
            [
                Name, Text("Ready", PodReady), Text("Status", PodStatus), Number("Restarts", PodRestarts), Age,
                Wide("IP", o => o.Text("status", "podIP") ?? "<none>"), Wide("Node", o => o.Text("spec", "nodeName") ?? "<none>"),
                Wide("Nominated Node", _ => "<none>"), Wide("Readiness Gates", _ => "<none>"),
            ],
            "Deployment" =>
            [
                Name, Text("Ready", o => $"{Count(o, "status", "readyReplicas")}/{Count(o, "spec", "replicas")}"),
                Number("Up-to-date", o => Count(o, "status", "updatedReplicas")), Number("Available", o => Count(o, "status", "availableReplicas")), Age,
                Containers, Images, SelectorColumn,
            ],
            "ReplicaSet" =>
            [
                Name, Number("Desired", o => Count(o, "spec", "replicas")), Number("Current", o => Count(o, "status", "replicas")),
                Number("Ready", o => Count(o, "status", "readyReplicas")), Age, Containers, Images, SelectorColumn,
            ],
            "StatefulSet" =>
                [Name, Text("Ready", o => $"{Count(o, "status", "readyReplicas")}/{Count(o, "spec", "replicas")}"), Age, Containers, Images],
            "Service" =>
            [
                Name, Text("Type", o => o.Text("spec", "type") ?? ""), Text("Cluster-IP", o => o.Text("spec", "clusterIP") ?? "<none>"),
                Text("External-IP", _ => "<none>"), Text("Port(s)", ServicePorts), Age, SelectorColumn,
            ],
            "Event" =>
            [
                Text("Last Seen", (o, now) => Ages.Since(
                    o.Text("lastTimestamp") ?? o.Text("series", "lastObservedTime") ?? o.Text("eventTime") ?? o.Text("metadata", "creationTimestamp"), now)),
                Text("Type", o => o.Text("type") ?? ""), Text("Reason", o => o.Text("reason") ?? ""),
                Text("Object", o => EventObject(o)),
                Wide("Subobject", o => o.Text("involvedObject", "fieldPath") ?? ""), Wide("Source", o => o.Text("source", "component") ?? o.Text("reportingComponent") ?? ""),
                Text("Message", o => o.Text("message")?.Trim() ?? o.Text("note") ?? ""),
                Wide("First Seen", (o, now) => Ages.Since(o.Text("firstTimestamp") ?? o.Text("eventTime") ?? o.Text("metadata", "creationTimestamp"), now)),
                Wide("Count", o => $"{o.Integer("count") ?? 1}"), Wide("Name", o => o.Name()),
            ],
            "Job" => [Name, Text("Status", JobStatus), Text("Completions", o => $"{Count(o, "status", "succeeded")}/{Count(o, "spec", "completions")}"), Age, Containers, Images],
            "CronJob" =>
            [
                Name, Text("Schedule", o => o.Text("spec", "schedule") ?? ""), Text("Suspend", o => o.At("spec", "suspend").Flag() ? "True" : "False"),
                Number("Active", o => (o.At("status", "active") as JsonArray)?.Count ?? 0),
                Text("Last Schedule", (o, now) => o.Text("status", "lastScheduleTime") is { } last ? Ages.Since(last, now) : "<none>"), Age,
            ],
            "ConfigMap" => [Name, Number("Data", o => (o["data"] as JsonObject)?.Count ?? 0), Age],
            "Secret" => [Name, Text("Type", o => o.Text("type") ?? ""), Number("Data", o => (o["data"] as JsonObject)?.Count ?? 0), Age],
            "Namespace" => [Name, Text("Status", o => o.Text("status", "phase") ?? "Active"), Age],
            "Lease" => [Name, Text("Holder", o => o.Text("spec", "holderIdentity") ?? ""), Age],
            "Endpoints" => [Name, Text("Endpoints", EndpointAddresses), Age],
            "HTTPRoute" => [Name, Text("Hostnames", o => o.At("spec", "hostnames") is { } hosts ? hosts.Compact() : ""), Age],
            "CustomResourceDefinition" => [Name, Text("Created At", o => o.Text("metadata", "creationTimestamp") ?? "")],
            _ => [Name, Age],
        };
    }

    private static PrinterColumn Text(string name, Func<JsonObject, string> cell) => new(name, (o, _) => cell(o));

    private static PrinterColumn Text(string name, Func<JsonObject, DateTimeOffset, string> cell) => new(name, (o, now) => cell(o, now));

    private static PrinterColumn Wide(string name, Func<JsonObject, string> cell) => Text(name, cell) with { Priority = 1 };

    private static PrinterColumn Wide(string name, Func<JsonObject, DateTimeOffset, string> cell) => Text(name, cell) with { Priority = 1 };

    private static PrinterColumn Number(string name, Func<JsonObject, long> cell) => new(name, (o, _) => cell(o)) { Type = "integer" };

    private static long Count(JsonObject obj, params ReadOnlySpan<string> path) => obj.Integer(path) ?? 0;

    private static IEnumerable<JsonObject> PodContainers(JsonObject obj) => obj.Objects("spec", "template", "spec", "containers");

    private static string Pairs(JsonNode? map) =>
        map is JsonObject { Count: > 0 } obj ? string.Join(",", obj.Select(p => $"{p.Key}={p.Value.Text()}")) : "<none>";

    private static string PodReady(JsonObject pod) =>
        $"{pod.Objects("status", "containerStatuses").Count(s => s.Flag("ready"))}/{pod.Objects("spec", "containers").Count()}";

    private static long PodRestarts(JsonObject pod) => pod.Objects("status", "containerStatuses").Sum(s => s.Integer("restartCount") ?? 0);

    private static string PodStatus(JsonObject pod) => pod.IsTerminating()
        ? "Terminating"
        : pod.Objects("status", "containerStatuses")
            .Select(s => s.Text("state", "waiting", "reason") ?? s.Text("state", "terminated", "reason"))
            .FirstOrDefault(r => r is not null) ?? pod.Text("status", "reason") ?? pod.Text("status", "phase") ?? "Unknown";

    private static string ServicePorts(JsonObject service) => string.Join(",", service.Objects("spec", "ports").Select(p =>
        p.Integer("nodePort") is { } node ? $"{p.Integer("port")}:{node}/{p.Text("protocol")}" : $"{p.Integer("port")}/{p.Text("protocol")}"));

    private static string EventObject(JsonObject e)
    {
        var about = e["involvedObject"] ?? e["regarding"];
        return $"{about.Text("kind")?.ToLowerInvariant()}/{about.Text("name")}";
    }

    private static string JobStatus(JsonObject job) =>
        job.Objects("status", "conditions").Where(c => c.Text("status") == "True").Select(c => c.Text("type"))
            .FirstOrDefault(t => t is "Complete" or "Failed" or "Suspended") ?? "Running";

    private static string EndpointAddresses(JsonObject endpoints)
    {
        var all = endpoints.Objects("subsets")
            .SelectMany(s => s.Objects("addresses").SelectMany(a => s.Objects("ports").Select(p => $"{a.Text("ip")}:{p.Integer("port")}")))
            .ToList();
        return all.Count switch
        {
            0 => "<none>",
            > 3 => string.Join(",", all.Take(3)) + $" + {all.Count - 3} more...",
            _ => string.Join(",", all),
        };
    }
}

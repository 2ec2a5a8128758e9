using System.Globalization;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Builds the objects that say where a Service's pods are. Pure.</summary>
internal static class EndpointObjects
{
    public const string ServiceNameLabel = "kubernetes.io/service-name";
    public const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    public const string Manager = "endpointslice-controller.k8s.io";

    /// <summary>Ready pods in <c>addresses</c>, the others in <c>notReadyAddresses</c>; terminating ones nowhere.</summary>
    public static JsonObject Endpoints(JsonObject service, List<JsonObject> pods)
    {
        var publishAll = service.Flag("spec", "publishNotReadyAddresses");
        var subsets = new JsonArray();
        foreach (var group in ByPorts(service, pods.Where(pod => publishAll || !pod.IsTerminating())))
        {
            var subset = new JsonObject();
            foreach (var (field, ready) in new[] { ("addresses", true), ("notReadyAddresses", false) })
            {
                var addresses = group.Where(pod => (publishAll || IsReady(pod)) == ready)
                    .Select(pod => (JsonNode)new JsonObject
                    {
                        ["ip"] = pod.Text("status", "podIP"),
                        ["nodeName"] = pod.Text("spec", "nodeName"),
                        ["targetRef"] = Reference(pod),
                    }).ToArray();
                if (addresses.Length > 0)
                {
                    subset[field] = new JsonArray(addresses);
                }
            }

            subset["ports"] = JsonNode.Parse(group.Key);
            subsets.Add(subset);
        }

        return new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = new JsonObject { ["name"] = service.Name(), ["namespace"] = service.Namespace(), ["labels"] = service.Labels()?.DeepClone() ?? new JsonObject() },
            ["subsets"] = subsets,
        };
    }

    /// <summary>One slice for each set of port numbers; terminating pods stay in it and are marked.</summary>
    public static List<JsonObject> Slices(JsonObject service, List<JsonObject> pods)
    {
        var publishAll = service.Flag("spec", "publishNotReadyAddresses");
        return ByPorts(service, pods).Select(group => new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{service.Name()}-{PodTemplateHash.Short(group.Key, 5)}",
                ["namespace"] = service.Namespace(),
                ["labels"] = new JsonObject { [ServiceNameLabel] = service.Name(), [ManagedByLabel] = Manager },
                ["ownerReferences"] = new JsonArray(service.ControllerReference("v1", "Service")),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray([.. group.Select(pod => new JsonObject
            {
                ["addresses"] = new JsonArray(pod.Text("status", "podIP")),
                ["conditions"] = new JsonObject
                {
                    ["ready"] = publishAll || (IsReady(pod) && !pod.IsTerminating()),
                    ["serving"] = IsReady(pod),
                    ["terminating"] = pod.IsTerminating(),
                },
                ["nodeName"] = pod.Text("spec", "nodeName"),
                ["targetRef"] = Reference(pod),
            })]),
            ["ports"] = JsonNode.Parse(group.Key),
        }).ToList();
    }

    private static bool IsReady(JsonObject pod) => Conditions.IsTrue(pod["status"], "Ready");

    private static JsonObject Reference(JsonObject pod) =>
        new() { ["kind"] = "Pod", ["namespace"] = pod.Namespace(), ["name"] = pod.Name(), ["uid"] = pod.Uid() };

    /// <summary>A named target port may be another number in each pod.</summary>
    private static IEnumerable<IGrouping<string, JsonObject>> ByPorts(JsonObject service, IEnumerable<JsonObject> pods) =>
        pods.GroupBy(pod => Ports(service, pod).ToJsonString());

    private static JsonArray Ports(JsonObject service, JsonObject pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.Items("spec", "ports"))
        {
            var target = port["targetPort"];
            var number = target.Text() is { } name
                ? NamedPort(pod, name)
                : target.Number() ?? port.Number("port");
            if (number is null)
            {
                continue;
            }

            var resolved = new JsonObject { ["port"] = number, ["protocol"] = port.Text("protocol") ?? "TCP" };
            if (port.Text("name") is { } portName)
            {
                resolved["name"] = portName;
            }

            ports.Add(resolved);
        }

        return ports;
    }

    private static int? NamedPort(JsonObject pod, string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : pod.Items("spec", "containers").SelectMany(container => container.Items("ports"))
                .FirstOrDefault(port => port.Text("name") == name).Number("containerPort");
}

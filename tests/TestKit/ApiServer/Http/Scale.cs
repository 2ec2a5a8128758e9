using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The /scale view of a workload.</summary>
internal static class Scale
{
    public static JsonObject Of(JsonObject workload) => new()
    {
        ["kind"] = "Scale",
        ["apiVersion"] = "autoscaling/v1",
        ["metadata"] = new JsonObject
        {
            ["name"] = workload.Name(),
            ["namespace"] = workload.Namespace(),
            ["uid"] = workload.Text("metadata", "uid"),
            ["resourceVersion"] = workload.Text("metadata", "resourceVersion"),
            ["creationTimestamp"] = workload.Text("metadata", "creationTimestamp"),
        },
        ["spec"] = new JsonObject { ["replicas"] = workload.Integer("spec", "replicas") ?? 0 },
        ["status"] = new JsonObject
        {
            ["replicas"] = workload.Integer("status", "replicas") ?? 0,
            ["selector"] = string.Join(",", (workload.At("spec", "selector", "matchLabels") as JsonObject ?? []).Select(l => $"{l.Key}={l.Value.Text()}")),
        },
    };

    public static JsonObject Onto(JsonObject workload, JsonObject scale)
    {
        var next = workload.Copy();
        next.Child("spec")["replicas"] = scale.Integer("spec", "replicas") ?? 0;
        if (scale.Text("metadata", "resourceVersion") is { Length: > 0 } version)
        {
            next.Meta()["resourceVersion"] = version;
        }

        return next;
    }
}

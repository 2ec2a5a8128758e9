using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>What a node reports of a pod. Conditions that others own (readiness gates) are kept.</summary>
internal static class PodStatus
{
    public static JsonObject Next(JsonObject pod, NodePod running, string hostIp, bool probed, DateTimeOffset now)
    {
        var status = (pod["status"] as JsonObject)?.Copy() ?? [];
        var instance = running.Instance;
        var waiting = instance.Waiting;
        var containersReady = probed && instance.Ready && waiting is null;
        if (waiting is (PodBehaviour.UnschedulableReason, var scheduler))
        {
            status["phase"] = "Pending";
            Put(status, now, "PodScheduled", false, PodBehaviour.UnschedulableReason, scheduler);
            return status;
        }

        // A container that never started leaves the pod Pending; one that started and fell over does not.
        var startedOnce = waiting is null || instance.RestartCount > 0 || waiting.Value.Reason == "CrashLoopBackOff";

        status["phase"] = startedOnce ? "Running" : "Pending";
        status["hostIP"] = hostIp;
        status["podIP"] = instance.Ip;
        status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = instance.Ip });
        status["startTime"] = Json.Timestamp(running.Started);
        status["qosClass"] ??= "Burstable";

        var gates = pod.Items("spec", "readinessGates").Select(gate => gate.Text("conditionType") ?? "").ToList();
        var closedGate = gates.Find(gate => !Conditions.IsTrue(status, gate));
        var unready = string.Join(' ', pod.Items("spec", "containers").Select(container => container.Text("name")));
        Put(status, now, "PodScheduled", true);
        Put(status, now, "Initialized", true);
        Put(status, now, "ContainersReady", containersReady, "ContainersNotReady", $"containers with unready status: [{unready}]");
        Put(status, now, "Ready", containersReady && closedGate is null,
            containersReady ? "ReadinessGatesNotReady" : "ContainersNotReady",
            containersReady ? $"corresponding condition of pod readiness gate \"{closedGate}\" does not exist or is not True." : $"containers with unready status: [{unready}]");

        status["containerStatuses"] = new JsonArray(
            [.. pod.Items("spec", "containers").Select(container => Container(container, running, containersReady, startedOnce))]);
        return status;
    }

    private static JsonObject Container(JsonObject container, NodePod running, bool ready, bool startedOnce)
    {
        var image = container.Text("image") ?? "";
        var waiting = running.Instance.Waiting;
        var status = new JsonObject
        {
            ["name"] = container.Text("name"),
            ["image"] = image,
            ["imageID"] = startedOnce ? ImageId(image) : "",
            ["ready"] = ready,
            ["started"] = waiting is null,
            ["restartCount"] = running.Instance.RestartCount,
            ["state"] = waiting is { } why
                ? new JsonObject { ["waiting"] = new JsonObject { ["reason"] = why.Reason, ["message"] = why.Message } }
                : new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Json.Timestamp(running.Started) } },
        };
        if (running.Instance.RestartCount > 0)
        {
            status["lastState"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = 1, ["reason"] = "Error" } };
        }

        return status;
    }

    /// <summary>An image named by tag still runs as one digest; here it is made from the name, so that equal names are equal images.</summary>
    private static string ImageId(string image)
    {
        if (image.Contains("@sha256:", StringComparison.Ordinal))
        {
            return image;
        }

        var slash = image.LastIndexOf('/');
        var colon = image.IndexOf(':', slash + 1);
        var repository = colon < 0 ? image : image[..colon];
        return $"{repository}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image)))}";
    }

    private static void Put(JsonObject status, DateTimeOffset now, string type, bool holds, string? reason = null, string? message = null)
    {
        var condition = new JsonObject { ["type"] = type, ["status"] = holds ? "True" : "False" };
        if (!holds)
        {
            condition["reason"] = reason;
            condition["message"] = message;
        }

        Conditions.Put(status, condition, now);
    }
}

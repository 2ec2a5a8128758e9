using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;

namespace PatchOperator.Compatibility;

/// <summary>
/// The Job's pod is the patched image and nothing of the shop's: no environment, no volumes, no service account, none of its labels, so that no
/// Service sends it a request. Only what the image needs to be pulled and scheduled is taken from the workload.
/// </summary>
internal static class InventoryJobManifest
{
    public const string Container = "inventory";

    private static readonly string[] Taken = ["imagePullSecrets", "nodeSelector", "tolerations", "securityContext", "runtimeClassName"];

    public static JsonObject Of(EmergencyPatch patch, CollectInventory action, JsonObject workload)
    {
        var spec = workload["spec"]!;
        var template = (action.Workload.Kind is WorkloadKind.CronJob ? spec["jobTemplate"]!["spec"]! : spec)["template"]?["spec"] as JsonObject ?? [];
        var original = PodContainers.Of(template).FirstOrDefault(each => each["name"]?.ToString() == action.Container) ?? [];
        var pod = new JsonObject
        {
            ["restartPolicy"] = "Never",
            ["automountServiceAccountToken"] = false,
            ["enableServiceLinks"] = false,
            ["terminationGracePeriodSeconds"] = 1,
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = Container,
                ["image"] = action.Image,
                ["command"] = new JsonArray([.. action.Command.Select(part => (JsonNode)part)]),
                ["securityContext"] = Security(original["securityContext"] as JsonObject),
                ["resources"] = new JsonObject
                {
                    ["requests"] = new JsonObject { ["cpu"] = "50m", ["memory"] = "64Mi" },
                    ["limits"] = new JsonObject { ["memory"] = "512Mi" },
                },
            }),
        };
        foreach (var member in Taken)
        {
            if (template[member] is { } value)
            {
                pod[member] = value.DeepClone();
            }
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = action.Job,
                ["labels"] = new JsonObject { [Labels.ManagedBy] = Names.FieldManager },
                ["annotations"] = new JsonObject { [Annotations.Patch] = patch.Metadata.Name },
                ["ownerReferences"] = new JsonArray(CanaryOwner.Patch(patch)),
            },
            ["spec"] = new JsonObject
            {
                ["backoffLimit"] = 1,
                ["activeDeadlineSeconds"] = (int)Math.Ceiling(action.Timeout.TotalSeconds),
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Labels.ManagedBy] = Names.FieldManager } },
                    ["spec"] = pod,
                },
            },
        };
    }

    /// <summary>The user that the image runs as stays; printing a file needs no privilege.</summary>
    private static JsonObject Security(JsonObject? original)
    {
        var security = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        foreach (var member in (string[])["runAsUser", "runAsGroup", "runAsNonRoot"])
        {
            if (original?[member] is { } value)
            {
                security[member] = value.DeepClone();
            }
        }

        return security;
    }
}

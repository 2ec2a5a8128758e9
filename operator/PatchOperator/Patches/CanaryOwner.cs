using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>Whose a canary's objects are.</summary>
internal static class CanaryOwner
{
    /// <summary>By the label: references are cut by the garbage collector when a patch is deleted with <c>--cascade=orphan</c> or <c>foreground</c>.</summary>
    public static bool IsOf(EmergencyPatch patch, ObjectMeta canary) =>
        canary.Labels?.GetValueOrDefault(Labels.PatchUid) == patch.Metadata.Uid || (canary.OwnerReferences ?? []).Any(o => o.Uid == patch.Metadata.Uid);

    /// <summary>
    /// The patch; and, where an HTTPRoute splits the traffic, what stable has of the same kind. Without it a deletion in the foreground would have the garbage
    /// collector remove what the route still sends requests to, before the operator can turn the route back, or while there is no operator.
    /// </summary>
    public static JsonArray References(EmergencyPatch patch, string workload, JsonObject stable)
    {
        var references = new JsonArray(Patch(patch));
        if (IsShared(patch, workload))
        {
            references.Add((JsonNode)new JsonObject
            {
                ["apiVersion"] = stable["apiVersion"]!.DeepClone(),
                ["kind"] = stable["kind"]!.DeepClone(),
                ["name"] = stable["metadata"]!["name"]!.DeepClone(),
                ["uid"] = stable["metadata"]!["uid"]!.DeepClone(),
            });
        }

        return references;
    }

    /// <summary>False where stable's was made anew: the garbage collector cuts the reference to one that is gone.</summary>
    public static bool HasSecond(EmergencyPatch patch, string workload, ObjectMeta canary, ObjectMeta stable) =>
        !IsShared(patch, workload) || (canary.OwnerReferences ?? []).Any(o => o.Uid == stable.Uid);

    private static bool IsShared(EmergencyPatch patch, string workload) =>
        patch.Status?.Workloads?.FirstOrDefault(w => w.Name == workload)?.Routes?.Any(r => r.Ref().Kind is RouteKind.HTTPRoute) is true;

    public static JsonObject Patch(EmergencyPatch patch) => new()
    {
        ["apiVersion"] = Names.ApiVersion,
        ["kind"] = Names.EmergencyPatchKind,
        ["name"] = patch.Metadata.Name,
        ["uid"] = patch.Metadata.Uid,
        ["controller"] = true,
    };
}

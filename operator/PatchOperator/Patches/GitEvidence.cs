using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>
/// Who, besides us, says that a workload's containers run these images. Inside the cluster Git is seen only by what its tools leave behind:
/// ownership of the field (server-side apply), the last applied configuration (client-side apply), or our own mark gone (replace).
/// </summary>
/// <param name="NamedBy">Who names the patched images, or null.</param>
/// <param name="ImageOwner">Who else set the image that is there now, or null.</param>
/// <param name="OwnsImages">Whether we are named as an owner of one of the images.</param>
/// <param name="OwnsSuspension">Whether we are named as an owner of a CronJob's suspension.</param>
internal sealed record GitEvidence(string? NamedBy, string? ImageOwner, bool OwnsImages, bool OwnsSuspension)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    public static GitEvidence Of(JsonObject workload, IReadOnlyList<ImageRecord> patched, IReadOnlyList<string> podTemplate)
    {
        string[] containers = [.. patched.Select(p => p.Container)];
        var owner = Owner(workload, containers, podTemplate);
        var named = !RunsAll(workload, patched, podTemplate) ? null
            : owner is not null ? owner
            : LastAppliedNames(workload, patched, podTemplate) ? "the last applied configuration"
            : !IsMarked(workload) ? "whoever replaced the object"
            : null;
        JsonObject[] ours = [.. FieldOwners.Ours(workload)];
        return new GitEvidence(
            named, owner, ours.Any(entry => containers.Any(c => FieldOwners.OwnsImage(entry, podTemplate, c))), ours.Any(entry => FieldOwners.Owns(entry, ["f:spec", "f:suspend"])));
    }

    /// <summary>The manager, other than us, that owns the images of all these containers. Whoever changes a field takes it from all others.</summary>
    private static string? Owner(JsonObject workload, IReadOnlyList<string> containers, IReadOnlyList<string> podTemplate) =>
        FieldOwners.Others(workload)
            .Where(entry => containers.All(c => FieldOwners.OwnsImage(entry, podTemplate, c)))
            .Select(entry => Text(entry["manager"]))
            .FirstOrDefault();

    private static bool LastAppliedNames(JsonObject workload, IReadOnlyList<ImageRecord> patched, IReadOnlyList<string> podTemplate)
    {
        try
        {
            return Text(workload["metadata"]?["annotations"]?[LastApplied]) is { } text && JsonNode.Parse(text) is JsonObject applied && RunsAll(applied, patched, podTemplate);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool RunsAll(JsonObject workload, IReadOnlyList<ImageRecord> patched, IReadOnlyList<string> podTemplate)
    {
        var spec = podTemplate.Aggregate((JsonNode?)workload, (at, name) => (at as JsonObject)?[name]);
        var containers = PodContainers.Of(spec).ToArray();
        return patched.All(p => containers.Any(c => Text(c["name"]) == p.Container && ImageReference.IsSame(Text(c["image"]), p.Image)));
    }

    private static bool IsMarked(JsonObject workload) => workload["metadata"]?["annotations"]?[Annotations.PatchedBy] is not null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

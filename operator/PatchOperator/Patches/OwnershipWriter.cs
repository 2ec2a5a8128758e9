using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Lets go of a workload: our mark, and our name beside its images. Values stay, so no pod is touched and no generation grows.</summary>
internal sealed class OwnershipWriter(IClusterClient client, WorkloadCaches workloads)
{
    public async Task ReleaseAsync(EmergencyPatch patch, ReleaseImages action, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", action.Workload.Name);
        var type = await workloads.TypeAsync(action.Workload.Kind, cancellation);
        var workload = await client.GetAsync(type, key, cancellation);
        var change = new JsonPatch().Test(["metadata", "uid"], action.StableUid);
        var template = WorkloadWriter.PodTemplateOf(action.Workload.Kind);
        var entries = workload["metadata"]?["managedFields"] as JsonArray ?? [];
        var left = new JsonArray([.. entries.Select(entry => Without(entry!.AsObject(), action, template)).OfType<JsonNode>()]);
        if (action.PreviousMark is null && !JsonNode.DeepEquals(entries, left))
        {
            // An empty list would change nothing; one empty entry is how the API server is told to clear it.
            change.Test(["metadata", "managedFields"], entries).Replace(["metadata", "managedFields"], left.Count > 0 ? left : new JsonArray(new JsonObject()));
        }

        if (workload["metadata"]?["annotations"]?[Annotations.PatchedBy] is { } mark)
        {
            string[] path = ["metadata", "annotations", Annotations.PatchedBy];
            change.Test(path, mark);
            if (action.PreviousMark is { } previous)
            {
                change.Replace(path, previous);
            }
            else
            {
                change.Remove(path);
            }
        }

        await workloads.ObserveAsync(action.Workload.Kind, client.JsonPatchAsync(type, key, change, cancellation, fieldManager: Names.FieldManager), cancellation);
    }

    /// <summary>The entry without what a run writes to a workload, or null when nothing else is in it.</summary>
    private static JsonObject? Without(JsonObject entry, ReleaseImages action, IReadOnlyList<string> podTemplate)
    {
        var copy = entry.DeepClone().AsObject();
        if (copy["manager"]?.GetValue<string>() != Names.FieldManager || copy["subresource"] is not null || copy["fieldsV1"] is not JsonObject fields)
        {
            return copy;
        }

        foreach (var container in action.Containers)
        {
            foreach (var image in FieldOwners.Image(podTemplate, container))
            {
                Remove(fields, [.. image]);
            }
        }

        foreach (var name in (string[])[Annotations.PatchedBy, Annotations.AppliedByPatch, Annotations.AppliedAt, Annotations.PreviousImages])
        {
            Remove(fields, ["f:metadata", "f:annotations", $"f:{name}"]);
        }

        if (action.Workload.Kind is WorkloadKind.CronJob)
        {
            // It is as its user had it again: whoever ignores fields of ours must see the next change of it.
            Remove(fields, ["f:spec", "f:suspend"]);
        }

        return fields.Count > 0 ? copy : null;
    }

    /// <summary>Removes the path, and what held nothing else.</summary>
    private static void Remove(JsonObject fields, ReadOnlySpan<string> path)
    {
        if (path.Length == 1)
        {
            fields.Remove(path[0]);
        }
        else if (fields[path[0]] is JsonObject child)
        {
            Remove(child, path[1..]);
            if (child.Count == 0 || (child.Count == 1 && child.ContainsKey(".")))
            {
                fields.Remove(path[0]);
            }
        }
    }
}

using System.Text.Json.Nodes;
using PatchOperator.Domain.Api;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Changes the user's own workloads, field by field, each only if it is what it was expected to be (S8).</summary>
internal sealed class WorkloadWriter(IClusterClient client, WorkloadCaches workloads, TimeProvider time)
{
    private static readonly string[] PodTemplate = ["spec", "template", "spec"];
    private static readonly string[] JobPodTemplate = ["spec", "jobTemplate", "spec", "template", "spec"];

    /// <summary>Where a workload of this kind keeps the spec of its pods.</summary>
    public static IReadOnlyList<string> PodTemplateOf(WorkloadKind kind) => kind switch
    {
        WorkloadKind.Deployment or WorkloadKind.StatefulSet => PodTemplate,
        WorkloadKind.CronJob => JobPodTemplate,
    };

    /// <summary>The tests make it all or nothing: a container moved, another image, or another object, and nothing is changed.</summary>
    public async Task SetImagesAsync(EmergencyPatch patch, SetStableImages action, CancellationToken cancellation)
    {
        var (type, key, stable) = await ReadAsync(patch, action.Workload, cancellation);
        var isCron = action.Workload.Kind is WorkloadKind.CronJob;
        var template = PodTemplateOf(action.Workload.Kind);
        var pod = template.Aggregate((JsonNode)stable, (node, name) => node[name]!);
        var change = new JsonPatch().Test(["metadata", "uid"], action.StableUid);
        var changes = false;
        foreach (var list in PodContainers.Lists)
        {
            var containers = pod[list] as JsonArray ?? [];
            for (var i = 0; i < containers.Count; i++)
            {
                var name = containers[i]!["name"]!.GetValue<string>();
                var wanted = action.Wanted.FirstOrDefault(w => w.Container == name)?.Image;
                var now = containers[i]!["image"]?.GetValue<string>();
                if (wanted is null || ImageReference.IsSame(wanted, now))
                {
                    continue;
                }

                var expected = action.Expected.Single(e => e.Container == name).Image;
                string[] container = [.. template, list, i.ToString()];
                change.Test([.. container, "name"], name)
                    .Test([.. container, "image"], ImageReference.IsSame(now, expected) ? now! : expected)
                    .Replace([.. container, "image"], wanted);
                changes = true;
            }
        }

        if (isCron && changes)
        {
            Suspend(change, stable, action.WasSuspended, true);
        }

        if (changes)
        {
            Mark(change, stable, patch, action, time.GetUtcNow());
            await PatchAsync(type, key, action.Workload.Kind, change, cancellation);
        }
    }

    public async Task SuspendAsync(EmergencyPatch patch, SuspendCronJob action, CancellationToken cancellation)
    {
        var (type, key, stable) = await ReadAsync(patch, new WorkloadRef(WorkloadKind.CronJob, action.CronJob), cancellation);
        if ((stable["spec"]!["suspend"]?.GetValue<bool>() ?? false) != action.Suspend)
        {
            var change = new JsonPatch().Test(["metadata", "uid"], action.StableUid);
            Suspend(change, stable, !action.Suspend, action.Suspend);
            await PatchAsync(type, key, WorkloadKind.CronJob, change, cancellation);
        }
    }

    public Task EndAsync(EmergencyPatch patch, EndJob action, CancellationToken cancellation) =>
        client.DeleteAsync(Kinds.Jobs, new ObjectKey(patch.Metadata.Namespace ?? "", action.Job), new DeleteOptions(Uid: action.Uid), cancellation);

    public async Task ReplaceAsync(EmergencyPatch patch, ReplacePods action, NamespaceView view, CancellationToken cancellation)
    {
        foreach (var pod in action.Pods.Select(name => view.Pods.Get(new ObjectKey(patch.Metadata.Namespace ?? "", name))).OfType<PodResource>())
        {
            await client.DeleteAsync(Kinds.Pods, ObjectKey.Of(pod), new DeleteOptions(Uid: pod.Metadata.Uid), cancellation);
        }
    }

    /// <summary>In the same write as the images: whoever replaces the object drops it, and so shows that the images are theirs.</summary>
    /// <remarks>On the workload, never on its pod template: nothing rolls out because of it. The last three stay there when the mark goes.</remarks>
    private static void Mark(JsonPatch change, JsonObject workload, EmergencyPatch patch, SetStableImages action, DateTimeOffset at)
    {
        var previous = new JsonObject(action.Expected.OrderBy(e => e.Container, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Container, (JsonNode?)e.Image)));
        var marks = new JsonObject
        {
            [Annotations.PatchedBy] = patch.Metadata.Name,
            [Annotations.AppliedByPatch] = patch.Metadata.Name,
            [Annotations.AppliedAt] = UtcTimeJsonConverter.Format(at),
            [Annotations.PreviousImages] = previous.ToJsonString(),
        };
        if (workload["metadata"]?["annotations"] is not JsonObject)
        {
            change.Add(["metadata", "annotations"], marks);
            return;
        }

        foreach (var (name, value) in marks)
        {
            change.Add(["metadata", "annotations", name], value!.GetValue<string>());
        }
    }

    /// <summary>Only if it is as it was seen: what is remembered of its user's wish is from then.</summary>
    private static void Suspend(JsonPatch change, JsonObject cronJob, bool expected, bool suspend)
    {
        string[] path = ["spec", "suspend"];
        if (expected || cronJob["spec"]!["suspend"] is not null)
        {
            change.Test(path, expected);
        }

        if (expected != suspend)
        {
            change.Add(path, suspend);
        }
    }

    /// <summary>What was read is known from now on: a write whose answer was lost must not be taken for one that someone undid.</summary>
    private async Task<(ResourceType Type, ObjectKey Key, JsonObject Object)> ReadAsync(EmergencyPatch patch, WorkloadRef workload, CancellationToken cancellation)
    {
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", workload.Name);
        var type = await workloads.TypeAsync(workload.Kind, cancellation);
        var found = await client.GetAsync(type, key, cancellation);
        await workloads.ObserveAsync(workload.Kind, Task.FromResult(found), cancellation);
        return (type, key, found);
    }

    private Task PatchAsync(ResourceType type, ObjectKey key, WorkloadKind kind, JsonPatch change, CancellationToken cancellation) =>
        workloads.ObserveAsync(kind, client.JsonPatchAsync(type, key, change, cancellation, fieldManager: Names.FieldManager), cancellation);
}

using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>
/// Pods with ordinals, made from the lowest and replaced from the highest, each only when the others are ready. As in Kubernetes, a pod that
/// never becomes ready stops everything, a roll-back too, until someone deletes it. No volume claims.
/// </summary>
internal sealed class StatefulSetController(IObjectStore store, WorkQueue queue) : IClusterController
{
    private const string RevisionLabel = "controller-revision-hash";

    public void Observe(StoreEvent change)
    {
        if (change.Resource == ResourceName.StatefulSets)
        {
            queue.Add(this, change.Value.Key());
        }
        else if (change.Resource == ResourceName.Pods && change.Value.Controller() is { } owner && owner.Text("kind") == "StatefulSet")
        {
            queue.Add(this, new(change.Value.Namespace(), owner.Text("name") ?? ""));
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (store.Get(ResourceName.StatefulSets, key.Namespace, key.Name) is not { } set || set.IsTerminating())
        {
            return;
        }

        var revision = $"{set.Name()}-{PodTemplateHash.Of(set.At("spec", "template")!.AsObject(), 0)}";
        var wanted = set.Number("spec", "replicas") ?? 1;
        var pods = store.List(ResourceName.Pods, set.Namespace()).Where(pod => pod.IsControlledBy(set)).ToDictionary(Ordinal);
        WriteStatus(set, pods, revision, wanted);
        Step(set, pods, revision, wanted);
    }

    /// <summary>One pod at a time; the pod's own event brings the next.</summary>
    private void Step(JsonObject set, Dictionary<int, JsonObject> pods, string revision, int wanted)
    {
        for (var ordinal = 0; ordinal < wanted; ordinal++)
        {
            if (!pods.TryGetValue(ordinal, out var pod))
            {
                store.Create(ResourceName.Pods, NewPod(set, ordinal, revision));
                return;
            }

            if (!IsReady(pod))
            {
                return;
            }
        }

        var surplus = pods.Where(pod => pod.Key >= wanted).OrderByDescending(pod => pod.Key);
        var outdated = pods.Where(pod => pod.Key >= Partition(set) && Revision(pod.Value) != revision).OrderByDescending(pod => pod.Key);
        var next = surplus.Concat(set.Text("spec", "updateStrategy", "type") == "OnDelete" ? [] : outdated).Select(pod => pod.Value).FirstOrDefault();
        if (next is not null && !next.IsTerminating())
        {
            store.Delete(ResourceName.Pods, next.Namespace(), next.Name());
        }
    }

    private void WriteStatus(JsonObject set, Dictionary<int, JsonObject> pods, string revision, int wanted)
    {
        var updated = pods.Values.Count(pod => Revision(pod) == revision && !pod.IsTerminating());

        // As in Kubernetes, a pod that is ending is ready until its node says otherwise.
        var ready = pods.Values.Count(pod => Conditions.IsTrue(pod["status"], "Ready"));
        var status = (set["status"] as JsonObject)?.Copy() ?? [];
        status["observedGeneration"] = set.Generation();
        status["replicas"] = pods.Count;
        status["readyReplicas"] = ready;
        status["updatedReplicas"] = updated;
        status["updateRevision"] = revision;
        if (status["currentRevision"] is null || (updated == wanted && ready == wanted && pods.Count == wanted))
        {
            status["currentRevision"] = revision;
        }

        if (!JsonNode.DeepEquals(status, set["status"]))
        {
            set["status"] = status;
            store.Update(ResourceName.StatefulSets, set, statusOnly: true);
        }
    }

    private static JsonObject NewPod(JsonObject set, int ordinal, string revision)
    {
        var metadata = (set.At("spec", "template", "metadata") as JsonObject)?.Copy() ?? [];
        metadata["name"] = $"{set.Name()}-{ordinal.ToString(CultureInfo.InvariantCulture)}";
        metadata["namespace"] = set.Namespace();
        metadata.Child("labels")[RevisionLabel] = revision;
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = set.At("spec", "template", "spec")?.DeepClone(),
            ["status"] = new JsonObject { ["phase"] = "Pending" },
        };
        pod.AddOwner(set.ControllerReference("apps/v1", "StatefulSet"));
        return pod;
    }

    private static bool IsReady(JsonObject pod) => !pod.IsTerminating() && Conditions.IsTrue(pod["status"], "Ready");

    private static string? Revision(JsonObject pod) => pod.Labels().Text(RevisionLabel);

    private static int Partition(JsonObject set) => set.Number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;

    private static int Ordinal(JsonObject pod) => int.Parse(pod.Name()[(pod.Name().LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
}

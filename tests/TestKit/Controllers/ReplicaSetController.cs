using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Keeps the wanted number of pods. It reads the store itself, not a cache, and so needs no expectations.</summary>
internal sealed class ReplicaSetController(IObjectStore store, WorkQueue queue, TimeProvider clock) : IClusterController
{
    public void Observe(StoreEvent change)
    {
        if (change.Resource == ResourceName.ReplicaSets)
        {
            queue.Add(this, change.Value.Key());
        }
        else if (change.Resource == ResourceName.Pods)
        {
            if (change.Value.Controller() is { } owner)
            {
                if (owner.Text("kind") == "ReplicaSet")
                {
                    queue.Add(this, new(change.Value.Namespace(), owner.Text("name") ?? ""));
                }
            }
            else
            {
                QueueThoseThatMayAdopt(change.Value);
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (store.Get(ResourceName.ReplicaSets, key.Namespace, key.Name) is not { } replicaSet)
        {
            return;
        }

        var pods = Claim(replicaSet);
        if (!replicaSet.IsTerminating())
        {
            pods = Scale(replicaSet, pods);
        }

        WriteStatus(replicaSet, pods);
    }

    private void QueueThoseThatMayAdopt(JsonObject pod)
    {
        foreach (var replicaSet in store.List(ResourceName.ReplicaSets, pod.Namespace()))
        {
            if (LabelSelector.Matches(replicaSet.At("spec", "selector"), pod.Labels()))
            {
                queue.Add(this, replicaSet.Key());
            }
        }
    }

    /// <summary>Adopts matching orphans, lets go of pods that no longer match, and returns the live pods that are left.</summary>
    private List<JsonObject> Claim(JsonObject replicaSet)
    {
        var claimed = new List<JsonObject>();
        foreach (var pod in store.List(ResourceName.Pods, replicaSet.Namespace()))
        {
            var matches = LabelSelector.Matches(replicaSet.At("spec", "selector"), pod.Labels());
            var alive = !pod.IsTerminating() && pod.Text("status", "phase") is not ("Succeeded" or "Failed");
            if (pod.IsControlledBy(replicaSet))
            {
                if (matches && alive)
                {
                    claimed.Add(pod);
                }
                else if (!matches && !pod.IsTerminating())
                {
                    pod.RemoveOwner(replicaSet.Uid());
                    store.Update(ResourceName.Pods, pod);
                }
            }
            else if (matches && alive && pod.Controller() is null && !replicaSet.IsTerminating())
            {
                pod.AddOwner(replicaSet.ControllerReference("apps/v1", "ReplicaSet"));
                claimed.Add(store.Update(ResourceName.Pods, pod));
            }
        }

        return claimed;
    }

    private List<JsonObject> Scale(JsonObject replicaSet, List<JsonObject> pods)
    {
        var wanted = replicaSet.Number("spec", "replicas") ?? 1;
        for (var missing = wanted - pods.Count; missing > 0; missing--)
        {
            pods.Add(store.Create(ResourceName.Pods, NewPod(replicaSet)));
        }

        if (pods.Count <= wanted)
        {
            return pods;
        }

        var ranked = pods.OrderBy(Worth).ThenByDescending(ReadySince).ThenByDescending(pod => pod.Created()).ToList();
        foreach (var pod in ranked.Take(pods.Count - wanted))
        {
            store.Delete(ResourceName.Pods, pod.Namespace(), pod.Name());
        }

        return ranked.Skip(pods.Count - wanted).ToList();
    }

    private static JsonObject NewPod(JsonObject replicaSet)
    {
        var template = replicaSet.At("spec", "template")!.AsObject().Copy();
        var metadata = template.Child("metadata");
        metadata.Remove("creationTimestamp");
        metadata.Remove("name");
        metadata["generateName"] = replicaSet.Name() + "-";
        metadata["namespace"] = replicaSet.Namespace();
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata.Copy(),
            ["spec"] = template["spec"]?.DeepClone(),
            ["status"] = new JsonObject { ["phase"] = "Pending" },
        };
        pod.AddOwner(replicaSet.ControllerReference("apps/v1", "ReplicaSet"));
        return pod;
    }

    /// <summary>Kubernetes deletes first what helps least: unassigned, pending, not ready, then the cheapest by annotation.</summary>
    private static (bool Assigned, bool Running, bool Ready, int Cost) Worth(JsonObject pod) => (
        pod.Text("spec", "nodeName") is not null,
        pod.Text("status", "phase") == "Running",
        Conditions.IsTrue(pod["status"], "Ready"),
        int.TryParse(pod.Annotation("controller.kubernetes.io/pod-deletion-cost"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var cost) ? cost : 0);

    private static DateTimeOffset ReadySince(JsonObject pod) => Conditions.Find(pod["status"], "Ready").Time("lastTransitionTime") ?? DateTimeOffset.MaxValue;

    private void WriteStatus(JsonObject replicaSet, List<JsonObject> pods)
    {
        var minReady = TimeSpan.FromSeconds(replicaSet.Number("spec", "minReadySeconds") ?? 0);
        var now = clock.GetUtcNow();
        var ready = pods.Where(pod => Conditions.IsTrue(pod["status"], "Ready")).ToList();
        var available = 0;
        foreach (var pod in ready)
        {
            var wait = ReadySince(pod) + minReady - now;
            if (minReady == TimeSpan.Zero || wait <= TimeSpan.Zero)
            {
                available++;
            }
            else
            {
                queue.AddAfter(this, replicaSet.Key(), wait);
            }
        }

        var templateLabels = replicaSet.At("spec", "template", "metadata", "labels") as JsonObject;
        var status = (replicaSet["status"] as JsonObject)?.Copy() ?? [];
        status["replicas"] = pods.Count;
        status["fullyLabeledReplicas"] = pods.Count(pod => LabelSelector.MatchesMap(templateLabels, pod.Labels()));
        status["readyReplicas"] = ready.Count;
        status["availableReplicas"] = available;
        status["observedGeneration"] = replicaSet.Generation();
        if (!JsonNode.DeepEquals(status, replicaSet["status"]))
        {
            replicaSet["status"] = status;
            store.Update(ResourceName.ReplicaSets, replicaSet, statusOnly: true);
        }
    }
}

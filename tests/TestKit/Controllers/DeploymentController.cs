using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Rolls Deployments out: one pass makes at most one kind of move, and the change it causes brings the next pass.</summary>
internal sealed class DeploymentController(IObjectStore store, WorkQueue queue, TimeProvider clock) : IClusterController
{
    private readonly DeploymentReplicaSets _replicaSets = new(store);

    public void Observe(StoreEvent change)
    {
        var obj = change.Value;
        if (change.Resource == ResourceName.Deployments)
        {
            queue.Add(this, obj.Key());
        }
        else if (change.Resource == ResourceName.ReplicaSets)
        {
            QueueOwnersOf(obj);
        }
        else if (change.Resource == ResourceName.Pods && change.Type == StoreEventType.Deleted && obj.Controller() is { } owner
            && store.Get(ResourceName.ReplicaSets, obj.Namespace(), owner.Text("name") ?? "") is { } replicaSet)
        {
            // Recreate waits for the last old pod to be gone, which no ReplicaSet's status tells.
            QueueOwnersOf(replicaSet);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (store.Get(ResourceName.Deployments, key.Namespace, key.Name) is not { } deployment)
        {
            return;
        }

        var rollout = Rollout.Of(deployment);
        var all = _replicaSets.Claim(deployment);
        var current = DeploymentReplicaSets.Current(deployment, all);
        var created = false;
        if (deployment.IsTerminating())
        {
            WriteStatus(deployment, rollout, all, current, created);
            return;
        }

        if (rollout.Paused || DeploymentReplicaSets.IsScaling(all, rollout))
        {
            _replicaSets.Scale(rollout, all, current);
        }
        else
        {
            var old = all.Where(set => set.Uid() != current?.Uid()).ToList();
            if (rollout.Recreate && EmptyOld(deployment, rollout, old))
            {
                WriteStatus(deployment, rollout, all, current, created);
                return;
            }

            created = current is null;
            current = _replicaSets.EnsureCurrent(ref deployment, rollout, all, current);
            if (!GrowNew(rollout, all, current) && !rollout.Recreate)
            {
                ShrinkOld(rollout, all, current, old);
            }

            if (DeploymentStatus.IsComplete(rollout, DeploymentStatus.Count(all, current)))
            {
                _replicaSets.TrimHistory(rollout, old);
            }
        }

        WriteStatus(deployment, rollout, all, current, created);
    }

    private void QueueOwnersOf(JsonObject replicaSet)
    {
        if (replicaSet.Controller() is { } owner)
        {
            if (owner.Text("kind") == "Deployment")
            {
                queue.Add(this, new(replicaSet.Namespace(), owner.Text("name") ?? ""));
            }

            return;
        }

        foreach (var deployment in store.List(ResourceName.Deployments, replicaSet.Namespace()))
        {
            if (LabelSelector.Matches(deployment.At("spec", "selector"), replicaSet.Labels()))
            {
                queue.Add(this, deployment.Key());
            }
        }
    }

    /// <returns>Whether old pods are still there, so that a Recreate must wait.</returns>
    private bool EmptyOld(JsonObject deployment, Rollout rollout, List<JsonObject> old)
    {
        var scaled = false;
        foreach (var set in old.Where(set => set.Replicas() > 0))
        {
            scaled |= _replicaSets.SetReplicas(rollout, set, 0);
        }

        return scaled || store.List(ResourceName.Pods, deployment.Namespace())
            .Any(pod => pod.Text("status", "phase") is not ("Succeeded" or "Failed") && old.Exists(pod.IsControlledBy));
    }

    private bool GrowNew(Rollout rollout, List<JsonObject> all, JsonObject current)
    {
        var size = rollout.NewReplicaSetSize(current.Replicas(), all.Sum(set => set.Replicas()));
        return size != current.Replicas() && _replicaSets.SetReplicas(rollout, current, size);
    }

    private void ShrinkOld(Rollout rollout, List<JsonObject> all, JsonObject current, List<JsonObject> old)
    {
        var budget = rollout.MayScaleDown(all.Sum(set => set.Replicas()), current.Replicas(), current.Available());
        if (budget <= 0 || old.TrueForAll(set => set.Replicas() == 0))
        {
            return;
        }

        var oldestFirst = old.OrderBy(set => set.Created()).ThenBy(set => set.Revision()).ToList();
        // Pods that do not serve anyway go first, or a broken old revision would block its own repair.
        foreach (var set in oldestFirst)
        {
            var unhealthy = Math.Min(budget, set.Replicas() - set.Available());
            if (unhealthy > 0)
            {
                _replicaSets.SetReplicas(rollout, set, set.Replicas() - unhealthy);
                budget -= unhealthy;
            }
        }

        var spare = Math.Min(budget, all.Sum(set => Math.Min(set.Available(), set.Replicas())) - rollout.MinAvailable);
        foreach (var set in oldestFirst)
        {
            var healthy = Math.Min(spare, set.Replicas());
            if (healthy > 0)
            {
                _replicaSets.SetReplicas(rollout, set, set.Replicas() - healthy);
                spare -= healthy;
            }
        }
    }

    private void WriteStatus(JsonObject deployment, Rollout rollout, List<JsonObject> all, JsonObject? current, bool created)
    {
        var now = clock.GetUtcNow();
        var counts = DeploymentStatus.Count(all, current);
        var status = DeploymentStatus.Next(deployment, rollout, counts, current?.Name(), created, now);
        if (!JsonNode.DeepEquals(status, deployment["status"]))
        {
            Write(deployment, status);
        }

        if (rollout.ProgressDeadline is { } deadline && DeploymentStatus.LastProgress(status, rollout, counts) is { } since)
        {
            // A second more, because the stored time is cut to seconds and the deadline must be over, not reached.
            var wait = since + deadline + TimeSpan.FromSeconds(1) - now;
            if (wait > TimeSpan.Zero)
            {
                queue.AddAfter(this, deployment.Key(), wait);
            }
        }
    }

    /// <summary>That a ReplicaSet was created is known in this pass only, so a conflict here is settled here.</summary>
    private void Write(JsonObject deployment, JsonObject status)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                deployment["status"] = status.Copy();
                store.Update(ResourceName.Deployments, deployment, statusOnly: true);
                return;
            }
            catch (ConflictException) when (attempt < 5)
            {
                if (store.Get(ResourceName.Deployments, deployment.Namespace(), deployment.Name()) is not { } newer || newer.Uid() != deployment.Uid())
                {
                    return;
                }

                deployment = newer;
            }
        }
    }
}

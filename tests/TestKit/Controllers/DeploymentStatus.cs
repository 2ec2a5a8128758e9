using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

internal readonly record struct DeploymentCounts(int Wanted, int Replicas, int Updated, int Ready, int Available);

/// <summary>What a Deployment reports, as a function of its ReplicaSets, its last report and the time. Pure.</summary>
internal static class DeploymentStatus
{
    private const string Complete = "NewReplicaSetAvailable";
    private const string TimedOut = "ProgressDeadlineExceeded";

    public static DeploymentCounts Count(List<JsonObject> all, JsonObject? current)
    {
        int Sum(string field) => all.Sum(set => set.Number("status", field) ?? 0);
        return new(all.Sum(set => set.Replicas()), Sum("replicas"), current.Number("status", "replicas") ?? 0, Sum("readyReplicas"), Sum("availableReplicas"));
    }

    /// <summary>All pods are new, wanted and available; nothing is left to do.</summary>
    public static bool IsComplete(Rollout rollout, DeploymentCounts counts) =>
        counts.Updated == rollout.Replicas && counts.Replicas == rollout.Replicas && counts.Available == rollout.Replicas;

    public static JsonObject Next(JsonObject deployment, Rollout rollout, DeploymentCounts counts, string? newReplicaSet, bool created, DateTimeOffset now)
    {
        var last = deployment["status"] as JsonObject;
        var status = last?.Copy() ?? [];
        status["observedGeneration"] = deployment.Generation();
        Put(status, "replicas", counts.Replicas);
        Put(status, "updatedReplicas", counts.Updated);
        Put(status, "readyReplicas", counts.Ready);
        Put(status, "availableReplicas", counts.Available);
        Put(status, "unavailableReplicas", Math.Max(0, counts.Wanted - counts.Available));

        var available = counts.Available >= rollout.MinAvailable;
        PutCondition(status, now, "Available", available ? "True" : "False", available
            ? ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            : ("MinimumReplicasUnavailable", "Deployment does not have minimum availability."));
        if (rollout.ProgressDeadline is { } deadline)
        {
            Progress(status, last, rollout, counts, newReplicaSet ?? deployment.Name(), created, deadline, now);
        }
        else if (Conditions.Find(status, "Progressing") is { } obsolete)
        {
            ((JsonArray)status["conditions"]!).Remove(obsolete);
        }

        return status;
    }

    /// <summary>When the deadline's clock started, or null while none is running.</summary>
    public static DateTimeOffset? LastProgress(JsonObject status, Rollout rollout, DeploymentCounts counts) =>
        !rollout.Paused && !IsComplete(rollout, counts) && Conditions.Find(status, "Progressing") is { } progressing
        && progressing.Text("reason") is not (TimedOut or Complete) ? progressing.Time("lastUpdateTime") : null;

    private static void Progress(
        JsonObject status, JsonObject? last, Rollout rollout, DeploymentCounts counts, string newReplicaSet, bool created, TimeSpan deadline, DateTimeOffset now)
    {
        void Say(string value, string reason, string message) => PutCondition(status, now, "Progressing", value, (reason, message), touch: true);

        var current = Conditions.Find(status, "Progressing");
        var reason = current.Text("reason");
        if (rollout.Paused)
        {
            // A deadline that was missed stays on record while paused.
            if (reason is not ("DeploymentPaused" or TimedOut))
            {
                Say("Unknown", "DeploymentPaused", "Deployment is paused");
            }
        }
        else if (created)
        {
            Say("True", "NewReplicaSetCreated", $"Created new replica set \"{newReplicaSet}\"");
        }
        else if (IsComplete(rollout, counts))
        {
            if (reason != Complete)
            {
                Say("True", Complete, $"ReplicaSet \"{newReplicaSet}\" has successfully progressed.");
            }
        }
        else if (reason == "DeploymentPaused")
        {
            Say("Unknown", "DeploymentResumed", "Deployment is resumed");
        }
        else if (reason == Complete && counts.Replicas == counts.Updated)
        {
            // A finished rollout that lost a pod is not rolling out again: only Available tells.
        }
        else if (current is null || HasProgressed(last, counts))
        {
            Say("True", "ReplicaSetUpdated", $"ReplicaSet \"{newReplicaSet}\" is progressing.");
        }
        else if (reason is not (TimedOut or Complete) && current.Time("lastUpdateTime") + deadline < now)
        {
            Say("False", TimedOut, $"ReplicaSet \"{newReplicaSet}\" has timed out progressing.");
        }
    }

    private static bool HasProgressed(JsonObject? last, DeploymentCounts counts)
    {
        int Last(string field) => last.Number(field) ?? 0;
        return counts.Updated > Last("updatedReplicas")
            || counts.Replicas - counts.Updated < Last("replicas") - Last("updatedReplicas")
            || counts.Ready > Last("readyReplicas")
            || counts.Available > Last("availableReplicas");
    }

    /// <summary>Kubernetes leaves out counts of zero.</summary>
    private static void Put(JsonObject status, string field, int count)
    {
        if (count == 0)
        {
            status.Remove(field);
        }
        else
        {
            status[field] = count;
        }
    }

    private static void PutCondition(JsonObject status, DateTimeOffset now, string type, string value, (string Reason, string Message) why, bool touch = false)
    {
        var current = Conditions.Find(status, type);
        if (!touch && current.Text("status") == value && current.Text("reason") == why.Reason)
        {
            return;
        }

        Conditions.Put(status, new()
        {
            ["type"] = type,
            ["status"] = value,
            ["lastUpdateTime"] = Json.Timestamp(now),
            ["reason"] = why.Reason,
            ["message"] = why.Message,
        }, now);
    }
}

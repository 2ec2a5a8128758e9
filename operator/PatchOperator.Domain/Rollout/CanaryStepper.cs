namespace PatchOperator.Domain.Rollout;

/// <summary>Turns weights into replicas where the replica ratio splits the traffic.</summary>
public static class CanaryStepper
{
    /// <summary>
    /// Canary replicas c so that c of c + N pods take the weight, rounded down: never more exposure than was asked for,
    /// but for the one pod that a canary needs at least. With 4 stable pods, 25 % is 1 pod (20 %) and 50 % is 4 pods.
    /// </summary>
    public static int ReplicasFor(int weight, int stableReplicas) =>
        Math.Max(1, (int)Math.Floor((stableReplicas * (double)weight / (100 - weight)) + 1e-9));

    /// <summary>
    /// Canary replicas where routes split the traffic: as many as stable has for the same share, rounded up, so that no canary pod carries more than
    /// a pod of stable does. 5 % of 4 pods is 1 pod, 50 % is 2, and 100 % is as many as stable has.
    /// </summary>
    public static int ReplicasForShare(int weight, int stableReplicas) =>
        Math.Max(1, (int)Math.Ceiling((stableReplicas * (double)weight / 100) - 1e-9));
}

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
}

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Why a run may not start yet.</summary>
internal sealed record Hold(string Reason, string Message);

/// <summary>What must hold before anything in the cluster is touched, in the order in which people are told.</summary>
internal static class StartGates
{
    private static readonly Func<Draft, Hold?>[] Chain =
    [
        CompatibilityGate.Check,
        ApprovalGate.Check,
        SuspendGate.Check,
        RequiresGate.Check,
        WorkloadGate.Check,
        HoldGate.Check,
        StableGate.Check,
        TrafficGate.Check,
        PreflightGate.Check,

        // Last: what it ends protects the workloads until this one may really start.
        SupersedesGate.Check,
    ];

    /// <summary>The first gate that is shut, or null.</summary>
    public static Hold? FirstShut(Draft draft) => Chain.Select(gate => gate(draft)).FirstOrDefault(hold => hold is not null);
}

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Two patches on one workload never interleave (S11).</summary>
internal static class WorkloadGate
{
    public static Hold? Check(Draft draft) => draft.Observed.HeldBy is { } other
        ? new Hold("WaitingForPatch", $"EmergencyPatch {other.Patch} is running on {other.Workload}; this one starts when it has ended.")
        : null;
}

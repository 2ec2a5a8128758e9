namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Two patches on one workload never interleave (S11).</summary>
internal static class WorkloadGate
{
    public static Hold? Check(Draft draft) => draft.Observed.HeldBy is { } other && !IsEndedForThis(draft)
        ? new Hold("WaitingForPatch", $"EmergencyPatch {other.Patch} is running on {other.Workload}; this one starts when it has ended.")
        : null;

    /// <summary>A run that this patch supersedes is in nobody's way: it is taken back first, and then all is looked at again.</summary>
    public static bool IsEndedForThis(Draft draft) =>
        draft.Observed.HeldBy is { } other && draft.Intent.Supersedes.Contains(other.Patch) && draft.Observed.Neighbours.GetValueOrDefault(other.Patch)?.Phase.IsRunning() is true;
}

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Earlier patches that this one replaces have ended. Named in the status, they end themselves: nobody else touches their workloads.</summary>
internal static class SupersedesGate
{
    public static Hold? Check(Draft draft)
    {
        var left = draft.Intent.Supersedes.Where(name => draft.Observed.Neighbours.GetValueOrDefault(name) is { } other && !HasEnded(other.Phase)).ToArray();
        draft.Status = draft.Status with { Superseding = left.Length > 0 ? left : null };
        return left.Length == 0
            ? null
            : new Hold("SupersedingPatch", $"EmergencyPatch {string.Join(", ", left)} is being ended first, since spec.supersedes names it: {string.Join(", ", left.Select(n => draft.Observed.Neighbours[n].Phase))}.");
    }

    private static bool HasEnded(PatchPhase phase) => phase switch
    {
        PatchPhase.Closed or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded => true,
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused
            or PatchPhase.Promoting or PatchPhase.Promoted or PatchPhase.Reverting or PatchPhase.Degraded => false,
    };
}

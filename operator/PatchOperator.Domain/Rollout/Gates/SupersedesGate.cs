namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>
/// Runs of earlier patches that this one replaces have ended. Named in the status, they end themselves: nobody else touches their workloads.
/// One that is promoted is not waited for: it rests while this one runs, holds its images again if this one is taken back, and ends when this one is promoted.
/// </summary>
internal static class SupersedesGate
{
    public static Hold? Check(Draft draft)
    {
        var left = draft.Intent.Supersedes.Where(name => draft.Observed.Neighbours.GetValueOrDefault(name) is { } other && !IsOutOfTheWay(other.Phase)).ToArray();
        draft.Status = draft.Status with { Superseding = left.Length > 0 ? left : null };
        return left.Length == 0
            ? null
            : new Hold("SupersedingPatch", $"EmergencyPatch {string.Join(", ", left)} is being ended first, since spec.supersedes names it: {string.Join(", ", left.Select(n => draft.Observed.Neighbours[n].Phase))}.");
    }

    private static bool IsOutOfTheWay(PatchPhase phase) => phase switch
    {
        PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded => true,
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused
            or PatchPhase.Promoting or PatchPhase.Reverting or PatchPhase.Degraded => false,
    };
}

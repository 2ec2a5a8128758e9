namespace PatchOperator.Domain.Rollout;

/// <summary>Where a patch is. A phase names the intent; its done state follows only once it was observed.</summary>
public enum PatchPhase
{
    Pending,
    Blocked,
    AwaitingApproval,
    Validating,
    Progressing,
    Paused,
    Promoting,
    Promoted,
    Closed,
    Reverting,
    Reverted,
    Rejected,
    Superseded,
    Degraded,
}

public static class PatchPhases
{
    public static PatchPhase Parse(string? text) => Enum.TryParse<PatchPhase>(text, out var phase) ? phase : PatchPhase.Pending;

    /// <summary>Whether the run owns objects in the cluster: a canary, or changes of stable that are under way.</summary>
    public static bool IsRunning(this PatchPhase phase) => phase switch
    {
        PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting or PatchPhase.Reverting or PatchPhase.Degraded => true,
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Promoted or PatchPhase.Closed
            or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded => false,
    };
}

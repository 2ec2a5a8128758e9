using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <summary>A later patch that names this one in <c>supersedes</c>, and may start, ends it: what runs is taken back first, what was promoted is held until the other is promoted too.</summary>
internal static class Succession
{
    public const string Reason = "SupersededByPatch";

    /// <summary>True when the successor decided what happens next.</summary>
    public static bool Decide(Draft draft) => draft.Observed.SupersededBy is { } successor && draft.Phase switch
    {
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Promoted => End(draft, successor),
        PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting => TakeBack(draft, successor),
        PatchPhase.Degraded => draft.Status.Revert is null ? TakeBack(draft, successor) : EndAfterwards(draft),
        PatchPhase.Reverting => EndAfterwards(draft),
        PatchPhase.Closed or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded => false,
    };

    private static bool End(Draft draft, string successor)
    {
        draft.Enter(PatchPhase.Superseded, Reason, Message(successor));
        return true;
    }

    private static bool TakeBack(Draft draft, string successor)
    {
        Reverting.Begin(draft, Progressing.Back(draft, Reason, Message(successor), PatchPhase.Superseded));
        return true;
    }

    private static bool EndAfterwards(Draft draft)
    {
        draft.Status = draft.Status with { Revert = draft.Status.Revert! with { Then = nameof(PatchPhase.Superseded) } };
        return false;
    }

    private static string Message(string successor) => $"EmergencyPatch {successor} supersedes this one.";
}

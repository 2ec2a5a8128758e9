using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// Freezing a run where it is, by the spec or by command. The weight stays and analysis goes on; no step and no promotion begins, and no deadline
/// runs out, since nobody is waited for. It never stops a revert (S1).
/// </summary>
internal static class Suspension
{
    public static void Decide(Draft draft)
    {
        while (CommandDesk.TakeFirst(draft, Commands.Resume, Commands.Suspend) is { } command)
        {
            if (command.Name == Commands.Suspend)
            {
                Suspend(draft, command);
            }
            else
            {
                Resume(draft, command);
            }
        }
    }

    /// <summary>Why the run is frozen and what ends it, or null.</summary>
    public static string? Of(Draft draft) =>
        draft.Intent.Suspended ? "spec.suspend is true; set it to false to go on."
        : draft.Status.Suspension is { } asked ? $"suspended by {asked.By} ({asked.Reason}); go on with patchoperator.io/resume."
        : draft.Status.Revocation is { } revoked ? $"{revoked.By} withdrew an approval ({revoked.Reason}); it goes on when enough people approve again."
        : null;

    private static void Suspend(Draft draft, Command command)
    {
        if (!CanBeSuspended(draft))
        {
            CommandDesk.Ignore(draft, $"the patch is {draft.Phase}, and there is nothing to freeze. A revert is never frozen.", command);
            return;
        }

        draft.Status = draft.Status with { Suspension = new RequestStatus { By = command.Actor, Reason = command.Reason, At = draft.Now } };
        draft.Record("SuspensionRecorded", command.Reason, command.Actor);
    }

    private static void Resume(Draft draft, Command command)
    {
        if (draft.Status.Suspension is null)
        {
            CommandDesk.Ignore(draft, draft.Intent.Suspended ? "spec.suspend is true; set it to false." : "the patch is not suspended.", command);
            return;
        }

        draft.Status = draft.Status with { Suspension = null };
        draft.Record("ResumptionRecorded", command.Reason, command.Actor);
    }

    private static bool CanBeSuspended(Draft draft) => draft.Phase switch
    {
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating
            or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting => true,
        PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverting or PatchPhase.Reverted or PatchPhase.Rejected
            or PatchPhase.Superseded or PatchPhase.Degraded => false,
    };
}

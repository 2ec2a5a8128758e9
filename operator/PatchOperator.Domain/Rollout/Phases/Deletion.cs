namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>The resource is being deleted: traffic returns first, and no namespace hangs for ever (S12).</summary>
internal static class Deletion
{
    public static void Decide(Draft draft)
    {
        draft.Timing(t => t with { DeletionSeenAt = t.DeletionSeenAt ?? draft.Now });
        var letGoAt = draft.Policy.LetGoAt(draft.Status)!.Value;
        if (draft.Phase.IsRunning() && draft.Phase is not PatchPhase.Reverting && draft.Status.Workloads is { Count: > 0 })
        {
            Reverting.Begin(draft, Progressing.Back(draft, "Deleted", "The EmergencyPatch was deleted in mid-run.", PatchPhase.Reverted));
            return;
        }

        if (LateWrite.IsTakenBack(draft))
        {
            return;
        }

        draft.Explain("Deleted", "The EmergencyPatch is being deleted; traffic and pods go back to what they were.");
        var isReturned = draft.Phase.IsRunning() ? Reverting.TakeBack(draft) : CanaryRemoval.IsDone(draft) & CronReturn.IsDone(draft);
        if (isReturned && OwnershipRelease.IsDone(draft))
        {
            draft.IsReleased = true;
        }
        else if (letGoAt <= draft.Now)
        {
            draft.Tell("FinalizeLimitExceeded", "The return did not finish in time; the resource is let go. Its canary goes with it, unless a route that could not be put back still sends requests there.");
            CronReturn.DoAtOnce(draft);
            draft.IsReleased = true;
        }
        else
        {
            draft.WakeAt(letGoAt);
        }
    }
}

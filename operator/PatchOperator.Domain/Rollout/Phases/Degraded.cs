using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Stable did not roll out in time, forwards or backwards. A person is needed, but everything that can go on does.</summary>
internal static class Degraded
{
    public static void Decide(Draft draft)
    {
        var target = draft.Status.Workloads![0];
        if (draft.Status.Revert is { } revert)
        {
            CommandDesk.Ignore(draft, "the run is being taken back already.", Commands.Approve, Commands.Reject, Commands.Abort, Commands.Retry, Commands.Revoke);
            draft.Explain("StableNotRestored", $"Deployment {target.Deployment} has not rolled out its previous images. {draft.Observed.Stable?.RolloutFailure} {revert.Message}");
            if (Reverting.TakeBack(draft))
            {
                draft.Enter(PatchPhase.Reverting, "StableRestored", "Stable is rolled out again.");
            }

            return;
        }

        CommandDesk.Ignore(draft, "the run is being promoted; use patchoperator.io/abort or patchoperator.io/retry.", Commands.Approve, Commands.Reject, Commands.Revoke);
        if (CommandDesk.TryTake(draft, Commands.Abort, out var reason))
        {
            Reverting.Begin(draft, Progressing.Back(draft, "Aborted", $"Aborted: {reason}.", PatchPhase.Reverted));
            return;
        }

        if (StableChange.Find(draft, patchedIsExpected: true) is { } change)
        {
            Reverting.Begin(draft, change);
            return;
        }

        var stable = draft.Observed.Stable!;
        if (CommandDesk.TryTake(draft, Commands.Retry, out var why))
        {
            draft.Enter(PatchPhase.Promoting, "Retried", $"Retried: {why}.", Draft.Unverified);
        }
        else if (Promoting.RunsPatched(stable, target) && stable.IsRolledOut)
        {
            draft.Enter(PatchPhase.Promoting, "StableRolledOut", $"Deployment {target.Deployment} rolled out after all.");
        }
        else
        {
            draft.Explain("StableRolloutStuck", $"Deployment {target.Deployment} has not rolled out the patched images ({stable.ReadyReplicas} of {stable.Replicas} pods ready). {stable.RolloutFailure} The healthy canary keeps serving.");
        }
    }
}

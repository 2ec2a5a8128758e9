using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <summary>An edit of what was agreed: what runs is taken back first, approvals are void, and a new run begins (S10).</summary>
internal static class SpecChange
{
    /// <summary>True when the edit decided what happens next.</summary>
    public static bool Decide(Draft draft)
    {
        var before = draft.Status.SpecDigest;
        if (before is null || before == draft.Intent.Digest || draft.Phase is PatchPhase.Pending or PatchPhase.Blocked)
        {
            return false;
        }

        const string message = "The spec was edited: approvals are void and a new run begins.";
        if (draft.Phase is PatchPhase.Reverting || (draft.Phase is PatchPhase.Degraded && draft.Status.Revert is not null))
        {
            // The run is being taken back already: beginning that again would only begin its deadline again, for ever.
            if (draft.Status.Revert is { Then: nameof(PatchPhase.Reverted) } revert)
            {
                draft.Status = draft.Status with { Revert = revert with { Then = nameof(PatchPhase.Pending) } };
            }

            return false;
        }

        if (draft.Phase.IsRunning())
        {
            Reverting.Begin(draft, new RevertStatus { Reason = "SpecChanged", Message = message, Then = nameof(PatchPhase.Pending), At = draft.Now });
        }
        else if (!LateWrite.IsTakenBack(draft))
        {
            var held = ImageHold.IsActiveOn(draft) ? draft.Status.Hold ?? new HoldStatus { Drifts = 0 } : null;
            Intake.Restart(draft, "SpecChanged", held is null ? message : $"{message} What was promoted is held until then.");
            draft.Status = draft.Status with { Hold = held };
        }

        return true;
    }
}

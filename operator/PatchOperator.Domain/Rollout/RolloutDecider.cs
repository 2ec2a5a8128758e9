using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Notifications;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <summary>The product's rules: from what was asked for, what was known and what was seen to what is to be done. Pure.</summary>
public static class RolloutDecider
{
    public static Plan Decide(EmergencyPatch patch, PatchIntent intent, ObservedState observed, OperatorPolicy policy, DateTimeOffset now)
    {
        var draft = new Draft(patch, intent, observed, policy, now);
        AuditWatch.Decide(draft);
        FactDesk.Receive(draft);
        CronReturn.ForgetGone(draft);

        if (patch.Metadata.IsTerminating)
        {
            Deletion.Decide(draft);
        }
        else if (!SpecChange.Decide(draft))
        {
            CommandDesk.Receive(draft);
            RatingChange.Decide(draft);
            Suspension.Decide(draft);
            BreakGlass.Decide(draft);
            WaiverDesk.DropEnded(draft);
            CompatibilityReview.Take(draft);
            WaiverDesk.Decide(draft);
            if (!Succession.Decide(draft) && !Acceptance.Decide(draft))
            {
                DecidePhase(draft);
            }

            ImageHold.KeepOver(draft);
            if (!draft.Phase.IsRunning() && !Promoted.IsHolding(draft))
            {
                CronReturn.IsDone(draft);
            }

            Prerequisites.Decide(draft);
            Overdue.Decide(draft);
        }

        PromotionWatch.Close(draft);

        CommandDesk.CleanUp(draft);
        FactDesk.CleanUp(draft);
        draft.Status = draft.Status with { ObservedGeneration = patch.Metadata.Generation, Phase = draft.Phase.ToString(), Conditions = ConditionBoard.Compose(draft) };
        NotificationDesk.Decide(draft);
        return new Plan
        {
            Status = draft.Status,
            Actions = draft.Actions,
            Notices = draft.Notices,
            WakeUpAt = draft.WakeUpAt,
            IsReleased = draft.IsReleased,
        };
    }

    private static void DecidePhase(Draft draft)
    {
        Action<Draft> decide = draft.Phase switch
        {
            PatchPhase.Pending => Intake.Decide,
            PatchPhase.Blocked => Intake.Decide,
            PatchPhase.AwaitingApproval => AwaitingApproval.Decide,
            PatchPhase.Validating => AwaitingApproval.Decide,
            PatchPhase.Progressing => Progressing.Decide,
            PatchPhase.Paused => Progressing.Decide,
            PatchPhase.Promoting => Promoting.Decide,
            PatchPhase.Promoted => Promoted.Decide,
            PatchPhase.Closed => Ended.Decide,
            PatchPhase.Reverting => Reverting.Decide,
            PatchPhase.Reverted => Ended.Decide,
            PatchPhase.Rejected => Ended.Decide,
            PatchPhase.Superseded => Superseded.Decide,
            PatchPhase.Degraded => Degraded.Decide,
        };
        decide(draft);
    }
}

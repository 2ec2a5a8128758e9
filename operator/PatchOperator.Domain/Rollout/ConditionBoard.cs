using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <summary>The conditions that follow from a decision. A transition time moves only when its status flips.</summary>
internal static class ConditionBoard
{
    private const string True = "True";
    private const string False = "False";
    private const string Unknown = "Unknown";
    private const int LongestMessage = 4096;

    public static IReadOnlyList<Condition> Compose(Draft draft)
    {
        var board = (draft.Status.Conditions ?? []).ToDictionary(c => c.Type);
        var (reason, message) = draft.Explanation;
        var phase = draft.Phase;
        if (draft.Observed.ActionProblem is { } problem && phase.IsRunning())
        {
            message = $"{message} The API server refused the last change: {problem}";
        }

        if (reason.Length > 0)
        {
            // In place, but the last word is not spoken: kstatus and Argo CD show progress, and not health that may be taken back by itself.
            var isWatched = reason is PromotionWatch.Watching;

            // What nobody agreed to beforehand is not done before somebody has looked at it.
            var owed = BreakGlass.Owed(draft);
            var isDone = phase is PatchPhase.Promoted or PatchPhase.Closed && !IsLost(reason);
            var (told, words) = isDone && owed is not null ? (BreakGlass.ReviewMissing, owed) : (reason, message);
            Set(ConditionTypes.Ready, isDone && owed is not null ? False : isWatched ? Unknown : isDone ? True : False, told, words);
            Set(ConditionTypes.Reconciling, isWatched || IsMoving(phase) ? True : False, reason, message);
            Set(
                ConditionTypes.Stalled,
                owed is not null || NeedsHuman(phase) || reason is ImageHold.Fought or PromotionWatch.NeedsGit ? True : False,
                owed is null ? reason : BreakGlass.ReviewMissing,
                owed ?? message);
            SetAccepted(phase, reason, message);
        }

        SetApproved();
        if (CompatibilityCondition.Of(draft.Status) is { } compatible)
        {
            Set(ConditionTypes.Compatible, compatible.Status, compatible.Reason, compatible.Message);
        }
        else
        {
            board.Remove(ConditionTypes.Compatible);
        }

        if (draft.Audit is { } audit)
        {
            Set(ConditionTypes.AuditIntact, audit.Status, audit.Reason, audit.Message);
        }

        if (draft.Health is { } health)
        {
            Set(ConditionTypes.CanaryHealthy, health.Status, health.Reason, health.Message);
        }
        else if (draft.Status.Step is null)
        {
            board.Remove(ConditionTypes.CanaryHealthy);
        }

        if (draft.Traffic is { } traffic && phase.IsRunning())
        {
            Set(ConditionTypes.TrafficAtWeight, traffic.Status, traffic.Reason, traffic.Message);
        }
        else if (!phase.IsRunning() || draft.Status.Revert is not null || draft.Canaries.All(t => !t.IsRouted))
        {
            board.Remove(ConditionTypes.TrafficAtWeight);
        }

        Set(ConditionTypes.Promoted, phase is PatchPhase.Promoted or PatchPhase.Closed && !IsLost(reason) ? True : False, reason.Length > 0 ? reason : phase.ToString(), message);
        if (PromotionWatch.Condition(draft) is { } watched)
        {
            Set(ConditionTypes.Watched, watched.Status, watched.Reason, watched.Message);
        }
        else
        {
            board.Remove(ConditionTypes.Watched);
        }

        if (Prerequisites.Condition(draft) is { } required)
        {
            Set(ConditionTypes.RequiredPromoted, required.Status, required.Reason, required.Message);
        }
        else
        {
            board.Remove(ConditionTypes.RequiredPromoted);
        }

        if (draft.Status.Revert is { } revert)
        {
            Set(ConditionTypes.Reverted, phase is PatchPhase.Reverted or PatchPhase.Superseded ? True : False, revert.Reason, revert.Message);
        }
        else
        {
            board.Remove(ConditionTypes.Reverted);
        }

        if (draft.Intent.RemediateBy is { } deadline)
        {
            var overdue = Overdue.Is(draft);
            Set(
                ConditionTypes.Overdue,
                overdue ? True : False,
                overdue ? "DeadlinePassed" : "WithinDeadline",
                overdue ? $"The deadline {deadline:u} passed and the patch is not promoted." : $"To be remediated by {deadline:u}.");
        }
        else
        {
            board.Remove(ConditionTypes.Overdue);
        }

        return [.. board.Values.OrderBy(c => c.Type, StringComparer.Ordinal)];

        void SetAccepted(PatchPhase at, string why, string text)
        {
            if (draft.Intent.Problems.Count > 0)
            {
                var (problemReason, problemText) = Intake.Describe(draft.Intent.Problems);
                Set(ConditionTypes.Accepted, False, problemReason, Acceptance.IsOutlived(draft) ? Acceptance.Message(problemText) : problemText);
            }
            else if (at is PatchPhase.Blocked)
            {
                Set(ConditionTypes.Accepted, False, why, text);
            }
            else if (at is not PatchPhase.Pending)
            {
                Set(ConditionTypes.Accepted, True, "SpecAccepted", "The spec makes sense and everything it names exists.");
            }
        }

        void SetApproved()
        {
            var required = draft.Intent.ApprovalsRequired;
            var tally = ApprovalBook.Tally(draft);
            var valid = tally.Valid;
            if (draft.Intent.Problems.Count > 0 && !Acceptance.IsOutlived(draft))
            {
                Set(ConditionTypes.Approved, Unknown, "SpecNotAccepted", "The spec is not accepted, so there is nothing to approve.");
            }
            else if (required == 0)
            {
                Set(ConditionTypes.Approved, True, "NotRequired", "spec.approval.required is 0.");
            }
            else if (BreakGlass.IsOpen(draft.Status, draft.Intent))
            {
                Set(ConditionTypes.Approved, False, "GlassBroken", $"Started without approvals by {draft.Status.BreakGlass!.By}: {draft.Status.BreakGlass.Reason}");
            }
            else if (tally.IsEnough)
            {
                var unverified = valid.Any(a => !a.Verified);
                Set(
                    ConditionTypes.Approved,
                    True,
                    unverified ? "ApprovedUnverified" : "Approved",
                    $"Approved by {string.Join(", ", valid.Select(a => $"{a.By} ({a.Reason})"))}." + (unverified ? " Nothing authenticated the approver." : ""));
            }
            else if (phase.IsRunning() && draft.Status.Timings?.StartedAt is not null && draft.Status is { Approvals.Count: > 0, Revocation: null })
            {
                // An approval is needed at the start; that it runs out later takes nothing back.
                Keep(ConditionTypes.Approved);
            }
            else
            {
                Set(ConditionTypes.Approved, False, "ApprovalMissing", $"Waiting for {ApprovalWording.Missing(draft, tally)} {ApprovalWording.HowTo(draft)}");
            }
        }

        void Keep(string type)
        {
            if (!board.ContainsKey(type))
            {
                Set(type, Unknown, "NotJudged", "");
            }
        }

        void Set(string type, string status, string why, string text)
        {
            var since = board.TryGetValue(type, out var before) && before.Status == status ? before.LastTransitionTime : draft.Now;
            board[type] = new Condition
            {
                Type = type,
                Status = status,
                Reason = why.Length > 0 ? why : "Unknown",
                Message = text.Length > LongestMessage ? text[..LongestMessage] : text,
                LastTransitionTime = since,
                ObservedGeneration = draft.Patch.Metadata.Generation,
            };
        }
    }

    /// <summary>Promoted, and yet the vulnerable images are there, or may be at any moment.</summary>
    private static bool IsLost(string reason) => reason is Promoted.Drifted or ImageHold.Fought or PromotionWatch.NeedsGit;

    private static bool IsMoving(PatchPhase phase) => phase switch
    {
        PatchPhase.Pending or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused
            or PatchPhase.Promoting or PatchPhase.Reverting => true,
        PatchPhase.Blocked or PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverted or PatchPhase.Rejected
            or PatchPhase.Superseded or PatchPhase.Degraded => false,
    };

    private static bool NeedsHuman(PatchPhase phase) => phase switch
    {
        PatchPhase.Blocked or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Degraded => true,
        PatchPhase.Pending or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting
            or PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverting or PatchPhase.Superseded => false,
    };
}

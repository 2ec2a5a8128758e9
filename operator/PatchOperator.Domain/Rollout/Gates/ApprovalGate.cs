namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Enough people agreed to this very spec, lately enough (S10).</summary>
internal static class ApprovalGate
{
    public static Hold? Check(Draft draft)
    {
        var valid = ApprovalBook.Valid(draft.Status, draft.Intent, draft.Now);
        foreach (var approval in valid)
        {
            draft.WakeAt(approval.ExpiresAt);
        }

        return valid.Count >= draft.Intent.ApprovalsRequired
            ? null
            : new Hold(
                "ApprovalMissing",
                $"Waiting for {draft.Intent.ApprovalsRequired - valid.Count} more of {draft.Intent.ApprovalsRequired} approvals; nothing was touched. "
                + $"Approve with: kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/approve='reason'");
    }
}

using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Enough people agreed to this very spec, lately enough (S10).</summary>
internal static class ApprovalGate
{
    public static Hold? Check(Draft draft)
    {
        if (BreakGlass.IsOpen(draft))
        {
            return null;
        }

        var tally = ApprovalBook.Tally(draft);
        foreach (var approval in tally.Valid)
        {
            draft.WakeAt(approval.ExpiresAt);
        }

        return tally.IsEnough ? null : Authorless(draft) ?? new Hold("ApprovalMissing", $"Waiting for {ApprovalWording.Missing(draft, tally)} Nothing was touched. {ApprovalWording.HowTo(draft)}");
    }

    /// <summary>Nobody can be told from whoever asked while it is not known who that is.</summary>
    private static Hold? Authorless(Draft draft)
    {
        if (!draft.Policy.Validation.Authenticates)
        {
            return null;
        }

        if (!draft.Observed.Keys.Any)
        {
            draft.WakeAt(draft.Now + TimeSpan.FromSeconds(1));
            return new Hold("ApprovalsUnreadable", "The key that approvals are sealed with was not read yet, so none can be proven; trying again.");
        }

        return draft.Authors.Any(a => a.SpecDigest == draft.Intent.Digest)
            ? null
            : new Hold(
                "RequesterUnknown",
                "Nobody is on record as having asked for this version of the spec: it was written while the admission webhooks were not to be reached, or were not there. "
                + "Nothing was touched. Delete the patch and apply it again, or edit its spec.");
    }
}

using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Approvals;

/// <summary>What people are told of approvals that are missing.</summary>
internal static class ApprovalWording
{
    public static string Missing(Draft draft, ApprovalTally tally)
    {
        var accountable = string.Join(", ", draft.Intent.Accountable);
        return (tally.Required - tally.Valid.Count, tally.LacksAccountable) switch
        {
            ( > 0 and var more, true) => $"{more} more of {tally.Required} approvals, at least one of them by {accountable}.",
            ( > 0 and var more, false) => $"{more} more of {tally.Required} approvals.",
            _ => $"an approval by someone accountable ({accountable}).",
        };
    }

    public static string HowTo(Draft draft) =>
        $"Approve with: kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/approve='reason'";
}

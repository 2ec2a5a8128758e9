using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>Which approvals count.</summary>
public static class ApprovalBook
{
    /// <summary>Bound to this very spec, and not expired.</summary>
    public static IReadOnlyList<ApprovalStatus> Valid(EmergencyPatchStatus? status, PatchIntent intent, DateTimeOffset now) =>
        [.. (status?.Approvals ?? []).Where(a => a.SpecDigest == intent.Digest && a.ExpiresAt > now)];
}

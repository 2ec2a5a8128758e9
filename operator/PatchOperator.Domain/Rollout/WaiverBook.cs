using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>Which waivers count.</summary>
public static class WaiverBook
{
    /// <summary>Bound to this very spec, and not expired.</summary>
    public static IReadOnlyList<WaiverStatus> Valid(EmergencyPatchStatus? status, PatchIntent intent, DateTimeOffset now) =>
        [.. (status?.Waivers ?? []).Where(waiver => waiver.SpecDigest == intent.Digest && waiver.ExpiresAt > now)];

    /// <summary>As the matrix takes them.</summary>
    public static IReadOnlyList<Waiver> ForMatrix(IEnumerable<WaiverStatus> waivers) =>
        [.. waivers.Select(waiver => new Waiver { Module = waiver.Module, By = waiver.By, Reason = waiver.Reason, ExpiresAt = waiver.ExpiresAt })];
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>Which waivers count.</summary>
public static class WaiverBook
{
    /// <summary>Bound to this very spec, not expired, and proven: a status may be edited.</summary>
    /// <param name="patch">With the status that is looked at.</param>
    /// <param name="intent">Of its spec.</param>
    /// <param name="keys">Null where nothing authenticates people, and nothing can be proven.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<WaiverStatus> Valid(EmergencyPatch patch, PatchIntent intent, FactKeys? keys, DateTimeOffset now) =>
        [.. (patch.Status?.Waivers ?? []).Where(waiver => waiver.SpecDigest == intent.Digest && waiver.ExpiresAt > now && IsProven(patch, intent, waiver, keys))];

    private static bool IsProven(EmergencyPatch patch, PatchIntent intent, WaiverStatus waiver, FactKeys? keys) => keys is null
        || !keys.Any // Known in a moment; nothing starts before, since no approval can be proven either.
        || (waiver.Fact is { } text
            && FactCheck.Examine(text, patch.Metadata, keys) is (FactVerdict.Genuine, { Command: Commands.Waive, Denied: null } fact, _)
            && (fact.Actor, fact.SpecDigest) == (waiver.By, waiver.SpecDigest)
            && WaiverText.TryParse(fact.Reason ?? "", out var said, out _) && said.Module == waiver.Module
            && waiver.ExpiresAt <= (said.Until ?? fact.At + intent.ApprovalExpiresAfter));

    /// <summary>As the matrix takes them.</summary>
    public static IReadOnlyList<Waiver> ForMatrix(IEnumerable<WaiverStatus> waivers) =>
        [.. waivers.Select(waiver => new Waiver { Module = waiver.Module, By = waiver.By, Reason = waiver.Reason, ExpiresAt = waiver.ExpiresAt })];
}

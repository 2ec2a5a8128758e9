using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout;

/// <summary>How far the approvals of one gate have come.</summary>
/// <param name="Valid">One for each person.</param>
/// <param name="Required">How many people.</param>
/// <param name="LacksAccountable">Nobody whom spec.approval.accountable names is among them.</param>
internal sealed record ApprovalTally(IReadOnlyList<ApprovalStatus> Valid, int Required, bool LacksAccountable)
{
    public bool IsEnough => Valid.Count >= Required && !LacksAccountable;
}

/// <summary>Which approvals count.</summary>
public static class ApprovalBook
{
    /// <summary>Bound to this very spec, and not expired. Whether they can be proven is not looked at here.</summary>
    public static IReadOnlyList<ApprovalStatus> Valid(EmergencyPatchStatus? status, PatchIntent intent, DateTimeOffset now) =>
        [.. (status?.Approvals ?? []).Where(a => a.SpecDigest == intent.Digest && a.ExpiresAt > now && a.Step is null)];

    /// <summary>Whether it looks as if the start were approved, for what is worth reading then. The gate decides.</summary>
    public static bool MayStart(EmergencyPatchStatus? status, PatchIntent intent, DateTimeOffset now) =>
        Valid(status, intent, now).Count >= intent.ApprovalsRequired || BreakGlass.IsOpen(status, intent);

    /// <param name="draft">The decision.</param>
    /// <param name="step">A gate in mid-run; null for the start.</param>
    /// <param name="atStart">Whether expiry matters: an approval is needed when something starts; that it runs out later takes nothing back.</param>
    internal static ApprovalTally Tally(Draft draft, int? step = null, bool atStart = true)
    {
        var valid = (draft.Status.Approvals ?? [])
            .Where(a => a.Step == step && a.SpecDigest == draft.Intent.Digest && (!atStart || a.ExpiresAt > draft.Now) && IsProven(draft, a))
            .ToArray();

        var people = Persons.Distinct(valid, a => (a.By, a.Uid));
        var required = step is null ? draft.Intent.ApprovalsRequired : Math.Max(1, draft.Intent.ApprovalsRequired);
        var lacksAccountable = required > 0 && draft.Intent.Accountable.Count > 0 && !valid.Any(a => IsAccountable(draft, a));
        return new ApprovalTally(people, required, lacksAccountable);
    }

    /// <summary>
    /// A status may be edited by whoever got the right to; the fact in it may not. It says who, when and on what, and that is compared with what the
    /// status claims; four eyes are looked at anew, since somebody may have edited the spec there and back.
    /// </summary>
    private static bool IsProven(Draft draft, ApprovalStatus approval)
    {
        if (!draft.Policy.Validation.Authenticates)
        {
            // A step that asks people is accepted only where they are authenticated: switched off in mid-run, that opens no gate.
            return approval.Step is null || approval.Verified;
        }

        return approval.Fact is { } text
            && FactCheck.Examine(text, draft.Patch.Metadata, draft.Observed.Keys) is (FactVerdict.Genuine, { Command: Commands.Approve, Denied: null } fact, _)
            && (fact.Actor, fact.ActorUid, fact.At, fact.SpecDigest) == (approval.By, approval.Uid, approval.At, approval.SpecDigest)
            && approval.ExpiresAt <= fact.At + draft.Intent.ApprovalExpiresAfter
            && Refusal(draft, fact) is null;
    }

    /// <summary>Why this person's word does not count, though the API server let it in.</summary>
    internal static string? Refusal(Draft draft, RecordedFact fact) =>
        CommandRules.Refusal(fact.Command, UserOf(fact), draft.Patch.Spec, draft.Status, draft.Authors);

    internal static AuthenticatedUser UserOf(RecordedFact fact) => new(fact.Actor, fact.ActorUid, fact.Groups ?? []);

    private static bool IsAccountable(Draft draft, ApprovalStatus approval) =>
        approval.Fact is { } text && FactSeal.Read(text) is { } fact && Persons.EntryFor(draft.Intent.Accountable, fact.Actor, fact.Groups ?? []) is not null;
}

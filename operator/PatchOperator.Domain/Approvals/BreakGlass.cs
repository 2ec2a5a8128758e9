using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Approvals;

/// <summary>
/// A start without approvals, by someone who may, for a reason, and loud. It opens the gates for people and no other gate, for one run; and the patch
/// is not ready until another authorised person has said that they looked at it.
/// </summary>
public static class BreakGlass
{
    public const string ReviewMissing = "ReviewMissing";

    /// <summary>Whether it looks as if the gates for people were open, for what is worth reading then. The gates ask for proof.</summary>
    public static bool IsOpen(EmergencyPatchStatus? status, PatchIntent intent) => status?.BreakGlass is { IsOpen: true } glass && glass.SpecDigest == intent.Digest;

    /// <summary>Whether the gates for people are open, by a fact that nobody but the webhook can have written: a status may be edited.</summary>
    internal static bool IsOpen(Draft draft) =>
        IsOpen(draft.Status, draft.Intent) && draft.Status.BreakGlass is { } glass
        && FactCheck.Examine(glass.Fact, draft.Patch.Metadata, draft.Observed.Keys) is (FactVerdict.Genuine, { Command: Commands.BreakGlass, Denied: null } fact, _)
        && (fact.Actor, fact.ActorUid, fact.At, fact.SpecDigest) == (glass.By, glass.Uid, glass.At, glass.SpecDigest);

    internal static void Decide(Draft draft)
    {
        if (!IsBeforeStart(draft.Phase))
        {
            CommandDesk.Ignore(draft, $"the patch is {draft.Phase}, and there is no start to hasten.", Commands.BreakGlass);
        }

        while (CommandDesk.Take(draft, Commands.BreakGlass) is { Fact: { } fact } command)
        {
            Break(draft, command, fact);
        }

        if (Debts(draft.Status).Count == 0)
        {
            CommandDesk.Ignore(draft, "nothing waits for a review.", Commands.Review);
        }

        while (draft.Status.BreakGlass is { } glass && Debts(draft.Status).Count > 0 && CommandDesk.Take(draft, Commands.Review) is { Fact: { } fact } command)
        {
            Review(draft, glass, command, fact);
        }

        CommandDesk.Ignore(draft, "nothing waits for a review any more.", Commands.Review);
    }

    /// <summary>The run that it was for is over; the review is still owed.</summary>
    internal static void EndRun(Draft draft)
    {
        if (draft.Status.BreakGlass is { } glass)
        {
            draft.Status = draft.Status with { BreakGlass = Debts(draft.Status).Count > 0 ? glass with { IsOpen = false } : null };
        }
    }

    /// <summary>What people must still do, or null.</summary>
    internal static string? Owed(Draft draft) => Debts(draft.Status) is { Count: > 0 } debts
        ? $"{string.Join("; ", debts.Select(d => $"{d.By} started it without approvals on {d.At:u} ({d.Reason})"))}; another authorised person must review that: kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/review='what you found'"
        : null;

    /// <summary>Every broken glass that nobody has reviewed, the newest first.</summary>
    public static IReadOnlyList<GlassDebtStatus> Debts(EmergencyPatchStatus? status) => status?.BreakGlass is not { } glass
        ? []
        : [.. glass.Review is null ? [Debt(glass)] : (GlassDebtStatus[])[], .. glass.Unreviewed ?? []];

    private static void Break(Draft draft, Command command, RecordedFact fact)
    {
        if (fact.SpecDigest != draft.Intent.Digest)
        {
            CommandDesk.Ignore(draft, "it was given to another version of the spec.", command);
            return;
        }

        // The latest of each person stands for all of theirs: whoever reviews it has the trail before them.
        GlassDebtStatus[] debts = [.. Debts(draft.Status).Where(d => !Persons.AreOne(d.By, d.Uid, fact.Actor, fact.ActorUid))];
        draft.Status = draft.Status with
        {
            BreakGlass = new BreakGlassStatus { By = fact.Actor, Uid = fact.ActorUid, Reason = command.Reason, At = fact.At, SpecDigest = fact.SpecDigest, IsOpen = true, Fact = FactSeal.Write(fact), Unreviewed = Unless(debts) },
        };
        draft.Record("GlassBroken", $"Starts without approvals: {command.Reason}. Another authorised person must review it.", command.Actor);
    }

    private static void Review(Draft draft, BreakGlassStatus glass, Command command, RecordedFact fact)
    {
        if (ApprovalBook.Refusal(draft, fact) is { } refusal)
        {
            draft.Record("AttemptDenied", $"{command.Name}: {refusal}", command.Actor);
            return;
        }

        // Their own is not among them: the refusal above is for those who broke all that is left to review.
        var (own, reviewed) = (new List<GlassDebtStatus>(), new List<GlassDebtStatus>());
        foreach (var debt in Debts(draft.Status))
        {
            (Persons.AreOne(debt.By, debt.Uid, fact.Actor, fact.ActorUid) ? own : reviewed).Add(debt);
        }

        var isCurrent = glass.Review is null && reviewed.Contains(Debt(glass));
        draft.Status = draft.Status with
        {
            BreakGlass = glass with
            {
                Review = isCurrent ? new RequestStatus { By = fact.Actor, Reason = command.Reason, At = fact.At } : glass.Review,
                Unreviewed = Unless([.. own.Where(d => d != Debt(glass))]),
            },
        };
        draft.Record("Reviewed", $"The start without approvals by {string.Join(", ", reviewed.Select(d => d.By))} was reviewed: {command.Reason}", command.Actor);
    }

    private static GlassDebtStatus Debt(BreakGlassStatus glass) => new() { By = glass.By, Uid = glass.Uid, Reason = glass.Reason, At = glass.At };

    private static IReadOnlyList<GlassDebtStatus>? Unless(GlassDebtStatus[] none) => none.Length > 0 ? none : null;

    private static bool IsBeforeStart(PatchPhase phase) => phase is PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating;
}

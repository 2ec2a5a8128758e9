using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Approvals;

/// <summary>Takes in approvals and their withdrawal, before the start and in mid-run.</summary>
internal static class ApprovalDesk
{
    private const string Unproven = " (nothing authenticated the approver)";

    public static void TakeBeforeStart(Draft draft)
    {
        DropExpired(draft);
        while (CommandDesk.TakeFirst(draft, Commands.Approve, Commands.Revoke) is { } command)
        {
            if (command.Name == Commands.Approve)
            {
                Accept(draft, command, null);
            }
            else
            {
                Withdraw(draft, command);
            }
        }
    }

    /// <summary>True when a withdrawal has begun a revert.</summary>
    public static bool TakeInRun(Draft draft)
    {
        while (CommandDesk.TakeFirst(draft, Commands.Approve, Commands.Revoke) is { } command)
        {
            if (command.Name == Commands.Approve)
            {
                AcceptInRun(draft, command);
            }
            else if (Withdraw(draft, command) && StepGate.PassedWithoutEnough(draft).Count > 0 && Consequence(draft, command))
            {
                return true;
            }
        }

        if (draft.Status.Revocation is not null && StepGate.PassedWithoutEnough(draft).Count == 0)
        {
            draft.Status = draft.Status with { Revocation = null };
            draft.Record("ApprovalRestored", "Enough people approve again; the run goes on.");
        }

        return false;
    }

    /// <summary>For the gate that lost its approvals, else for the one ahead.</summary>
    private static void AcceptInRun(Draft draft, Command command)
    {
        var lacking = draft.Status.Revocation is null ? [] : StepGate.PassedWithoutEnough(draft);
        if (lacking.Count > 0)
        {
            Accept(draft, command, lacking[0]);
        }
        else if (StepGate.Ahead(draft) is { } step)
        {
            Accept(draft, command, step);
        }
        else
        {
            CommandDesk.Ignore(draft, "the run has started, and no approval is waited for now.", command);
        }
    }

    private static void Accept(Draft draft, Command command, int? step)
    {
        var fact = command.Fact;
        if (fact is not null && fact.SpecDigest != draft.Intent.Digest)
        {
            draft.Record("ApprovalVoid", "The approval was given to another version of the spec; look at this one, and approve again.", command.Actor);
            return;
        }

        if (fact is not null && ApprovalBook.Refusal(draft, fact) is { } refusal)
        {
            draft.Record("AttemptDenied", $"{command.Name}: {refusal}", command.Actor);
            return;
        }

        var at = fact?.At ?? draft.Now;
        var approval = new ApprovalStatus
        {
            By = command.Actor,
            Uid = fact?.ActorUid,
            Verified = fact is not null,
            Reason = command.Reason,
            At = at,
            ExpiresAt = at + draft.Intent.ApprovalExpiresAfter,
            SpecDigest = draft.Intent.Digest,
            Rights = fact?.Rights,
            Step = step,
            Fact = fact is null ? null : FactSeal.Write(fact),
        };

        // Without an authenticated name two approvals may be one person's: the newest stands for all of them. Other accounts of one person stay, since
        // they show that it is one.
        var others = (draft.Status.Approvals ?? []).Where(a => a.Step != step || (fact is not null && (a.By, a.Uid) != (approval.By, approval.Uid)));
        draft.Status = draft.Status with { Approvals = [.. others, approval] };
        if (step is null)
        {
            draft.Timing(t => t with { ApprovedAt = draft.Now });
        }

        var forStep = step is { } index ? $" For step {index + 1}." : "";
        draft.Record("ApprovalRecorded", $"{command.Reason}{(fact is null ? Unproven : $" (by {string.Join(", ", fact.Rights ?? [])})")}{forStep}", command.Actor);
    }

    /// <summary>Takes away what this person has approved; nobody in particular takes away all. False when there was nothing.</summary>
    private static bool Withdraw(Draft draft, Command command)
    {
        var approvals = draft.Status.Approvals ?? [];
        var left = command.Fact is { } fact ? approvals.Where(a => !Persons.AreOne(a.By, a.Uid, fact.Actor, fact.ActorUid)).ToArray() : [];
        if (left.Length == approvals.Count)
        {
            CommandDesk.Ignore(draft, $"{command.Actor} has given no approval that stands. To stop the patch: patchoperator.io/reject or abort.", command);
            return false;
        }

        draft.Status = draft.Status with { Approvals = left.Length > 0 ? left : null };
        draft.Record("ApprovalRevoked", command.Reason, command.Actor);
        return true;
    }

    /// <summary>Hold or revert, as configured. True for a revert.</summary>
    private static bool Consequence(Draft draft, Command command)
    {
        if (BreakGlass.IsOpen(draft))
        {
            // It started without anybody's approval, and goes on without.
            return false;
        }

        if (draft.Intent.RevertOnRevoke)
        {
            Reverting.Begin(draft, Progressing.Back(draft, "ApprovalRevoked", $"Approval withdrawn: {command.Reason}.", PatchPhase.Reverted), command.Actor);
            return true;
        }

        draft.Status = draft.Status with { Revocation = new RequestStatus { By = command.Actor, Reason = command.Reason, At = draft.Now } };
        return false;
    }

    private static void DropExpired(Draft draft)
    {
        var approvals = draft.Status.Approvals ?? [];
        var valid = ApprovalBook.Valid(draft.Status, draft.Intent, draft.Now);
        if (valid.Count < approvals.Count)
        {
            draft.Status = draft.Status with { Approvals = valid.Count > 0 ? valid : null };
            draft.Record("ApprovalExpired", "An approval ran out before the start; approve again.");
        }
    }
}

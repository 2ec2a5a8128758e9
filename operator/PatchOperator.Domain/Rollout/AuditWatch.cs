using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// Looks after the trail itself: what reached it, whether it is as it was written, and where it goes on when status was lost. It blocks nothing (S1);
/// it says so aloud, and what it found broken is not signed again.
/// </summary>
public static class AuditWatch
{
    public const string Broken = "AuditTrailBroken";
    public const string Continued = "AuditTrailContinued";
    public const string SetAside = "RestoredTrailSetAside";

    internal static void Decide(Draft draft)
    {
        Acknowledge(draft);
        if (draft.Observed.Audit is not { } seen)
        {
            return;
        }

        var faults = Faults(draft, seen);
        var wasLost = draft.Status.Audit is null;
        if (seen.SetAside is { } why)
        {
            draft.Record(SetAside, $"The resource came with a trail, as from a backup, that does not go on: {why}. It stays in {Annotations.RestoredAudit} to be looked at, and a new one begins. Compare it with the operator's log.");
        }

        if (seen.Verdict.Records is [.., var last] && !(draft.Status.Audit?.Sequence >= last.Sequence))
        {
            Continue(draft, seen.Verdict);
            if (wasLost)
            {
                draft.Record(Continued, $"The resource came without status, as from a backup; its trail of {last.Sequence} records{(seen.Verdict.BegunOn is { } before ? $", begun on uid {before}," : "")} goes on. {seen.Restored}".TrimEnd()
                    + " Approvals in it were given to the resource of before and count for nothing here.");
            }
        }
        else if (faults.Count == 0 && seen.KeyId is not null && seen.Verdict is { IsSealed: false, Records: [.., var end] } && draft.Status.Audit?.Seal is null)
        {
            draft.Record("AuditSigningBegan", $"Records 1 to {end.Sequence} were written without a signature; from here on the trail is signed with key {seen.KeyId}.");
        }

        var condition = Before(draft);
        if (faults.Count > 0 && condition?.Status != "False")
        {
            draft.Record(Broken, Describe(faults));
        }
        else if (faults.Count == 0 && condition?.Status == "False")
        {
            draft.Record("AuditTrailIntactAgain", "The trail is whole again.");
        }

        draft.Audit = faults.Count > 0 ? ("False", Broken, Describe(faults))
            : seen.KeyId is null ? ("True", "HashesHold", "The records follow each other. They are not signed, since the operator has no key to sign with.")
            : ("True", "Signed", "The records follow each other, and the operator's signature over them holds.");
    }

    private static IReadOnlyList<string> Faults(Draft draft, AuditObservation seen)
    {
        List<string> faults = [.. seen.Verdict.Faults];
        if (seen.KeyId is not null)
        {
            faults.AddRange(seen.Verdict.UnknownKeys.Select(key => $"it is signed with key {key}, which is not one of the operator's: add its public key to the operator's ConfigMap if it was yours"));
            if (draft.Status.Audit is null && seen.Verdict is { Records.Count: > 0, IsSealed: false })
            {
                faults.Add("the resource came with a trail that the operator never signed");
            }
            else if (Before(draft)?.Status == "False" && seen.Verdict is { IsIntact: true, Records.Count: > 0, IsSealed: false })
            {
                // What was refused once does not become true by being there for longer.
                faults.Add("it was found broken before, and no signature vouches for any of it");
            }
        }

        return faults;
    }

    private static Condition? Before(Draft draft) => draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.AuditIntact);

    private static string Describe(IReadOnlyList<string> faults)
    {
        var more = faults.Count > 3 ? $"; and {faults.Count - 3} more" : "";
        return $"The audit trail is not as it was written: {string.Join("; ", faults.Take(3))}{more}. Nothing is blocked by it, and it is not signed again. "
            + "Compare it with the operator's log, which has every record, and find out who changed it; kubectl epatch audit verify says more.";
    }

    /// <summary>Never number two records alike: the next one follows the last that is known from anywhere.</summary>
    private static void Continue(Draft draft, AuditVerdict verdict) => draft.Status = draft.Status with
    {
        Audit = new AuditStatus
        {
            Sequence = verdict.Records[^1].Sequence,
            Head = verdict.Records[^1].Hash,
            Stored = draft.Observed.AuditedThrough,
            Recent = [.. verdict.Records.TakeLast(AuditChain.Kept)],
            ContinuedFrom = verdict.BegunOn ?? draft.Status.Audit?.ContinuedFrom,
            Seal = draft.Status.Audit?.Seal,
        },
    };

    /// <summary>What reached the trail needs no second event and no second log line, also if the trail has to be restored one day.</summary>
    private static void Acknowledge(Draft draft)
    {
        if (draft.Status.Audit is { } audit && !(audit.Stored >= draft.Observed.AuditedThrough))
        {
            draft.Status = draft.Status with { Audit = audit with { Stored = draft.Observed.AuditedThrough } };
        }
    }
}

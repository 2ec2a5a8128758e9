using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Admission;

/// <summary>One command: who gives it may, its reason can be read by others, and it becomes a fact; or it is refused, and that becomes one.</summary>
internal static class CommandIntake
{
    private const int LongestName = 512;

    public static void Decide(MutationDraft draft, string name, string reason, IReadOnlyDictionary<string, bool?> rights)
    {
        var (user, annotation) = (draft.Request.User, Annotations.CommandPrefix + name);
        if (CommandRules.ReasonProblem(reason) is { } problem)
        {
            draft.Refuse(new AdmissionRefusal(422, "Invalid", $"{annotation} {problem}."));
            return;
        }

        if (draft.Request.IsCreate)
        {
            draft.Refuse(new AdmissionRefusal(422, "Invalid", $"{annotation} is there already when {draft.Subject} is created; take it out, and give the command afterwards with kubectl annotate."));
            return;
        }

        if (user.Username is Draft.Operator or Draft.Unverified)
        {
            draft.Refuse(new AdmissionRefusal(403, "Forbidden", $"The user name {user.Username} is what the trail calls the operator, or somebody unknown; {annotation} takes another account."));
            return;
        }

        if (user.Username.Length > LongestName || PlainText.Problem(user.Username) is not null)
        {
            draft.Refuse(new AdmissionRefusal(403, "Forbidden", $"The user name of {Words(user.Username)} is too long or has characters that do not show; nobody could tell from the trail who gave {annotation}."));
            return;
        }

        var verb = CommandRules.VerbOf(name);
        var granted = verb is null || rights.GetValueOrDefault(verb) is true;
        var isUnknown = verb is not null && rights.GetValueOrDefault(verb) is null;
        if ((isUnknown || !draft.CanSeal) && CommandRules.IsSafe(name))
        {
            // It stays as it was written, and is acted on as nobody's: what makes things safer does not wait for who it was.
            return;
        }

        if (isUnknown)
        {
            draft.Refuse(new AdmissionRefusal(503, "ServiceUnavailable", $"Whether {user.Username} may {verb} could not be asked of the API server; try again in a moment."));
        }
        else if (!granted)
        {
            draft.Deny(
                name, reason,
                $"{user.Username} may not {name}: that takes the verb {verb} on {Names.EmergencyPatchPlural}.{Names.Group} in namespace {draft.Request.Namespace}, which a Role can grant.");
        }
        else if (draft.Spec is not { } spec)
        {
            draft.Refuse(new AdmissionRefusal(422, "Invalid", $"The spec of {draft.Subject} cannot be read, so nobody can say what {annotation} would be about; correct it first."));
        }
        else if (CommandRules.Refusal(name, user, spec, draft.Patch?.Status, draft.Authors) is { } refusal)
        {
            draft.Deny(name, reason, refusal);
        }
        else if (name is Commands.Approve && !draft.Authors.Any(a => a.SpecDigest == draft.Digest))
        {
            draft.Deny(
                name, reason,
                $"Nobody is on record as having asked for {draft.Subject} as it is now, so it cannot be told whether {user.Username} did; delete it and apply it again, or edit its spec.");
        }
        else if (!draft.CanSeal)
        {
            draft.Refuse(MutationDraft.NoKey);
        }
        else
        {
            draft.Set(annotation, null);
            IEnumerable<string> byRight = verb is null ? ["update"] : [$"verb {verb}"];
            draft.Record(draft.Fact(name) with { Reason = reason, Rights = [.. byRight.Concat(CommandRules.Entries(user, spec))] });
        }
    }

    private static string Words(string name) => new([.. name.Where(c => c is >= ' ' and <= '~').Take(80)]);
}

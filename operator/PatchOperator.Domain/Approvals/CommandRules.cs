using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Approvals;

/// <summary>Who may ask for what. The same rules answer at the door and decide again when a fact is taken in.</summary>
public static class CommandRules
{
    public const int LongestReason = 1024;

    /// <summary>The verb on emergencypatches that RBAC must grant; null where the right to change the resource is enough.</summary>
    public static string? VerbOf(string command) => command switch
    {
        Commands.Approve or Commands.Revoke or Commands.PromoteNow or Commands.Review or Commands.Waive => Verbs.Approve,
        Commands.BreakGlass => Verbs.BreakGlass,
        Commands.Abort or Commands.Revert or Commands.Reject => Verbs.Abort,
        _ => null,
    };

    /// <summary>
    /// Only makes things safer. It is acted on also when nothing could authenticate its author, as when the webhook was not to be reached: nothing may
    /// block a revert, and whoever got this far could have had the same by an edit or a deletion.
    /// </summary>
    public static bool IsSafe(string command) => command is Commands.Abort or Commands.Revert or Commands.Reject or Commands.Revoke or Commands.Suspend;

    /// <summary>What is wrong with a reason, and what to write; null when nothing is.</summary>
    public static string? ReasonProblem(string reason) =>
        string.IsNullOrWhiteSpace(reason) ? $"needs a reason as its value; write 1 to {LongestReason} characters"
        : reason.Length > LongestReason ? $"has a reason of {reason.Length} characters; write at most {LongestReason}"
        : PlainText.Problem(reason) is { } problem ? $"has {problem} in its reason; write plain text without it"
        : null;

    /// <summary>Why this person may not, apart from RBAC; null when they may.</summary>
    public static string? Refusal(string command, AuthenticatedUser user, EmergencyPatchSpec spec, EmergencyPatchStatus? status, IEnumerable<AuthorStatus> authors) => command switch
    {
        Commands.Approve or Commands.Waive => Requester(user, spec, authors) is { } why ? $"{user.Username} {why}, and whoever asks for a patch does not {command} it; another person must." : null,
        Commands.Review => ReviewRefusal(user, spec, status, authors),
        Commands.Retry or Commands.Resume or Commands.PromoteNow => DriverRefusal(user, spec),
        _ => null,
    };

    /// <summary>The rights that a person has beyond the verb: the entries of the lists that name them.</summary>
    public static IReadOnlyList<string> Entries(AuthenticatedUser user, EmergencyPatchSpec spec)
    {
        var accountable = Persons.EntryFor(spec.Approval?.Accountable, user.Username, user.Groups);
        var responsible = Persons.EntryFor(spec.Approval?.Responsible, user.Username, user.Groups);
        return [.. ((string?[])[accountable is null ? null : $"accountable {accountable}", responsible is null ? null : $"responsible {responsible}"]).OfType<string>()];
    }

    /// <summary>How this person asked for the patch; null when they did not. A group that they are in changes nothing about it.</summary>
    private static string? Requester(AuthenticatedUser user, EmergencyPatchSpec spec, IEnumerable<AuthorStatus> authors) =>
        authors.Any(a => Persons.AreOne(a.By, a.Uid, user.Username, user.Uid)) ? "created this patch or edited its spec"
        : spec.Change?.RequestedBy is { Length: > 0 } requestedBy && Persons.IsMeant(requestedBy, user.Username, user.Groups) ? $"is meant by spec.change.requestedBy ({requestedBy})"
        : null;

    private static string? ReviewRefusal(AuthenticatedUser user, EmergencyPatchSpec spec, EmergencyPatchStatus? status, IEnumerable<AuthorStatus> authors) =>
        BreakGlass.Debts(status) is { Count: > 0 } debts && debts.All(d => Persons.AreOne(d.By, d.Uid, user.Username, user.Uid)) ? $"{user.Username} broke the glass, and nobody reviews their own emergency; another person must."
        : Requester(user, spec, authors) is { } why ? $"{user.Username} {why}, and whoever asks for a patch does not review it; another person must."
        : null;

    private static string? DriverRefusal(AuthenticatedUser user, EmergencyPatchSpec spec) => spec.Approval?.Responsible is { Count: > 0 } responsible && Entries(user, spec).Count == 0
        ? $"spec.approval.responsible names who carries this patch out ({string.Join(", ", responsible)}), and {user.Username} is neither among them nor among the accountable."
        : null;
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout;

/// <summary>What someone asked for, and who.</summary>
/// <param name="Name">Without prefix.</param>
/// <param name="Reason">As it was given.</param>
/// <param name="Actor">The authenticated user, or <see cref="Draft.Unverified"/>.</param>
/// <param name="Fact">What the webhook recorded; null where nothing authenticated the author.</param>
internal sealed record Command(string Name, string Reason, string Actor, RecordedFact? Fact = null);

/// <summary>Takes in commands, recorded facts and plain annotations alike: each is acted on once, recorded, and removed.</summary>
internal static class CommandDesk
{
    /// <summary>Commands that some phase acts on.</summary>
    private static readonly string[] Known =
    [
        Commands.Approve, Commands.Reject, Commands.Revoke, Commands.Abort, Commands.Retry, Commands.Suspend, Commands.Resume,
        Commands.PromoteNow, Commands.Revert, Commands.Waive, Commands.BreakGlass, Commands.Review,
    ];

    /// <summary>Answers what no phase acts on.</summary>
    public static void Receive(Draft draft)
    {
        Forget(draft);
        foreach (var name in Waiting(draft))
        {
            if (!Known.Contains(name))
            {
                Refuse(draft, name);
            }
            else if (Plain(draft, name) is { } reason && CommandRules.ReasonProblem(reason) is { } problem)
            {
                SettlePlain(draft, name, "CommandRefused", $"patchoperator.io/{name} {problem}; nothing was done.");
            }
            else if (Plain(draft, name) is not null && NeedsAuthor(draft, name) is { } why)
            {
                SettlePlain(draft, name, "CommandRefused", $"patchoperator.io/{name} was not acted on: {why}");
            }
        }
    }

    /// <summary>The command, if it is there and was not acted on yet. From here on it was. One call takes one; several people may have given it.</summary>
    public static Command? Take(Draft draft, string name)
    {
        if (draft.Facts.FirstOrDefault(f => f.Command == name) is { } fact)
        {
            FactDesk.MarkHandled(draft, fact);
            return new Command(name, fact.Reason ?? "", fact.Actor, fact);
        }

        if (Plain(draft, name) is not { } reason)
        {
            return null;
        }

        MarkHandled(draft, name);
        return new Command(name, reason, Draft.Unverified);
    }

    /// <summary>The earliest of these commands: what one takes back, another may have given before. Those whose time nobody recorded come last, in the order of the names.</summary>
    public static Command? TakeFirst(Draft draft, params ReadOnlySpan<string> names)
    {
        foreach (var fact in draft.Facts)
        {
            if (names.Contains(fact.Command))
            {
                return Take(draft, fact.Command);
            }
        }

        foreach (var name in names)
        {
            if (Take(draft, name) is { } command)
            {
                return command;
            }
        }

        return null;
    }

    public static bool IsWaiting(Draft draft, string name) => Waiting(draft).Contains(name);

    /// <summary>Every command that means nothing in this phase is taken away, and the trail says so.</summary>
    public static void IgnoreAllBut(Draft draft, string why, params ReadOnlySpan<string> meaningful)
    {
        foreach (var name in Waiting(draft))
        {
            if (!meaningful.Contains(name))
            {
                Ignore(draft, why, name);
            }
        }
    }

    public static void Ignore(Draft draft, string why, string name)
    {
        while (Take(draft, name) is { } command)
        {
            Ignore(draft, why, command);
        }
    }

    /// <summary>What is not done is on record with its reason like what is: it may be the only trace of what somebody knew.</summary>
    public static void Ignore(Draft draft, string why, Command command) =>
        draft.Record("CommandIgnored", $"patchoperator.io/{command.Name} was ignored: {why} Reason given: {command.Reason}", command.Actor);

    public static void CleanUp(Draft draft)
    {
        var present = (draft.Status.HandledCommands ?? []).Where(h => draft.Observed.Commands.TryGetValue(h.Name, out var value) && value == h.Value).ToArray();
        if (present.Length > 0)
        {
            draft.Do(new RemoveCommands(present));
        }
    }

    /// <summary>Why a command that nothing authenticated counts for nothing here; null where it does.</summary>
    private static string? NeedsAuthor(Draft draft, string name) => (draft.Policy.Validation.Authenticates, name) switch
    {
        (true, _) when !CommandRules.IsSafe(name) => "nothing authenticated its author, as when the admission webhook was not to be reached. Give it again.",
        (false, Commands.BreakGlass or Commands.Review) => "admission control is switched off, so nobody can be told apart; approve instead.",
        _ => null,
    };

    private static string[] Waiting(Draft draft) =>
        [.. draft.Observed.Commands.Keys.Where(name => Plain(draft, name) is not null).Concat(draft.Facts.Select(f => f.Command)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The value of a command annotation that was not acted on.</summary>
    private static string? Plain(Draft draft, string name) => draft.Observed.Commands.TryGetValue(name, out var value) && !IsHandled(draft, name, value) ? value : null;

    private static bool IsHandled(Draft draft, string name, string value) =>
        (draft.Status.HandledCommands ?? []).Any(h => h.Name == name && h.Value == value);

    /// <summary>Once the annotation is gone, the same command with the same reason is a new one.</summary>
    private static void Forget(Draft draft)
    {
        if (draft.Status.HandledCommands is { Count: > 0 } handled)
        {
            var left = handled.Where(h => draft.Observed.Commands.TryGetValue(h.Name, out var value) && value == h.Value).ToArray();
            draft.Status = draft.Status with { HandledCommands = left.Length > 0 ? left : null };
        }
    }

    /// <summary>Nobody has looked at the reason of what is no command, and it stays out of the trail.</summary>
    private static void Refuse(Draft draft, string name)
    {
        while (Take(draft, name) is { } command)
        {
            draft.Record("CommandNotSupportedYet", $"patchoperator.io/{name} is not supported yet; nothing was done.", command.Actor);
        }
    }

    private static void SettlePlain(Draft draft, string name, string action, string message)
    {
        MarkHandled(draft, name);
        draft.Record(action, message, Draft.Unverified);
    }

    private static void MarkHandled(Draft draft, string name) => draft.Status = draft.Status with
    {
        HandledCommands =
        [
            .. (draft.Status.HandledCommands ?? []).Where(h => h.Name != name),
            new HandledCommand { Name = name, Value = draft.Observed.Commands[name], At = draft.Now },
        ],
    };
}

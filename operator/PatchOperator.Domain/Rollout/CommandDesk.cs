using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>What someone asked for, and who; nothing has authenticated them yet.</summary>
internal sealed record Command(string Name, string Reason, string Actor);

/// <summary>Takes in command annotations: each is acted on once, recorded, and removed.</summary>
internal static class CommandDesk
{
    private const int LongestReason = 1024;

    /// <summary>Commands that some phase acts on.</summary>
    private static readonly string[] Known =
    [
        Commands.Approve, Commands.Reject, Commands.Revoke, Commands.Abort, Commands.Retry,
        Commands.Suspend, Commands.Resume, Commands.PromoteNow, Commands.Revert, Commands.Waive,
    ];

    /// <summary>Answers what no phase acts on.</summary>
    public static void Receive(Draft draft)
    {
        Forget(draft);
        foreach (var name in Waiting(draft))
        {
            var reason = draft.Observed.Commands[name];
            if (!Known.Contains(name))
            {
                Settle(draft, name, "CommandNotSupportedYet", $"patchoperator.io/{name} is not supported yet; nothing was done.");
            }
            else if (string.IsNullOrWhiteSpace(reason) || reason.Length > LongestReason)
            {
                Settle(draft, name, "CommandRefused", $"patchoperator.io/{name} needs a reason of 1 to {LongestReason} characters as its value; nothing was done.");
            }
        }
    }

    /// <summary>The command, if it is there and was not acted on yet. From here on it was.</summary>
    public static Command? Take(Draft draft, string name)
    {
        if (!Waiting(draft).Contains(name))
        {
            return null;
        }

        MarkHandled(draft, name);
        return new Command(name, draft.Observed.Commands[name], Draft.Unverified);
    }

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
        if (Waiting(draft).Contains(name))
        {
            Settle(draft, name, "CommandIgnored", $"patchoperator.io/{name} was ignored: {why}");
        }
    }

    public static void CleanUp(Draft draft)
    {
        var present = (draft.Status.HandledCommands ?? []).Where(h => draft.Observed.Commands.TryGetValue(h.Name, out var value) && value == h.Value).ToArray();
        if (present.Length > 0)
        {
            draft.Do(new RemoveCommands(present));
        }
    }

    private static string[] Waiting(Draft draft) =>
        [.. draft.Observed.Commands.Where(c => !IsHandled(draft, c.Key, c.Value)).Select(c => c.Key).Order(StringComparer.Ordinal)];

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

    private static void Settle(Draft draft, string name, string action, string message)
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

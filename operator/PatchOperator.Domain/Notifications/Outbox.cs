using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Notifications;

/// <summary>
/// What people are still to be told, in the status: stored with what it tells of, so that a crash loses none, and kept until each receiver has it,
/// so that a restart tells again. The id stays the same, by which receivers know a repetition.
/// </summary>
internal static class Outbox
{
    /// <summary>A receiver that is away for long must not fill the status.</summary>
    public const int Most = 40;
    private const int LongestMessage = 1024;

    public static void Add(Draft draft, string reason, string severity, string message, IReadOnlyList<string> to, string? incident = null, bool resolves = false, long? sequence = null)
    {
        if (to.Count == 0)
        {
            return;
        }

        var added = new NotificationStatus
        {
            Id = $"{draft.Patch.Metadata.Uid}/{sequence ?? draft.Status.Audit?.Sequence ?? 0}/{reason}",
            At = draft.Now,
            Reason = reason,
            Severity = severity,
            Message = message.Length > LongestMessage ? message[..LongestMessage] : message,
            To = to,
            Incident = incident,
            Resolves = resolves ? true : null,
        };
        NotificationStatus[] all = [.. draft.Status.Notifications ?? [], added];
        if (all.Length > Most)
        {
            // What is merely interesting goes first, the oldest of it first.
            var least = all.FirstOrDefault(n => n.Severity == Audience.Info) ?? all[0];
            draft.Tell("NotificationDropped", $"More than {Most} notifications wait; {string.Join(", ", least.To)} will not be told of {least.Reason} at {least.At:u}.");
            all = [.. all.Where(n => n != least)];
        }

        draft.Status = draft.Status with { Notifications = all };
    }

    /// <summary>Who was told, or cannot be, is waited for no longer.</summary>
    public static void Acknowledge(Draft draft)
    {
        if (draft.Status.Notifications is not { Count: > 0 } waiting || draft.Observed.Delivered.Count == 0)
        {
            return;
        }

        foreach (var failed in draft.Observed.Delivered.Where(o => o.Problem is not null))
        {
            if (waiting.FirstOrDefault(n => n.Id == failed.Id && n.To.Contains(failed.Receiver)) is { } lost)
            {
                draft.Record("NotificationFailed", $"{failed.Receiver} was not told of {lost.Reason} at {lost.At:u}: {failed.Problem}");
            }
        }

        var left = waiting
            .Select(n => n with { To = [.. n.To.Where(receiver => !draft.Observed.Delivered.Any(o => o.Id == n.Id && o.Receiver == receiver))] })
            .Where(n => n.To.Count > 0)
            .ToArray();
        draft.Status = draft.Status with { Notifications = left.Length > 0 ? left : null };
    }
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Notifications;

/// <summary>Looks at what a decision came to, last of all, and puts into the outbox whom to tell. It decides nothing else.</summary>
internal static class NotificationDesk
{
    private const string OverdueIncident = "overdue";

    public static void Decide(Draft draft)
    {
        Outbox.Acknowledge(draft);

        // Where the status was lost, its records come back from the trail: they were told long ago.
        var before = Math.Max(draft.Patch.Status?.Audit?.Sequence ?? 0, draft.Observed.Audit?.Verdict.Records is [.., var known] ? known.Sequence : 0);
        foreach (var record in (draft.Status.Audit?.Recent ?? []).Where(r => r.Sequence > before).ToArray())
        {
            if (Audience.SeverityOf(record) is { } severity)
            {
                var to = Audience.Of(record, severity, draft.Intent, draft.Policy.Notifications);
                Outbox.Add(draft, record.Action, severity, Words(draft, record), to, record.Action == "Overdue" ? OverdueIncident : null, sequence: record.Sequence);
            }
        }

        EndOverdue(draft);
        Escalation.Decide(draft);
    }

    /// <summary>Who is asked for an approval, or to be consulted on one, must read that it is asked for, and how to give it.</summary>
    private static string Words(Draft draft, AuditRecord record) => record.To == nameof(PatchPhase.AwaitingApproval) && draft.Intent.ApprovalsRequired is > 0 and var required
        ? $"{record.Detail} It waits for {required} approval{(required == 1 ? "" : "s")}: kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/approve='reason'"
        : record.Detail ?? record.Action;

    private static void EndOverdue(Draft draft)
    {
        if (IsOverdue(draft.Patch.Status) && !IsOverdue(draft.Status))
        {
            var told = draft.Intent.Informed.Concat(draft.Intent.Escalation.SelectMany(t => t.Notify)).Concat(draft.Policy.Notifications.Always);
            Outbox.Add(
                draft,
                "OverdueEnded",
                Audience.Info,
                $"The patch is overdue no longer; it is {draft.Phase}.",
                [.. told.Where(draft.Policy.Notifications.Receivers.Contains).Distinct(StringComparer.Ordinal)],
                OverdueIncident,
                resolves: true);
        }
    }

    private static bool IsOverdue(EmergencyPatchStatus? status) => status?.Conditions?.Any(c => c is { Type: ConditionTypes.Overdue, Status: "True" }) is true;
}

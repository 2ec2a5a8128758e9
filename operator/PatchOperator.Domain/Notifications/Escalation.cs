using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Notifications;

/// <summary>While approvals stay away, one tier after the other is told, at times that are fixed when the waiting begins and that no restart moves.</summary>
internal static class Escalation
{
    public const string Incident = "approval";

    public static void Decide(Draft draft)
    {
        if (draft.Status.Escalation is not null && draft.Phase is PatchPhase.Pending or PatchPhase.Blocked)
        {
            // Something else is in the way for a while; nobody has approved meanwhile, and the times stand.
            return;
        }

        if (!IsWaiting(draft))
        {
            End(draft);
            return;
        }

        if (draft.Status.Escalation is null && draft.Intent.Escalation.Count > 0)
        {
            draft.Status = draft.Status with
            {
                Escalation = new EscalationStatus { Since = draft.Now, Tiers = [.. draft.Intent.Escalation.Select(t => new EscalationTierStatus { Due = draft.Now + t.After, Notify = t.Notify })] },
            };
        }

        foreach (var (index, tier) in (draft.Status.Escalation?.Tiers ?? []).Index().Where(t => t.Item.RaisedAt is null).ToArray())
        {
            if (tier.Due > draft.Now)
            {
                draft.WakeAt(tier.Due);
            }
            else
            {
                Raise(draft, index, tier);
            }
        }
    }

    private static bool IsWaiting(Draft draft) => !draft.Patch.Metadata.IsTerminating
        && (draft.Explanation.Reason == "ApprovalMissing"
            || (draft.Phase is PatchPhase.AwaitingApproval && draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Approved)?.Status == "False"));

    private static void Raise(Draft draft, int index, EscalationTierStatus tier)
    {
        var escalation = draft.Status.Escalation!;
        draft.Status = draft.Status with { Escalation = escalation with { Tiers = [.. escalation.Tiers.Select((t, i) => i == index ? t with { RaisedAt = draft.Now } : t)] } };
        var message = $"Approvals have been missing since {escalation.Since:u}. Tier {index + 1} of {escalation.Tiers.Count} is told: {string.Join(", ", tier.Notify)}. "
            + $"Approve with: kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/approve='reason'";
        draft.Record("Escalated", message);
        Outbox.Add(draft, "Escalated", Audience.Critical, message, Known(draft, tier.Notify), Incident);
    }

    private static void End(Draft draft)
    {
        if (draft.Status.Escalation is not { } escalation)
        {
            return;
        }

        draft.Status = draft.Status with { Escalation = null };
        var told = escalation.Tiers.Where(t => t.RaisedAt is not null).SelectMany(t => t.Notify).Distinct(StringComparer.Ordinal).ToArray();
        if (told.Length > 0)
        {
            var message = $"Approvals that were missing since {escalation.Since:u} are not waited for any more; the patch is {draft.Phase}.";
            draft.Record("EscalationEnded", message);
            Outbox.Add(draft, "EscalationEnded", Audience.Info, message, Known(draft, told), Incident, resolves: true);
        }
    }

    private static IReadOnlyList<string> Known(Draft draft, IReadOnlyList<string> names) => [.. names.Where(draft.Policy.Notifications.Receivers.Contains)];
}

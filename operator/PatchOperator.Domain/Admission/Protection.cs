using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Admission;

/// <summary>Annotations that are the operator's: left out they come back, and changed they stay what they were.</summary>
internal static class Protection
{
    public static void Decide(MutationDraft draft)
    {
        if (draft.Request.IsCreate)
        {
            SetAside(draft);
        }

        foreach (var name in draft.Before.Keys.Union(draft.After.Keys).Where(Annotations.IsProtected).Order(StringComparer.Ordinal))
        {
            var (before, after) = (draft.Before.GetValueOrDefault(name), draft.After.GetValueOrDefault(name));
            if (before == after)
            {
                continue;
            }

            if (after is null)
            {
                draft.Set(name, before);
            }
            else if (Annotations.IsFact(name))
            {
                draft.Deny(FactKinds.Forge, name, $"{name} is a recorded fact of the operator, and nobody else may write one; {draft.Request.User.Username} tried to.");
            }
            else if (!draft.Request.IsCreate)
            {
                draft.Set(name, before);
                draft.Warn($"{name} is written by the operator alone; it stays as it is.");
            }
        }
    }

    /// <summary>From a backup, or made up. Which of the two is for the operator to find out, which knows its keys, its ConfigMaps and how far the trail went.</summary>
    private static void SetAside(MutationDraft draft)
    {
        if (!draft.After.Keys.Any(name => Annotations.IsProtected(name) && !Annotations.IsFact(name)))
        {
            return;
        }

        var trail = draft.After.GetValueOrDefault(Annotations.Audit);
        var kept = trail is null ? (Annotations.RestoredAudit, Annotations.RestoredAuditSeal) : (Annotations.Audit, Annotations.AuditSeal);
        draft.Set(Annotations.RestoredAudit, draft.After.GetValueOrDefault(kept.Item1));
        draft.Set(Annotations.RestoredAuditSeal, draft.After.GetValueOrDefault(kept.Item2));
        draft.Set(Annotations.Audit, null);
        draft.Set(Annotations.AuditSeal, null);
        if (trail is not null)
        {
            draft.Warn($"{Annotations.Audit} is written by the operator alone; what was given is kept as {Annotations.RestoredAudit}, and goes on if the operator's signature proves that nothing of it is missing.");
        }
    }

    /// <summary>
    /// Without it a deletion would leave traffic where the run had put it. A replace that leaves it out keeps it; from a patch that is being deleted
    /// nobody takes it away but the operator, which lets go in bounded time. Where the operator is gone, so is this webhook.
    /// </summary>
    public static void KeepFinalizer(MutationDraft draft)
    {
        if (!Has(draft.Request.OldObject) || Has(draft.Request.Object))
        {
            return;
        }

        if (draft.Request.Object["metadata"]?["deletionTimestamp"] is not null)
        {
            draft.Refuse(new AdmissionRefusal(
                403, "Forbidden", $"{Names.Finalizer} is the operator's: it gives traffic and pods back first and then lets {draft.Subject} go, within ten minutes at most. See its status for what is in the way."));
        }
        else
        {
            draft.KeepsFinalizer = true;
        }
    }

    private static bool Has(JsonObject? resource) => resource?["metadata"]?["finalizers"] is JsonArray finalizers && finalizers.Any(f => f is JsonValue value && value.TryGetValue<string>(out var name) && name == Names.Finalizer);
}

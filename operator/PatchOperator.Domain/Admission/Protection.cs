using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Admission;

/// <summary>Annotations that are the operator's: left out they come back, and changed they stay what they were.</summary>
internal static class Protection
{
    public static void Decide(MutationDraft draft)
    {
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
            else if (draft.Request.IsCreate && name == Annotations.AuditSeal)
            {
                // It vouches for a trail that is put aside.
                draft.Set(name, null);
            }
            else if (draft.Request.IsCreate)
            {
                // From a backup. It says what another resource of this name went through, and proves nothing of this one.
                draft.Set(name, null);
                draft.Set(Annotations.RestoredAudit, after);
                draft.Warn($"{name} is written by the operator alone; what was given is kept as {Annotations.RestoredAudit}.");
            }
            else
            {
                draft.Set(name, before);
                draft.Warn($"{name} is written by the operator alone; it stays as it is.");
            }
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

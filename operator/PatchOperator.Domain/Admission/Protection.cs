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
}

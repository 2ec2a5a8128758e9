using PatchOperator.Domain.Approvals;

namespace PatchOperator.Admission;

/// <summary>The keys that facts are sealed with, as this process knows them now.</summary>
internal sealed class FactKeyStore
{
    private volatile FactKeys current = FactKeys.None;

    public FactKeys Current => current;

    public void Use(FactKeys keys) => current = keys;
}

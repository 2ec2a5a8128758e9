using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Patches;

/// <summary>The trail as it is stored, in the annotation.</summary>
internal static class AuditTrail
{
    public static IReadOnlyList<AuditRecord> Of(EmergencyPatch patch) =>
        AuditChain.Parse(patch.Metadata.Annotations?.GetValueOrDefault(RestoredTrail.IsContinued(patch) ? Annotations.RestoredAudit : Annotations.Audit)) ?? [];

    public static long LastSequence(EmergencyPatch patch) => Of(patch) is [.., var last] ? last.Sequence : 0;
}

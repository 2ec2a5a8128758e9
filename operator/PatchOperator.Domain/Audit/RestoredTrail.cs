using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>
/// The trail that a resource was created with. It goes on only if it is whole and the operator's signature, which names namespace and patch, is over its last record;
/// and not if anything out of its author's reach knows of more: a genuine but older copy, restored over a deletion, would drop what came later.
/// </summary>
public static class RestoredTrail
{
    /// <summary>Nothing is decided about it yet, or it was continued and has not reached its own annotation.</summary>
    public static bool IsIn(EmergencyPatch patch) =>
        patch.Metadata.Annotations is { } annotations && annotations.ContainsKey(Annotations.RestoredAudit) && !annotations.ContainsKey(Annotations.Audit)
        && (patch.Status?.Audit is null || patch.Status.Audit.ContinuedFrom is not null);

    /// <summary>The records are part of this patch's trail, and still where they were put on creation.</summary>
    public static bool IsContinued(EmergencyPatch patch) => IsIn(patch) && patch.Status?.Audit is not null;

    /// <summary>Whether a ConfigMap with this uid may hold older records of the patch. One that was restored goes on with those of before; which of them, the hashes say.</summary>
    public static bool MayBeOf(EmergencyPatch patch, string? uid) => uid == patch.Metadata.Uid
        || IsIn(patch) || patch.Status?.Audit?.ContinuedFrom is not null || (AuditSeals.Parse(AuditEvidence.Of(patch).Seal) is { } seal && seal.Uid != patch.Metadata.Uid);

    /// <summary>The controller's first look at it.</summary>
    /// <param name="evidence">With the ConfigMaps and the mark of the resource that it was begun on.</param>
    /// <param name="check">Null where the operator has no key: then nothing is proven.</param>
    /// <param name="keyId">The key that the operator signs with.</param>
    public static AuditObservation Judge(AuditEvidence evidence, SealCheck? check, string? keyId)
    {
        var verdict = AuditVerifier.Verify(evidence, check);
        if (Refusal(verdict, evidence, check) is { } why)
        {
            var own = evidence with { Annotation = null, Seal = null, Archives = [], Mark = null };
            return new AuditObservation(AuditVerifier.Verify(own, check), keyId) { SetAside = why };
        }

        return new AuditObservation(verdict, keyId)
        {
            Restored = evidence.Mark is null
                ? "The operator has no note of how far it went: if there were later records, the operator's log alone has them."
                : "The operator's own record of heads knows of no later one.",
        };
    }

    private static string? Refusal(AuditVerdict verdict, AuditEvidence evidence, SealCheck? check)
    {
        if (verdict.Faults.Count > 0)
        {
            return string.Join("; ", verdict.Faults.Take(3));
        }

        if (verdict.Records is not [.., var last])
        {
            return "there are no records in it";
        }

        if (check is null || verdict.SealedThrough < last.Sequence)
        {
            return "no signature of the operator for a patch of this namespace and name is over its last record";
        }

        return Later(evidence, last, check) is { } later
            ? $"ConfigMap {later.Name} has records up to {later.Seal!.Sequence} under the operator's signature, and it ends at {last.Sequence}: its end was removed"
            : null;
    }

    /// <summary>
    /// A ConfigMap of a later life of the same trail: a signature that holds, over a record from which hashes lead back to this one. Records without that are nobody's: whoever may
    /// write ConfigMaps can let them follow.
    /// </summary>
    private static AuditArchive? Later(AuditEvidence evidence, AuditRecord last, SealCheck check)
    {
        var archives = evidence.Archives ?? [];
        var records = new ArchivedRecords(archives);
        return archives.Where(a => a.Seal?.Sequence > last.Sequence).DistinctBy(a => a.Seal)
            .Where(a => AuditSeals.Check(evidence.Namespace, evidence.Name, a.Seal!, check) is SealState.Valid)
            .FirstOrDefault(a => records.LeadingTo(a.Seal!.Sequence, a.Seal.Hash).Any(r => r.Sequence == last.Sequence + 1 && r.PreviousHash == last.Hash));
    }
}

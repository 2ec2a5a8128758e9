using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>
/// What lies in ConfigMaps, to be had only by following hashes back from something that is trusted. A record carries the hash of the one before it: anybody can make one
/// that follows a genuine one, and nobody one that a genuine one follows. From which ConfigMap a record is taken makes no difference then, nor what else is in it.
/// </summary>
internal sealed class ArchivedRecords(IReadOnlyList<AuditArchive> archives)
{
    private readonly ILookup<(long Sequence, string Hash), AuditRecord> records = archives.SelectMany(a => a.Records ?? []).ToLookup(r => (r.Sequence, r.Hash));

    /// <summary>This record and those before it, in order, as far back as there are any.</summary>
    public IReadOnlyList<AuditRecord> LeadingTo(long sequence, string hash)
    {
        var found = new List<AuditRecord>();
        while (sequence > 0 && records[(sequence, hash)].FirstOrDefault(r => AuditChain.HashOf(r) == hash) is { } record)
        {
            found.Add(record);
            (sequence, hash) = (sequence - 1, record.PreviousHash);
        }

        found.Reverse();
        return found;
    }
}

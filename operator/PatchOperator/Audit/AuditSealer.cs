using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Audit;

/// <summary>Signs the end of a trail in the same write that stores it. What was found broken is left as it is.</summary>
internal sealed class AuditSealer(AuditKeys keys)
{
    private readonly ConcurrentDictionary<string, AuditStatus> owed = new(StringComparer.Ordinal);

    public EmergencyPatchStatus Seal(EmergencyPatch patch, EmergencyPatchStatus status) =>
        keys.Current is { } key && MayBeSigned(patch, status) ? status with { Audit = status.Audit! with { Seal = Sign(key, patch, status.Audit) } } : status;

    /// <summary>A trail that was signed before and could not be now, for want of the key, was added to by us all the same.</summary>
    public void Stored(EmergencyPatch patch)
    {
        if (keys.Current is null && patch.Status is { Audit.Seal: not null } status && MayBeSigned(patch, status))
        {
            owed[patch.Metadata.Uid] = status.Audit;
        }
        else if (patch.Status is null || !MayBeSigned(patch, patch.Status))
        {
            Forget(patch.Metadata.Uid);
        }
    }

    /// <summary>Vouches for what this process stored while the key was not to be had, once it is.</summary>
    public AuditSeal? Owed(EmergencyPatch patch) => keys.Current is { } key && owed.TryGetValue(patch.Metadata.Uid, out var audit) ? Sign(key, patch, audit) : null;

    public void Forget(string uid) => owed.TryRemove(uid, out _);

    private static AuditSeal Sign(Signing.SigningKey key, EmergencyPatch patch, AuditStatus audit) =>
        key.Seal(patch.Metadata.Namespace ?? "", patch.Metadata.Name, patch.Metadata.Uid, audit, audit.Recent![^1].At);

    private static bool MayBeSigned(EmergencyPatch patch, EmergencyPatchStatus status) =>
        status.Audit is { Recent.Count: > 0 } audit
        && !(audit.Seal is { } seal && seal.Sequence == audit.Sequence && seal.Hash == audit.Head && seal.Uid == patch.Metadata.Uid)
        && status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.AuditIntact) is { Status: "True" };
}

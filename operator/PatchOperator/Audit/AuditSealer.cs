using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Audit;

/// <summary>Signs the end of a trail in the same write that stores it. What was found broken is left as it is.</summary>
internal sealed class AuditSealer(AuditKeys keys)
{
    public EmergencyPatchStatus Seal(EmergencyPatch patch, EmergencyPatchStatus status)
    {
        if (keys.Current is not { } key
            || status.Audit is not { } audit
            || (audit.Seal is { } seal && seal.Sequence == audit.Sequence && seal.Hash == audit.Head && seal.Uid == patch.Metadata.Uid)
            || status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.AuditIntact) is not { Status: "True" }
            || audit.Recent is not [.., var newest])
        {
            return status;
        }

        return status with { Audit = audit with { Seal = key.Seal(patch.Metadata.Namespace ?? "", patch.Metadata.Name, patch.Metadata.Uid, audit, newest.At) } };
    }
}

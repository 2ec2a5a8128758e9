using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>No run starts against modules that are known not to stand it. With Warn the matrix is recorded and decides nothing.</summary>
internal static class CompatibilityGate
{
    public static Hold? Check(Draft draft)
    {
        if (draft.Intent.Compatibility is not { } compatibility)
        {
            return null;
        }

        if (draft.Observed.Compatibility is null || draft.Status.Compatibility is not { } matrix)
        {
            draft.WakeAt(draft.Now);
            return new Hold("CheckingCompatibility", "Reading the inventory and the rules of its modules before the start.");
        }

        if (compatibility.Mode != "Enforce")
        {
            return null;
        }

        if (draft.Observed.Compatibility is CompatibilityObservation.Unavailable missing)
        {
            return new Hold(missing.Reason, $"{missing.Message} Nothing was touched.");
        }

        return matrix.Outcome switch
        {
            nameof(MatrixOutcome.Blocked) => new Hold(
                matrix.Reason,
                $"{matrix.Summary}. Nothing was touched. Repair the modules or their rules, or take the risk of one for a while: "
                + $"kubectl annotate epatch {draft.Patch.Metadata.Name} -n {draft.Patch.Metadata.Namespace} patchoperator.io/waive='MODULE: reason'"),
            _ => null,
        };
    }
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>The Compatible condition: what is known of the modules, whether or not the mode lets it decide.</summary>
internal static class CompatibilityCondition
{
    /// <summary>Null where nothing is checked.</summary>
    public static (string Status, string Reason, string Message)? Of(EmergencyPatchStatus status) => status.Compatibility switch
    {
        null => null,
        { Outcome: CompatibilityReview.Unknown } unknown => ("Unknown", unknown.Reason, unknown.Summary),
        { Outcome: nameof(MatrixOutcome.Blocked) } blocked => ("False", blocked.Reason, blocked.Summary),

        // Only warned of, and still not compatible.
        { Reason: "IncompatibleModules" or "RequirementsBroken" or "UnnamedChanges" or "InventoryOfAnotherImage" or "InventoryEmpty" } warned => ("False", warned.Reason, warned.Summary),
        var known => ("True", known.Reason, known.Summary),
    };
}

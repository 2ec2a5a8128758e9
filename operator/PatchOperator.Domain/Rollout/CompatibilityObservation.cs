using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>What was found out about the patch's modules for this decision.</summary>
public abstract record CompatibilityObservation
{
    private CompatibilityObservation()
    {
    }

    /// <summary>Inventory, rules and waivers are those of the verdict in the status.</summary>
    public sealed record Unchanged : CompatibilityObservation;

    /// <param name="Matrix">The verdict.</param>
    /// <param name="Inventory">What it was made from.</param>
    /// <param name="Evaluation">The same for the same verdict from the same inputs.</param>
    public sealed record Evaluated(CompatibilityMatrix Matrix, InventorySummary Inventory, string Evaluation) : CompatibilityObservation;

    /// <param name="Reason">For the condition.</param>
    /// <param name="Message">What is missing and what to do about it.</param>
    /// <param name="IsPassing">Asking again soon may help; else only a change of what is missing does.</param>
    public sealed record Unavailable(string Reason, string Message, bool IsPassing = false) : CompatibilityObservation
    {
        /// <summary>What would bring the inventory.</summary>
        public CollectInventory? Collect { get; init; }
    }
}

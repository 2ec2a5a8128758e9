using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>A new run of an edited patch begins with what the last one promoted: a vulnerable image that a sync has just brought back is not what a revert may go back to.</summary>
internal static class HoldGate
{
    public static Hold? Check(Draft draft) => ImageHold.Lost(draft) is { } lost ? new Hold(Promoted.Drifted, $"{lost} This run starts when they are there. {draft.Observed.ActionProblem}".TrimEnd()) : null;
}

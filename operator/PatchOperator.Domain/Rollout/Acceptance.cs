using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// What was accepted once keeps its meaning for its run and its hold. Other settings of the operator, or the stricter rules of a later one, are told, and
/// neither disarm nor end it (S7).
/// </summary>
internal static class Acceptance
{
    /// <summary>The spec is the one that was accepted, and would not be now.</summary>
    public static bool IsOutlived(Draft draft) =>
        draft.Intent.Problems.Count > 0 && draft.Status.SpecDigest == draft.Intent.Digest && (draft.Phase.IsRunning() || draft.Phase is PatchPhase.Promoted or PatchPhase.Closed);

    /// <summary>True when the run is taken back, since what it is to be judged by cannot be read: it must not serve on unmeasured (S3).</summary>
    public static bool Decide(Draft draft)
    {
        if (!IsOutlived(draft))
        {
            return false;
        }

        var (_, problems) = Intake.Describe(draft.Intent.Problems);
        if (draft.Status.Conditions?.Any(c => c is { Type: ConditionTypes.Accepted, Status: "True" }) is true)
        {
            draft.Record("SpecNoLongerAccepted", Message(problems));
        }

        if (draft.Intent.CanRun || draft.Status.Revert is not null || !draft.Phase.IsRunning())
        {
            return false;
        }

        Reverting.Begin(draft, Progressing.Back(draft, "SpecNotReadable", $"This version of the operator cannot read by what the run is to be judged. {problems}", PatchPhase.Reverted));
        return true;
    }

    public static string Message(string problems) =>
        $"{problems} The spec was accepted before, and what began under it goes on; no other run begins until the operator's settings or the spec are mended.";
}

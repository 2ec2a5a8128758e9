namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>Patches of one advisory that build on each other go in that order.</summary>
internal static class RequiresGate
{
    public static Hold? Check(Draft draft) => draft.Intent.Requires.Select(name => Check(draft, name)).FirstOrDefault(hold => hold is not null);

    private static Hold? Check(Draft draft, string name)
    {
        if (draft.Observed.Neighbours.GetValueOrDefault(name) is not { } other)
        {
            return new Hold("RequiredPatchMissing", $"spec.requires names EmergencyPatch {name}, and there is none in namespace {draft.Patch.Metadata.Namespace}; create it, or take it out.");
        }

        if (other.Phase is PatchPhase.Promoted or PatchPhase.Closed)
        {
            return null;
        }

        return other.Requires.Contains(draft.Patch.Metadata.Name)
            ? new Hold("RequiresEachOther", $"EmergencyPatch {name} is required by this one and requires it in turn, so neither can start; take one of the two out of spec.requires.")
            : new Hold("WaitingForRequired", $"EmergencyPatch {name}, which spec.requires names, is {other.Phase}; this one starts when it is Promoted.");
    }
}

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

        if (other.IsPromoted)
        {
            return null;
        }

        if (other.Requires.Contains(draft.Patch.Metadata.Name))
        {
            return new Hold("RequiresEachOther", $"EmergencyPatch {name} is required by this one and requires it in turn, at once or through others, so none of them can start; take one of them out of spec.requires.");
        }

        var stands = $"EmergencyPatch {name}, which spec.requires names, is {other.Phase}";
        return other.Phase switch
        {
            PatchPhase.Superseded => new Hold("RequiredPatchSuperseded", $"{stands}, and no patch that is promoted names it in spec.supersedes: a newer image took its place. Where that has what this patch builds on, take {name} out of spec.requires; else begin it again with patchoperator.io/retry."),
            PatchPhase.Reverted or PatchPhase.Rejected => new Hold("WaitingForRequired", $"{stands}; this one starts when it is Promoted. Begin it again with patchoperator.io/retry, or take it out of spec.requires."),
            PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting
                or PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverting or PatchPhase.Degraded => new Hold("WaitingForRequired", $"{stands}; this one starts when it is Promoted."),
        };
    }
}

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>A canary is compared with stable, so stable must be there to compare with.</summary>
internal static class StableGate
{
    public static Hold? Check(Draft draft)
    {
        var stable = draft.Observed.Stable!;
        if (stable.Replicas == 0)
        {
            return new Hold("StableScaledToZero", $"Deployment {draft.Intent.Deployment} has no replicas; scale it up to start.");
        }

        if (!stable.IsRolledOut)
        {
            return new Hold("StableRollingOut", $"Deployment {draft.Intent.Deployment} is not fully rolled out ({stable.ReadyReplicas} of {stable.Replicas} pods ready); starting when it is."
                + (stable.RolloutFailure is { } failure ? $" {failure}" : ""));
        }

        if (draft.Observed.Canary is { IsOurs: false })
        {
            return new Hold("CanaryNameTaken", $"A Deployment {draft.Intent.Deployment}{Api.V1Alpha1.Names.CanarySuffix} exists and does not belong to this patch; remove or rename it.");
        }

        return draft.Observed.Canary is not null ? new Hold("CanaryStillThere", "The canary of the run before is still being removed.") : null;
    }
}

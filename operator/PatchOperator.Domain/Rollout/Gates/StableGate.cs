namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>A canary is compared with stable, so stable must be there to compare with; and what cannot follow must not be found out half-way.</summary>
internal static class StableGate
{
    public static Hold? Check(Draft draft) => WorkloadGate.IsEndedForThis(draft) ? null : draft.Intent.Workloads.Select(w => Check(w, draft.Observed.Of(w.Target))).FirstOrDefault(hold => hold is not null);

    private static Hold? Check(WorkloadIntent workload, WorkloadObservation observed)
    {
        var stable = observed.Stable!;
        if (stable.Obstacle is { } obstacle)
        {
            return new Hold("StableCannotRollOut", $"{workload.Target}: {obstacle}");
        }

        if (workload.HasCanary && stable.Replicas == 0)
        {
            return new Hold("StableScaledToZero", $"{workload.Target} has no replicas; scale it up to start.");
        }

        if (!stable.IsRolledOut)
        {
            var why = stable.RolloutFailure ?? stable.Problem;
            return new Hold(
                "StableRollingOut",
                $"{workload.Target} is not fully rolled out ({stable.ReadyReplicas} of {stable.Replicas} pods ready); starting when it is." + (why is null ? "" : $" {why}"));
        }

        return workload.HasCanary ? CheckCanary(workload, observed) : null;
    }

    private static Hold? CheckCanary(WorkloadIntent workload, WorkloadObservation observed)
    {
        if (observed.Canary is { IsOurs: false })
        {
            return new Hold("CanaryNameTaken", $"A Deployment {workload.Target.Name}{Api.V1Alpha1.Names.CanarySuffix} exists and does not belong to this patch; remove or rename it.");
        }

        return observed.Canary is not null ? new Hold("CanaryStillThere", $"The canary of {workload.Target} from the run before is still being removed.") : null;
    }
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Where the number of pods splits the traffic, whoever scales the canary edits its weight: that is put back and reported as it is with routes.</summary>
internal static class ScaleKeeping
{
    /// <summary>True when the canary may be told its number now; false while someone who keeps changing it is answered later.</summary>
    public static bool MaySet(Draft draft, Target target, EnsureCanary wanted)
    {
        if (target.IsRouted)
        {
            return true;
        }

        var scale = target.Status.Scale is { } known && known.Replicas == wanted.Replicas
            ? known
            : new ScaleStatus { Replicas = wanted.Replicas, Corrections = target.Status.Scale?.Corrections, CorrectedAt = target.Status.Scale?.CorrectedAt };
        if (target.Observed.Canary is not { IsOurs: true, IsTerminating: false } canary)
        {
            // It will be made anew, at first with no pods at all.
            Store(draft, target, scale with { InPlaceAt = null, OffSince = null });
            return true;
        }

        if (canary.Replicas == scale.Replicas)
        {
            Settle(draft, target, scale);
            return true;
        }

        if (scale.InPlaceAt is null || canary.Source != wanted.Source)
        {
            Store(draft, target, scale);
            return true;
        }

        return PutRight(draft, target, scale, canary);
    }

    /// <summary>While stable is promoted the number is not reckoned anew, but stays what the last step gave.</summary>
    public static void Hold(Draft draft, Target target)
    {
        if (target.IsRouted)
        {
            HoldCapacity(draft, target);
            return;
        }

        if (target.Status.Scale is not { InPlaceAt: not null } scale || target.Observed.Canary is not { IsOurs: true, IsTerminating: false } canary || target.Stable is null)
        {
            return;
        }

        var wanted = CanaryKeeping.Wanted(draft, target) with { Replicas = scale.Replicas };
        if (canary.Source == wanted.Source && MaySet(draft, target, wanted) && canary.Replicas != scale.Replicas)
        {
            CanaryKeeping.Make(draft, target, wanted);
        }
    }

    /// <summary>The routes lead requests to the canary, however many pods it has: no fewer than the step gave it, and as many as stable has where it stands in for all of them.</summary>
    private static void HoldCapacity(Draft draft, Target target)
    {
        if (target is not { Stable: { } stable, Status.CanaryReplicas: { } kept, Observed.Canary: { IsOurs: true, IsTerminating: false } canary })
        {
            return;
        }

        var replicas = target.Status.StandsInSince is null ? kept : Math.Max(kept, Math.Max(stable.Replicas, target.Status.StableReplicas ?? 0));
        draft.Update(target, w => w with { CanaryReplicas = replicas });
        var wanted = CanaryKeeping.Wanted(draft, target) with { Replicas = replicas };
        if (canary.Source == wanted.Source && canary.Replicas < replicas)
        {
            CanaryKeeping.Make(draft, target, wanted);
        }
    }

    private static void Settle(Draft draft, Target target, ScaleStatus scale)
    {
        TrafficFight.MakeUp(draft, scale.OffSince);
        Store(draft, target, scale with { InPlaceAt = scale.InPlaceAt ?? draft.Now, OffSince = null });
    }

    private static bool PutRight(Draft draft, Target target, ScaleStatus scale, CanaryObservation found)
    {
        var what = $"Deployment {target.Workload.Name}{Names.CanarySuffix} was scaled by {TrafficFight.Who(found.ScaledBy)} to {found.Replicas} pods instead of {scale.Replicas}, and with it the canary's share of the traffic.";
        if (scale.OffSince is null)
        {
            var times = TrafficFight.Times(draft, scale.CorrectedAt, scale.Corrections);
            scale = scale with { OffSince = draft.Now, Corrections = times };
            TrafficFight.Report(draft, what, times, "an autoscaler or a GitOps controller that picked the canary up", "the canary's Deployment");
        }

        var at = TrafficFight.AnswerAt(draft, scale.CorrectedAt, scale.Corrections);
        draft.Traffic = TrafficFight.Condition(draft, what, scale.Corrections, at);
        if (at > draft.Now)
        {
            draft.WakeAt(at);
        }

        Store(draft, target, at > draft.Now ? scale : scale with { CorrectedAt = draft.Now });
        return at <= draft.Now;
    }

    private static void Store(Draft draft, Target target, ScaleStatus scale) => draft.Update(target, w => w with { Scale = scale });
}

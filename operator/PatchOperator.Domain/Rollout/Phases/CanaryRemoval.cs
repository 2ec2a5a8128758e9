using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Traffic first, then proof, then the pods (S2), for all canaries of the unit at once.</summary>
internal static class CanaryRemoval
{
    private static readonly TimeSpan Lingering = TimeSpan.FromMinutes(2);

    /// <summary>Does the next part of the removal; true when nothing of any canary is left.</summary>
    public static bool IsDone(Draft draft)
    {
        var left = draft.Canaries.Where(t => Ours(t) is not null || t.Observed.CanaryPods.Count > 0).ToArray();
        if (left.Length == 0)
        {
            return true;
        }

        if (!TrafficIsGone(draft, left))
        {
            return false;
        }

        var withdrawnAt = draft.Status.Timings!.TrafficWithdrawnAt!.Value;
        var removed = true;
        foreach (var target in left)
        {
            removed &= IsRemoved(draft, target, withdrawnAt);
        }

        return removed;
    }

    private static bool IsRemoved(Draft draft, Target target, DateTimeOffset withdrawnAt)
    {
        var canary = Ours(target);
        if (canary is null || canary.IsTerminating)
        {
            // A pod on a dead node can be terminating for ever; without traffic it is no reason to wait.
            draft.WakeAt(withdrawnAt + Lingering);
            return canary is null && withdrawnAt + Lingering <= draft.Now && target.Observed.CanaryPods.All(p => p.IsTerminating);
        }

        var removeAt = withdrawnAt + (draft.Status.Revert is null ? draft.Policy.Drain : draft.Policy.RevertDrain);
        if (removeAt > draft.Now)
        {
            draft.WakeAt(removeAt);
        }
        else
        {
            draft.Do(new DeleteCanary(target.Workload.Name));
        }

        return false;
    }

    private static CanaryObservation? Ours(Target target) => target.Observed.Canary is { IsOurs: true } ours ? ours : null;

    private static bool TrafficIsGone(Draft draft, IReadOnlyList<Target> left)
    {
        var gone = true;
        foreach (var target in left)
        {
            gone &= IsWithdrawn(draft, target);
        }

        if (!gone && !ProofIsOverdue(draft))
        {
            // The endpoints' event wakes this up as well; should it be lost, look again soon.
            draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(200));
            return false;
        }

        if (draft.Status.Timings?.TrafficWithdrawnAt is null)
        {
            if (!gone)
            {
                draft.Record("WithdrawalNotProven", $"No proof within {Duration.Format(draft.Policy.WithdrawalProof)} that the canary has no traffic; removing its pods all the same.");
            }

            draft.Timing(t => t with { TrafficWithdrawnAt = draft.Now });
        }

        if (gone && draft.Status.Step is { } step)
        {
            draft.Status = draft.Status with { Step = step with { ActualWeight = 0 } };
        }

        return true;
    }

    private static bool IsWithdrawn(Draft draft, Target target)
    {
        if (target.Observed.CanaryPods.Any(p => p is { InRotation: true, IsTerminating: false }))
        {
            draft.Do(new WithdrawCanaryTraffic(target.Name));
            return false;
        }

        var traffic = target.Observed.Traffic;
        if (traffic is not { IsKnown: true, CanaryEndpoints: 0 } && traffic.IsRouted)
        {
            return false;
        }

        draft.Update(target, w => w with { ActualWeight = w.ActualWeight is null ? null : 0 });
        return true;
    }

    /// <summary>
    /// Nothing blocks a revert (S1): without proof in time, the pods go all the same, and that ends their traffic too. So it is after a
    /// promotion: stable runs the patch and can take everything.
    /// </summary>
    private static bool ProofIsOverdue(Draft draft)
    {
        var since = draft.Status.Revert is not null || draft.Phase is PatchPhase.Reverting
            ? draft.Status.Timings?.PhaseStartedAt
            : draft.Targets.Max(t => t.Status.PatchedAt);
        return (since ?? draft.Now) + draft.Policy.WithdrawalProof <= draft.Now;
    }
}

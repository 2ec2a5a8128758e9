using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Traffic first, then proof, then the pods (S2).</summary>
internal static class CanaryRemoval
{
    private static readonly TimeSpan Lingering = TimeSpan.FromMinutes(2);

    /// <summary>Does the next part of the removal; true when nothing of the canary is left.</summary>
    public static bool IsDone(Draft draft)
    {
        var deployment = draft.Status.Workloads is [{ Deployment: { } name }, ..] ? name : draft.Intent.Deployment;
        var canary = draft.Observed.Canary is { IsOurs: true } ours ? ours : null;
        if (canary is null && draft.Observed.CanaryPods.Count == 0)
        {
            return true;
        }

        if (!TrafficIsGone(draft, deployment))
        {
            return false;
        }

        var withdrawnAt = draft.Status.Timings!.TrafficWithdrawnAt!.Value;
        if (canary is null || canary.IsTerminating)
        {
            // A pod on a dead node can be terminating for ever; without traffic it is no reason to wait.
            draft.WakeAt(withdrawnAt + Lingering);
            return canary is null && withdrawnAt + Lingering <= draft.Now && draft.Observed.CanaryPods.All(p => p.IsTerminating);
        }

        var removeAt = withdrawnAt + (draft.Status.Revert is null ? draft.Policy.Drain : draft.Policy.RevertDrain);
        if (removeAt > draft.Now)
        {
            draft.WakeAt(removeAt);
        }
        else
        {
            draft.Do(new DeleteCanary(deployment));
        }

        return false;
    }

    private static bool TrafficIsGone(Draft draft, string deployment)
    {
        var rotating = draft.Observed.CanaryPods.Any(p => p is { InRotation: true, IsTerminating: false });
        if (rotating)
        {
            draft.Do(new WithdrawCanaryTraffic(deployment));
        }

        var traffic = draft.Observed.Traffic;
        if (!rotating && (traffic is { IsKnown: true, CanaryEndpoints: 0 } || !traffic.IsRouted))
        {
            if (draft.Status.Step is { } step)
            {
                draft.Status = draft.Status with { Step = step with { ActualWeight = 0 } };
            }

            if (draft.Status.Timings?.TrafficWithdrawnAt is null)
            {
                draft.Timing(t => t with { TrafficWithdrawnAt = draft.Now });
            }

            return true;
        }

        // Nothing blocks a revert (S1): without proof in time, the pods go all the same, and that ends their traffic too.
        var giveUpAt = (draft.Status.Timings?.PhaseStartedAt ?? draft.Now) + draft.Policy.WithdrawalProof;
        if (draft.Phase is PatchPhase.Reverting && giveUpAt <= draft.Now)
        {
            if (draft.Status.Timings?.TrafficWithdrawnAt is null)
            {
                draft.Record("WithdrawalNotProven", $"No proof within {Duration.Format(draft.Policy.WithdrawalProof)} that the canary has no traffic; removing its pods all the same.");
                draft.Timing(t => t with { TrafficWithdrawnAt = draft.Now });
            }

            return true;
        }

        // The endpoints' event wakes this up as well; should it be lost, look again soon.
        draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(200));
        return false;
    }
}

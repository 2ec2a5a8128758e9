using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Traffic first, then proof, then the pods (S2), for all canaries of the unit at once.</summary>
internal static class CanaryRemoval
{
    private static readonly TimeSpan Lingering = TimeSpan.FromMinutes(2);

    /// <summary>Does the next part of the removal; true when nothing of any canary is left.</summary>
    public static bool IsDone(Draft draft)
    {
        var left = draft.Canaries.Where(t => Ours(t) is not null || t.Observed.CanaryPods.Count > 0 || HasRouting(t)).ToArray();
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
        var removeAt = withdrawnAt + Drain(draft, target);
        if (HasRouting(target) && removeAt <= draft.Now && target.Observed.Traffic is { IsKnown: true, Routes: { } routes } && !routes.Any(r => r.NamesCanary))
        {
            draft.Do(new DeleteRouting(target.Name, target.Status.Routes!));

            // Nothing may tell when the last of it is gone: Services are not followed as pods are.
            draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(200));
        }

        if (canary is null || canary.IsTerminating)
        {
            // A pod on a dead node can be terminating for ever; without traffic it is no reason to wait.
            draft.LookAgainAt(removeAt > draft.Now ? removeAt : withdrawnAt + Lingering);
            return withdrawnAt + Lingering <= draft.Now && target.Observed.CanaryPods.All(p => p.IsTerminating) && !HasRouting(target);
        }

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

    private static TimeSpan Drain(Draft draft, Target target)
    {
        var drain = draft.Status.Revert is null ? draft.Policy.Drain : draft.Policy.RevertDrain;
        var throughIngress = (target.Status.Routes ?? []).Any(r => r.Ref().Kind is RouteKind.Ingress);
        return throughIngress && draft.Policy.IngressDrain > drain ? draft.Policy.IngressDrain : drain;
    }

    /// <summary>What was made to split the traffic is still there, or may be.</summary>
    private static bool HasRouting(Target target) =>
        target.IsRouted && (target.Observed.Traffic is not { IsKnown: true, Routes: { } routes } traffic || traffic.Leftovers.Count > 0 || routes.Any(r => r.NamesCanary));

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
            // The endpoints' event wakes this up as well; should it be lost, look again soon. What only a person can mend takes longer.
            draft.WakeAt(draft.Now + (draft.Phase is PatchPhase.Degraded ? Schedule.LookAgain * 5 : TimeSpan.FromMilliseconds(200)));
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
        var traffic = target.Observed.Traffic;
        var isPointedAt = target.IsRouted && (traffic is not { IsKnown: true, Routes: { } routes } || traffic.CanaryIsReachable || routes.Any(r => r.NamesCanary));
        if (isPointedAt || target.Observed.CanaryPods.Any(p => p is { InRotation: true, IsTerminating: false }))
        {
            draft.Do(new WithdrawCanaryTraffic(target.Name, target.Status.Routes));
            return false;
        }

        if (target.IsRouted && traffic.Routes!.Any(r => !r.HasFollowed))
        {
            return false;
        }

        if (traffic is not { IsKnown: true, CanaryEndpoints: 0 } && traffic.IsRouted)
        {
            return false;
        }

        draft.Update(target, w => w with { ActualWeight = w.ActualWeight is null ? null : 0, StandsInSince = null, CanaryDownSince = null });
        return true;
    }

    /// <summary>What is not proven yet of the traffic that was taken back; null where all is.</summary>
    public static string? Unproven(Draft draft) => draft.Status.Timings?.TrafficWithdrawnAt is not null ? null
        : draft.Canaries.SelectMany(t => t.Observed.Traffic.Routes ?? []).FirstOrDefault(r => !r.HasFollowed) is { } late
            ? $"{late.Route} is being put back, and its gateway has not reported that it follows."
            : "It is not proven that no request reaches its pods any more.";

    /// <summary>
    /// Nothing blocks a revert (S1): without proof in time, the pods go all the same, and that ends their traffic too. In a promotion nothing presses: both run
    /// the patch, and a gateway that does not follow may go on sending them their share.
    /// </summary>
    private static bool ProofIsOverdue(Draft draft)
    {
        if (draft is { Status.Revert: null, Phase: PatchPhase.Promoting or PatchPhase.Degraded } && draft.Canaries.Any(t => t.IsRouted))
        {
            return false;
        }

        var since = draft.Status.Revert is not null || draft.Phase is PatchPhase.Reverting
            ? draft.Status.Timings?.PhaseStartedAt
            : draft.Targets.Max(t => t.Status.PatchedAt);
        return (since ?? draft.Now) + draft.Policy.WithdrawalProof <= draft.Now;
    }
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>What must come true from any state that a tale leads to. Each answers with what did not, or null.</summary>
internal static class Invariants
{
    public static string? AbortEndsTheCanary(ModelCluster cluster)
    {
        if (!cluster.Phase.IsRunning() || cluster.Patch.Metadata.IsTerminating)
        {
            return null;
        }

        // The worst that can be seen; but what is asked of the API server is done.
        (cluster.FailActions, cluster.FailStatusWrites, cluster.FailTrailWrites, cluster.Crash) = (0, 0, 0, CrashPoint.None);
        cluster.Mood = MetricsMood.Unreachable;
        cluster.HeldBy = "cve-2025-11111";
        cluster.Edit(s => s with { Suspend = true });
        cluster.SetRollsOut(false);
        cluster.ForEach(w =>
        {
            (w.TrafficIsKnown, w.WithdrawalWorks) = (false, false);
            w.Stable = w.Stable! with { IsRolledOut = false, ReadyReplicas = 0, RolloutFailure = "ProgressDeadlineExceeded: stuck" };
        });
        cluster.Command(Commands.Abort, "now");
        cluster.Live(cluster.Policy.WithdrawalProof + cluster.Policy.RevertDrain + cluster.Skew + TimeSpan.FromSeconds(2));
        return cluster.World.Any(w => w.Canary is { IsOurs: true }) ? $"S1: the canary is still there {cluster.Policy.WithdrawalProof.TotalSeconds + 2:0} s after an abort, in {cluster.Phase}" : null;
    }

    public static string? DeletionEnds(ModelCluster cluster)
    {
        if (cluster.IsReleased)
        {
            return null;
        }

        // Of some worlds the API server refuses everything but the status.
        (cluster.FailActions, cluster.FailStatusWrites, cluster.Crash) = (cluster.Trail.Count % 2 == 0 ? int.MaxValue : 0, 0, CrashPoint.None);
        cluster.Delete();
        cluster.Live(cluster.Policy.FinalizeLimit + cluster.Skew + TimeSpan.FromSeconds(5));
        if (!cluster.IsReleased)
        {
            return $"S12: not let go {cluster.Policy.FinalizeLimit.TotalMinutes:0} min after its deletion, in {cluster.Phase}";
        }

        var inTime = cluster.Now < cluster.Policy.LetGoAt(cluster.Patch.Status);
        return inTime && cluster.World.Any(w => w.Canary is { IsOurs: true }) ? "S12: let go while its canary is there" : null;
    }

    public static string? WaitsEnd(ModelCluster cluster)
    {
        if (!cluster.Phase.IsRunning())
        {
            return null;
        }

        (cluster.FailActions, cluster.FailStatusWrites, cluster.FailTrailWrites, cluster.Crash) = (0, 0, 0, CrashPoint.None);
        cluster.Resume();
        cluster.Mood = MetricsMood.Unreachable;
        cluster.SetCanaryReady(false);
        cluster.SetRollsOut(false);
        cluster.ForEach(w =>
        {
            w.TrafficIsKnown = false;
            w.Stable = w.Stable! with { IsRolledOut = false, ReadyReplicas = 0 };
        });
        cluster.Live(TimeSpan.FromMinutes(45));
        return cluster.Phase is PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting or PatchPhase.Reverting ? $"{cluster.Phase} still waits after 45 min" : null;
    }

    public static string? CalmEndsEverything(ModelCluster cluster)
    {
        cluster.ClearUp();
        cluster.Live(TimeSpan.FromHours(1));
        if (cluster.Phase.IsRunning())
        {
            return $"still {cluster.Phase} after an hour in which nothing was wrong";
        }

        // An approval that was given before is enough for what waits now.
        cluster.Command(Commands.Approve, "again");
        cluster.Live(TimeSpan.FromHours(1));
        if (cluster.Phase is not (PatchPhase.Promoted or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded) && !cluster.IsReleased)
        {
            return $"still {cluster.Phase} after an approval and an hour in which nothing was wrong";
        }

        var records = cluster.Trail.Count;
        cluster.Live(TimeSpan.FromDays(2));
        return cluster.World.Any(w => w.Canary is { IsOurs: true } || w.CanaryPods.Count > 0) ? $"{cluster.Phase} with a canary"
            : cluster.Trail.Count != records ? $"S7/S15: {cluster.Trail[records].Action} came after the end, by itself"
            : cluster.EndWasSeen && (!cluster.RouteIsTheirs || cluster.Route is { ServiceExists: true }) ? $"S8: {cluster.Phase} with a route that is not as before, or with what was made for it"
            : cluster.World[2].Stable!.IsSuspended ? $"{cluster.Phase} and cron is suspended"
            : !cluster.SomeoneElseChose && cluster.World.Select(w => w.Image == Story.New).Distinct().Count() > 1 ? $"{cluster.Phase} with {string.Join(", ", cluster.World.Select(w => w.Image[^4..]))}: not all or nothing"
            : null;
    }
}

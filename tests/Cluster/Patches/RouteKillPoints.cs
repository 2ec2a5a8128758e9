using System.Collections.Concurrent;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>
/// S6 for runs whose traffic a route splits: the operator is killed at every write, once before it takes effect and once after, and started again.
/// The route must end as it was, nothing made beside it may be left, and the trail must be the undisturbed run's.
/// </summary>
public sealed class RouteKillPoints(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    public enum Story
    {
        Promoted,
        Reverted,
        Deleted,
        PromotedBehindAnIngress,
    }

    [Theory]
    [InlineData(Story.Promoted)]
    [InlineData(Story.Reverted)]
    [InlineData(Story.Deleted)]
    [InlineData(Story.PromotedBehindAnIngress)]
    public async Task A_kill_at_any_write_leaves_the_route_as_it_was(Story story)
    {
        var undisturbed = await RunAsync(story, killAt: 0, before: true);
        Assert.True(undisturbed.Writes > 10, $"only {undisturbed.Writes} writes were seen");
        var points = Enumerable.Range(1, undisturbed.Writes).SelectMany(n => (IEnumerable<(int N, bool Before)>)[(n, true), (n, false)]).ToArray();
        var differences = new ConcurrentBag<string>();
        var kills = 0;
        await Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (point, _) =>
        {
            var run = await RunAsync(story, point.N, point.Before);
            if (run.KilledAt is not null)
            {
                Interlocked.Increment(ref kills);
            }

            if (run.End != undisturbed.End)
            {
                differences.Add($"Killed {(point.Before ? "before" : "after")} write {point.N} ({run.KilledAt}):\n  {run.End}\ninstead of\n  {undisturbed.End}");
            }
        });
        output.WriteLine($"{story} through a route: {kills} kill points tried");
        Assert.True(kills >= points.Length * 0.8, $"only {kills} of {points.Length} kill points were reached");
        Assert.Empty(differences);
    }

    private static async Task<(string End, int Writes, string? KilledAt)> RunAsync(Story story, int killAt, bool before)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var spec = routed.Spec();
        var first = town.Api.Store.Get(RoutedTown.Ingresses, Town.Namespace, "shop")!.ToJsonString();
        var writes = 0;
        string? killedAt = null;
        var killed = new TaskCompletionSource();

        FaultAction? Judge(ApiRequest call, bool isBefore)
        {
            if (!call.UserAgent.StartsWith("patch-operator-1/", StringComparison.Ordinal))
            {
                return null;
            }

            if (killedAt is not null)
            {
                return isBefore ? new FaultAction.CloseConnectionBefore() : null;
            }

            if (!call.IsWrite || isBefore != before || Interlocked.Increment(ref writes) != killAt)
            {
                return null;
            }

            killedAt = call.ToString();
            killed.TrySetResult();
            return isBefore ? new FaultAction.CloseConnectionBefore() : new FaultAction.CloseConnectionAfter();
        }

        using var beforeHook = town.Api.Faults.Before(call => Judge(call, true));
        using var afterHook = town.Api.Faults.After(call => Judge(call, false));
        town.Metrics.CanaryErrorRate = story is Story.Reverted ? 0.2 : 0;
        await town.StartOperatorAsync();
        var restart = RestartAsync();
        town.Apply(
            steps: story is Story.Deleted ? """[{"weight":25,"hold":"10m"}]""" : """[{"weight":25},{"weight":50}]""",
            traffic: story is Story.PromotedBehindAnIngress ? RoutedTown.Ingress : RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        switch (story)
        {
            case Story.Promoted or Story.PromotedBehindAnIngress:
                await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
                break;
            case Story.Reverted:
                await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
                break;
            case Story.Deleted:
                await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["readyAt"] is not null, "the canary serves", 60);
                town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
                await town.UntilAsync(() => town.Patch() is null, "the resource is gone", 60);
                break;
        }

        await town.UntilAsync(() => town.Pod("canary").Count == 0 && town.ReadyPods("web").Count == 4, "only stable serves");
        if (story is not Story.Deleted)
        {
            await town.UntilAsync(() => town.Trail() is [.., { To: "Promoted" or "Reverted" }] && town.Patch()!["metadata"]!["annotations"]!["patchoperator.io/approve"] is null, "the trail is complete");
        }

        // A point that was never reached in this run (timing differs a little) ends the wait.
        killed.TrySetResult();
        await restart;
        var trail = town.Trail();
        var end = $"{town.Phase()} image {town.Image()} canary {town.Deployment("magento-web-canary") is not null} service {routed.Service("web-canary") is not null} "
            + $"second Ingress {routed.SecondIngress() is not null} route as before {routed.Spec() == spec} "
            + $"Ingress as before {town.Api.Store.Get(RoutedTown.Ingresses, Town.Namespace, "shop")!.ToJsonString() == first} run {town.Patch()?["status"]?["run"]} "
            + $"chain {AuditChain.FindFault(trail) ?? "holds"} trail {string.Join(" ", trail.Select(r => r.Action))}";
        return (end, writes, killedAt);

        async Task RestartAsync()
        {
            await killed.Task;
            if (killedAt is not null)
            {
                await town.KillOperatorAsync();
                await town.StartOperatorAsync();
            }
        }
    }
}

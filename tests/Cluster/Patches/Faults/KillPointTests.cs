using System.Collections.Concurrent;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>
/// S6: the operator is killed at every call that it makes to the API server, reads and watches included, once before the call takes effect and
/// once after, and started again. The end must be the one of the undisturbed run, with the same trail, no step twice and no timer shorter.
/// </summary>
public sealed class KillPointTests(ITestOutputHelper output)
{
    /// <summary>Of all kill points, a developer's run tries one in so many; the scenario decides which.</summary>
    private const int Thinning = 14;

    public static TheoryData<string> ScenarioNames => FaultScope.ScenarioNames;

    public static TheoryData<string> SomeScenarioNames => FaultScope.IsFull ? ScenarioNames : [.. FaultScope.Chosen.Where((_, i) => i % 3 == 0).Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(ScenarioNames))]
    public async Task A_kill_at_any_call_changes_neither_the_end_nor_the_trail(string name)
    {
        var scenario = Scenarios.Named(name);
        var calls = 0;
        var undisturbed = await FaultRun.PlayAsync(scenario, async town =>
        {
            var count = town.Api.Faults.Before(call =>
            {
                Interlocked.Add(ref calls, call.UserAgent.StartsWith("patch-operator", StringComparison.Ordinal) ? 1 : 0);
                return null;
            });
            await town.StartOperatorAsync();
            return new FaultRun.Ended(() => Dispose(count));
        });
        Assert.Empty(undisturbed.Faults);
        Assert.DoesNotContain("stuck", undisturbed.End, StringComparison.Ordinal);
        Assert.True(calls > 20, $"only {calls} calls were seen");

        var points = Points(calls, offset: Math.Abs(name.Sum(c => c)) % Thinning);
        var losses = new ConcurrentBag<string>();
        var kills = 0;
        await Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = FaultScope.AtOnce }, async (point, _) =>
        {
            string? killedAt = null;
            var run = await FaultRun.PlayAsync(scenario, town => KillAtAsync(town, point.Call, point.Before, at => killedAt = at));
            if (killedAt is not null)
            {
                Interlocked.Increment(ref kills);
            }

            if ((run.LossAgainst(undisturbed) ?? (run.MissingEvents > 0 ? $"{run.MissingEvents} events are missing" : null)) is { } loss)
            {
                losses.Add($"Killed {(point.Before ? "before" : "after")} call {point.Call} ({killedAt ?? "not reached"}): {loss}");
            }
        });
        output.WriteLine($"{name}: {calls} calls, {kills} kill points tried, {losses.Count} lost");
        FaultReport.Add("Kill points", ["Scenario", "How it ends", "API calls", "Kill points tried", "Lost"], name, Ending.Phases(undisturbed.End), $"{calls}", $"{kills}", $"{losses.Count}");
        Assert.True(kills >= points.Count * 0.8, $"only {kills} of {points.Count} kill points were reached");
        Assert.True(losses.IsEmpty, string.Join("\n\n", losses));
    }

    /// <summary>Every instance lives only for so many calls, and none of them is told.</summary>
    [Theory]
    [MemberData(nameof(SomeScenarioNames))]
    public async Task A_run_that_is_killed_again_and_again_gets_there_all_the_same(string name)
    {
        var scenario = Scenarios.Named(name);
        var undisturbed = await FaultRun.UndisturbedAsync(scenario);
        var deaths = 0;
        var run = await FaultRun.PlayAsync(scenario, async town =>
        {
            var stop = new CancellationTokenSource();
            var life = LivesAsync(town, callsToLive: 24, () => Interlocked.Increment(ref deaths), stop.Token);
            return new FaultRun.Ended(async () =>
            {
                await stop.CancelAsync();
                await life;
            });
        });
        FaultReport.Add("Killed every 24 calls", ["Scenario", "Deaths", "Lost"], name, $"{deaths}", run.LossAgainst(undisturbed) is null ? "0" : "1");
        Assert.True(run.LossAgainst(undisturbed) is null, run.LossAgainst(undisturbed));
        Assert.True(deaths > 0);
    }

    private static IReadOnlyList<(int Call, bool Before)> Points(int calls, int offset)
    {
        var all = Enumerable.Range(1, calls).SelectMany(n => (IEnumerable<(int, bool)>)[(n, true), (n, false)]);
        return FaultScope.IsFull ? [.. all] : [.. all.Where((_, i) => i % Thinning == offset)];
    }

    private static async Task<IAsyncDisposable> KillAtAsync(Town town, int callNumber, bool before, Action<string> onKill)
    {
        var victim = await Victim.ArmAsync(town, callNumber, before);
        var restart = RestartAsync();
        return new FaultRun.Ended(async () =>
        {
            // A point that was never reached in this run, since timing differs a little, ends the wait.
            victim.Spare();
            await restart;
            victim.Dispose();
        });

        async Task RestartAsync()
        {
            if (await victim.Killed is { } at)
            {
                onKill(at);
                await town.KillOperatorAsync(victim.Name);
                await town.StartOperatorAsync();
            }
        }
    }

    private static async Task LivesAsync(Town town, int callsToLive, Action onDeath, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var victim = await Victim.ArmAsync(town, callsToLive, before: true);
            await using var end = stop.Register(victim.Spare);
            if (await victim.Killed is null)
            {
                return;
            }

            onDeath();
            await town.KillOperatorAsync(victim.Name);
        }
    }

    private static Task Dispose(IDisposable hook)
    {
        hook.Dispose();
        return Task.CompletedTask;
    }
}

using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>Two operators, one Lease: the one that leads is cut off in the middle of something, and the other finishes it.</summary>
public sealed class LeaderChangeTests(ITestOutputHelper output)
{
    private const double Speed = 5;

    public enum CutOff
    {
        /// <summary>Its calls reach nobody.</summary>
        Silent,

        /// <summary>Its calls are under way for longer than its term lasts.</summary>
        Slow,

        /// <summary>It is told to stop and gives the Lease back.</summary>
        Stopped,
    }

    public static TheoryData<string, PatchPhase, CutOff> Cases =>
    [
        .. new (string, PatchPhase, CutOff)[]
        {
            ("bad, reverted", PatchPhase.Reverting, CutOff.Silent),
            ("healthy, promoted", PatchPhase.Promoting, CutOff.Stopped),
            ("aborted in mid-step", PatchPhase.Reverting, CutOff.Slow),
            ("bad, reverted", PatchPhase.Reverting, CutOff.Slow),
            ("bad, reverted", PatchPhase.Reverting, CutOff.Stopped),
            ("stable cannot roll out, aborted", PatchPhase.Reverting, CutOff.Silent),
            ("healthy, promoted", PatchPhase.Progressing, CutOff.Slow),
            ("healthy, promoted", PatchPhase.Promoting, CutOff.Silent),
        }.Take(FaultScope.IsFull ? int.MaxValue : 3),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_next_leader_finishes_the_work_and_the_old_one_writes_nothing_after_its_term(string name, PatchPhase during, CutOff how)
    {
        var scenario = Scenarios.Named(name);
        var undisturbed = await FaultRun.UndisturbedAsync(scenario);
        string[] late = [];
        TimeSpan? handover = null;
        var run = await FaultRun.PlayAsync(scenario, async town =>
        {
            var old = await town.StartOperatorAsync(leaderElection: true);
            await town.UntilAsync(() => Renewals(town, old).Any(), "the first operator leads");
            var next = await town.StartOperatorAsync(leaderElection: true);
            var cut = new Cut(town, old, during, how);
            return new FaultRun.Ended(async () =>
            {
                var cutAt = await cut.Happened;
                var takenOver = Renewals(town, next).First(r => r.At > cutAt);
                handover = takenOver.At - cutAt;

                // The old leader's line is mended; it must learn that others lead now before it writes anything.
                cut.Dispose();
                await Task.Delay(TimeSpan.FromSeconds(20), town.Clock);
                late = [.. Writes(town, old).Where(w => w.Number > takenOver.Number).Select(w => w.ToString())];
            });
        }, Speed);
        output.WriteLine($"{name}, cut off in {during}, {how}: handover after {handover?.TotalSeconds:0.0} s");
        FaultReport.Add("Leader changes", ["Case", "Handover s", "Late writes", "Lost"], $"{name}, {how} in {during}", $"{handover?.TotalSeconds:0.0}", $"{late.Length}", run.LossAgainst(undisturbed) is null ? "0" : "1");
        Assert.Empty(late);
        Assert.True(run.LossAgainst(undisturbed) is null, run.LossAgainst(undisturbed));
    }

    private static IEnumerable<ApiRequest> Of(Town town, string name) => town.Api.Requests.All.Where(r => r.UserAgent.StartsWith(name + "/", StringComparison.Ordinal));

    private static IEnumerable<ApiRequest> Renewals(Town town, string name) => Of(town, name).Where(r => r is { IsWrite: true, Resource: "leases" });

    private static IEnumerable<ApiRequest> Writes(Town town, string name) => Of(town, name).Where(r => r.IsWrite && r.Resource != "leases");

    /// <summary>Begins with the first call that the leader makes in the phase, so that its intent is stored and little or nothing of it done.</summary>
    private sealed class Cut : IDisposable
    {
        private readonly TaskCompletionSource<DateTimeOffset> happened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IDisposable hook;
        private volatile bool isCut;

        public Cut(Town town, string leader, PatchPhase during, CutOff how) => hook = town.Api.Faults.Before(call =>
        {
            if (!call.UserAgent.StartsWith(leader + "/", StringComparison.Ordinal) || (!isCut && town.Phase() != during.ToString()))
            {
                return null;
            }

            if (!isCut)
            {
                isCut = true;
                happened.TrySetResult(town.Clock.GetUtcNow());
                if (how is CutOff.Stopped)
                {
                    _ = Task.Run(() => town.StopOperatorAsync(leader));
                }
            }

            return how switch
            {
                CutOff.Silent => new FaultAction.CloseConnectionBefore(),
                CutOff.Slow => new FaultAction.Delay(TimeSpan.FromSeconds(40)),
                CutOff.Stopped => null,
            };
        });

        public Task<DateTimeOffset> Happened => happened.Task;

        public void Dispose() => hook.Dispose();
    }
}

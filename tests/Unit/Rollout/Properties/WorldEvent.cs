using System.Globalization;
using CsCheck;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>Something that happens to a run, in words and in effect.</summary>
internal sealed record WorldEvent(string Words, Action<ModelCluster> Happen)
{
    private static readonly Gen<TimeSpan> Spans = Gen.OneOf(0.05, 1, 5, 20, 45, 90, 300, 700, 3700).Select(TimeSpan.FromSeconds);

    private static readonly Gen<TimeSpan> Delays = Gen.OneOf(0, 0.3, 4, 25).Select(TimeSpan.FromSeconds);

    /// <summary>What people, the cluster, the metrics and the machine can do, the usual more often than the rare.</summary>
    public static Gen<WorldEvent> Any { get; } = Gen.Frequency(new (int, IGen<WorldEvent>)[]
    {
        (8, Spans.Select(s => Of($"{Text(s)} pass", c => c.Live(s)))),
        (2, Spans.Select(s => Of($"the operator is down for {Text(s)}", c => c.Sleep(s)))),
        (5, Gen.Const(Of("someone approves", c => c.Command(Commands.Approve, "CHG-20871")))),
        (2, Command(Commands.Abort)),
        (1, Command(Commands.Reject)),
        (1, Command(Commands.Retry)),
        (1, Command(Commands.Revoke)),
        (1, Command(Commands.Suspend)),
        (1, Command(Commands.Resume)),
        (1, Command(Commands.PromoteNow)),
        (1, Command(Commands.Revert)),
        (1, Gen.Const(Of("someone approves without a reason", c => c.Command(Commands.Approve, " ")))),
        (1, Flag("spec.suspend is true", "spec.suspend is false", (c, on) => c.Edit(s => s with { Suspend = on }))),
        (1, Gen.Int[1, 3].Select(n => Of($"the spec is edited to {n} steps", c => c.EditSteps(n)))),
        (1, Gen.Const(Of("the severity is amended", c => c.Edit(s => s with { Advisory = new Advisory { Severity = "High" } })))),
        (3, Gen.Enum<MetricsMood>().Select(m => Of($"metrics: {m}", c => c.Mood = m))),
        (2, Gen.Const(Of("metrics: Good", c => c.Mood = MetricsMood.Good))),
        (1, Flag("no canary pod becomes ready", "canary pods become ready", (c, on) => c.SetCanaryReady(!on))),
        (1, Gen.Const(Of("the metrics come from Prometheus, by pod", c => c.MeasureByPrometheus()))),
        (1, Flag("Prometheus finds no new pod", "Prometheus finds new pods", (c, on) => c.FindsPods = !on)),
        (1, Gen.Const(Of("one canary pod falls over", c => c.OnePodFails()))),
        (1, Gen.Const(Of("someone deletes the canary", c => c.DropCanary()))),
        (1, Gen.Const(Of("someone makes a Deployment of the canary's name", c => c.ForeignCanary()))),
        (1, Flag("endpoints cannot be read", "endpoints can be read", (c, on) => c.ForEach(w => w.TrafficIsKnown = !on))),
        (1, Flag("withdrawing traffic has no effect", "withdrawing traffic works", (c, on) => c.ForEach(w => w.WithdrawalWorks = !on))),
        (1, Flag("stable does not roll out", "stable rolls out", (c, on) => c.SetRollsOut(!on))),
        (1, Gen.OneOf(Story.Third, Story.Old, Story.New).Select(i => Of($"someone sets stable's image to {i[^4..]}", c => c.SetStableImage(i)))),
        (2, Gen.Const(Of("a sync from Git brings back what an earlier patch replaced", c => c.Sync(ModelCluster.Older)))),
        (1, Gen.Const(Of("a sync from Git brings the stable image back", c => c.Sync(Story.Old)))),
        (1, Gen.Const(Of("someone aborts, tries again and approves", c => c.RunAgain()))),
        (1, Gen.Const(Of("the earlier patch is deleted", c => c.EarlierPatchExists = false))),
        (1, Flag("the images are held until Git names them", "the images are not held", (c, on) => c.Edit(s => s with { Promotion = new PromotionSpec { Hold = on ? "UntilAdopted" : "None" } }))),
        (1, Gen.Int[1, 9].Select(n => Of($"stable is scaled to {n}", c => c.Scale(n)))),
        (1, Gen.Int[0, 9].Select(n => Of($"someone scales the canary to {n}", c => c.ScaleCanary(n)))),
        (1, Gen.Const(Of("stable's template is edited", c => c.EditTemplate()))),
        (1, Gen.Const(Of("stable is made anew", c => c.RecreateStable()))),
        (1, Flag("another patch runs on the workload", "the other patch has ended", (c, on) => c.HeldBy = on ? "cve-2025-11111" : null)),
        (1, Flag("a Job of the old code begins", "that Job ends", (c, on) => c.SetOldJob(on))),
        (1, Gen.Int[1, 6].Select(n => Of($"the next {n} actions fail", c => c.FailActions = n))),
        (1, Gen.Int[1, 3].Select(n => Of($"the next {n} status writes fail", c => c.FailStatusWrites = n))),
        (1, Gen.Int[1, 3].Select(n => Of($"the next {n} writes of the trail fail", c => c.FailTrailWrites = n))),
        (2, Gen.Enum<CrashPoint>().Where(p => p is not CrashPoint.None).Select(p => Of($"the operator crashes {p} and comes back", c => c.Crash = p))),
        (2, Gen.Const(Of("what a leader sent that was cut off takes effect after the end", c => c.LateWrites()))),
        (1, Gen.Const(Of("a replace drops every annotation", c => c.DropAnnotations()))),
        (1, Gen.Const(Of("a leader whose clock is 7 s behind takes over", c => c.SetBack(TimeSpan.FromSeconds(7))))),
    });

    /// <summary>The same where a route splits the traffic, which has a life of its own.</summary>
    public static Gen<WorldEvent> AnyRouted { get; } = Gen.Frequency(new (int, IGen<WorldEvent>)[]
    {
        (40, Any),
        (2, Gen.OneOf(0, 10, 90, 100).Select(w => Of($"someone edits the canary's weight in the route to {w}", c => c.EditWeight(w)))),
        (2, Gen.OneOf(1, 40).Select(w => Of($"a sync applies the route's manifest, with weight {w}", c => c.ApplyRoute(w)))),
        (2, Flag("the route is deleted", "the route is made anew", (c, on) => c.MakeRoute(!on))),
        (1, Flag("the route leads elsewhere", "the route leads to the workload", (c, on) => c.LeadRoute(!on))),
        (2, Flag("the gateway stops reporting", "the gateway reports", (c, on) => c.ChangeRoute(_ => c.Gateway!.Reports = !on))),
        (2, Delays.Select(d => Of($"from now on the gateway follows after {Text(d)}", c => c.ChangeRoute(_ => c.Gateway!.Delay = d)))),
        (2, Flag("the route cannot be written", "the route can be written", (c, on) => c.ChangeRoute(r => r.CanBeWritten = !on))),
        (2, Flag("routes cannot be read", "routes can be read", (c, on) => c.ForEach(w => w.TrafficIsKnown = !on))),
        (1, Gen.Const(Of("someone deletes the canary's Service", c => c.DeleteService()))),
        (2, Flag("the canary's pods all go", "the canary's pods are back", (c, on) => c.SetCanaryReady(!on))),
        (1, Flag("a roll-out takes all of stable's pods at once", "a roll-out leaves stable's pods", (c, on) => c.RecreatePods(on))),
    });

    /// <summary>The beginning of a tale of a route.</summary>
    public static Gen<WorldEvent> Routed { get; } = Delays.Select(d => Of($"a route splits the traffic, and its gateway follows after {Text(d)}", c => c.SplitByRoute(d)));

    public override string ToString() => Words;

    public static WorldEvent Of(string words, Action<ModelCluster> happen) => new(words, happen);

    private static Gen<WorldEvent> Command(string name) => Gen.Const(Of($"someone asks for {name}", c => c.Command(name, "because")));

    private static Gen<WorldEvent> Flag(string on, string off, Action<ModelCluster, bool> set) => Gen.Bool.Select(value => Of(value ? on : off, c => set(c, value)));

    private static string Text(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.##} s");
}

internal enum MetricsMood
{
    Good,
    Bad,
    BothTracksBad,
    NotANumber,
    Infinite,
    Negative,
    TooFew,
    Nothing,
    StandingStill,
    Unreachable,
    QueryRejected,
}

internal enum CrashPoint
{
    None,
    BeforeTheStatusIsStored,
    AfterTheStatusIsStored,
    BetweenTwoActions,
    BeforeTheTrailIsWritten,
}

using CsCheck;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>
/// A rule that cannot fail guards nothing: each is broken here by a decider that is lied to, or whose plans are tampered with, and must be caught
/// within the tales that the properties tell.
/// </summary>
public sealed class SabotageTests(ITestOutputHelper output)
{
    private const int Tales = 3000;

    private static readonly Dictionary<string, Saboteur> Saboteurs = new(StringComparer.Ordinal)
    {
        ["deletes pods before their traffic is gone"] = new("S2") { Policy = p => p with { WithdrawalProof = TimeSpan.Zero } },
        ["takes pods away before the gateway has followed"] = new("S2: magento-web's canary pods go") { Observed = o => EachRoute(o, r => r with { HasFollowed = true }) },
        ["takes a Service away that a route names"] = new("S2: DeleteRouting") { Plan = p => p with { Actions = [.. p.Actions, .. p.Actions.OfType<WithdrawCanaryTraffic>().Where(w => w.Routes is { Count: > 0 }).Select(w => new DeleteRouting(w.Name, w.Routes!))] } },
        ["leads requests to a canary without pods"] = new("S2: EnsureRoutes") { Plan = p => WithRoutes(p, e => e with { Weight = e.Weight is null ? null : 25 }) },
        ["gives weight to a canary that is taken back"] = new("S1: EnsureRoutes")
        {
            Plan = p => p with { Actions = [.. p.Actions.Select(a => a is WithdrawCanaryTraffic { Routes: { } routes } withdraw ? new EnsureRoutes(withdraw.Name, routes, 25, null) : a)] },
        },
        ["lets steps pass before the gateway has followed"] = new("S3: the run advances from a step at") { Observed = o => EachRoute(o, r => r with { HasFollowed = true, IsAsAsked = r.Exists, Weight = Math.Max(r.Weight, 25) }) },
        ["begins the hold before the gateway has followed"] = new("S3: the hold of a step") { Observed = o => EachRoute(o, r => r with { HasFollowed = true }) },
        ["takes bad numbers for good ones"] = new("S3/S4/S5") { Observed = o => o with { Readings = Forged(o.Readings, 0) } },
        ["advances without numbers"] = new("S3") { Plan = p => p.Status is { Step: { Index: 0, Count: > 1, ReadyAt: not null } step, Phase: "Progressing" } ? WithStep(p, step with { Index = 1 }) : p },
        ["blames the patch for everything"] = new("S4/S5") { Observed = o => o with { Readings = Forged(o.Readings, 0.5) } },
        ["forgets the hold"] = new("S6") { Patch = p => p.Status?.Step is { NotBefore: not null } step ? p with { Status = p.Status with { Step = step with { NotBefore = DateTimeOffset.UnixEpoch } } } : p },
        ["prolongs the hold at every look"] = new("S6") { Plan = p => p.Status.Step is { NotBefore: { } end } step ? WithStep(p, step with { NotBefore = end + TimeSpan.FromSeconds(1) }) : p },
        ["begins steps twice"] = new("S6") { Plan = p => p.Status.Step is { ReadyAt: not null } step ? WithStep(p, step with { StartedAt = step.StartedAt + TimeSpan.FromSeconds(1) }) : p },
        ["decides by chance"] = new("S6: the same input") { Plan = ByChance() },
        ["starts again by itself"] = new("S7") { Patch = p => p.Status is { Phase: "Reverted" } ? p with { Status = p.Status with { Phase = "Pending" } } : p },
        ["takes every Deployment for its own"] = new("S8") { Observed = o => Each(o, w => w.Canary is { } canary ? w with { Canary = canary with { IsOurs = true } } : w) },
        ["overwrites a newer image"] = new("S8") { Observed = o => Each(o, w => w.Stable is { } s && s.Images["php"] == Story.Third ? w with { Stable = s with { Images = new Dictionary<string, string> { ["php"] = Story.Old } } } : w) },
        ["takes a Git that lags behind for a newer decision"] = new("S8: the patch gives way")
        {
            Patch = p => p.Status?.Workloads is { } all ? p with { Status = p.Status with { Workloads = [.. all.Select(w => w with { EarlierImages = null })] } } : p,
        },
        ["forgets what earlier patches replaced"] = new("S8: a run begins")
        {
            Patch = p => p.Status is { Lineage: not null } status ? p with { Status = status with { Lineage = null } } : p,
        },
        ["forgets the images of before"] = new("S9") { Plan = p => p.Status.Workloads is { } all ? p with { Status = p.Status with { Workloads = [.. all.Select(w => w with { PreviousImages = w.PatchedImages })] } } : p },
        ["needs no approval"] = new("S10") { Intent = i => i with { ApprovalsRequired = 0 } },
        ["keeps an approval for the next spec"] = Hoarder(),
        ["overtakes another patch"] = new("S11") { Observed = o => o with { HeldBy = null } },
        ["lets cron run beside old Jobs"] = new("S13") { Observed = o => Each(o, w => w.Stable is { } s ? w with { Stable = s with { ActiveJobs = [] } } : w) },
        ["gives workers a canary"] = new("S13") { Intent = i => i with { Workloads = [.. i.Workloads.Select(w => w.Name == "consumers" ? w with { HasCanary = true } : w)] } },
        ["tells what the canary's pods are told"] = new("S14") { Plan = p => p.Actions.OfType<EnsureCanary>().FirstOrDefault()?.Overlay?.Env is [var first, ..] ? p with { Notices = [.. p.Notices, new Notice("CanaryMade", $"With {first.Name}={first.Value}.", false)] } : p },
        ["leaves a transition out of the trail"] = new("S15") { Plan = p => p.Status.Phase == "Promoting" ? WithRecords(p, null) : p },
        ["drops records before they are written"] = new("S15") { Plan = p => WithRecords(p, p.Status.Audit?.Recent?.TakeLast(1).ToArray()) },
        ["sleeps"] = new("waits for ever") { Plan = p => p with { WakeUpAt = null } },
        ["never sleeps"] = new("in one instant") { Plan = p => p with { WakeUpAt = DateTimeOffset.UnixEpoch } },
        ["waits for proof for ever"] = new("S1") { Policy = p => p with { WithdrawalProof = TimeSpan.FromDays(1) }, AtTheEnd = Invariants.AbortEndsTheCanary },
        ["holds a deleted resource for ever"] = new("S12") { Policy = p => p with { FinalizeLimit = TimeSpan.FromDays(1) }, AtTheEnd = Invariants.DeletionEnds },
        ["has no progress deadline"] = new("still waits") { Intent = i => i with { ProgressDeadline = TimeSpan.FromDays(1) }, AtTheEnd = Invariants.WaitsEnd },
        ["leaves cron suspended"] = new("still") { Plan = p => p with { Actions = [.. p.Actions.Where(a => a is not SuspendCronJob { Suspend: false })] }, AtTheEnd = Invariants.CalmEndsEverything },
    };

    public static TheoryData<string> Names => [.. Saboteurs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_decider_that_breaks_a_rule_is_caught(string name)
    {
        var saboteur = Saboteurs[name];
        Tale? caught = null;
        for (uint seed = 1; seed <= Tales && caught is null; seed++)
        {
            var tale = Tale.Any.Generate(new PCG(1, seed), null, out _);
            caught = saboteur.IsCaughtBy(tale) ? tale : null;
        }

        Assert.NotNull(caught);
        output.WriteLine(caught.Shortest(saboteur.IsCaughtBy).Tell(saboteur.AtTheEnd, saboteur.Decide));
    }

    private static IReadOnlyList<MetricReading>? Forged(IReadOnlyList<MetricReading>? readings, double canaryRate)
    {
        return readings is null ? null : [.. readings.Select(Forge)];

        MetricReading Forge(MetricReading reading)
        {
            var total = Math.Floor((reading.SampledAt - new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds);
            return reading with { Canary = new TrackReading.Counts(Math.Floor(total * canaryRate), total), Stable = new TrackReading.Counts(0, 4 * total) };
        }
    }

    private static ObservedState Each(ObservedState observed, Func<WorkloadObservation, WorkloadObservation> change) =>
        observed with { Workloads = observed.Workloads.ToDictionary(w => w.Key, w => change(w.Value)) };

    private static ObservedState EachRoute(ObservedState observed, Func<RouteObservation, RouteObservation> change, bool noObstacle = false) => Each(
        observed,
        w => w with { Traffic = w.Traffic with { Routes = w.Traffic.Routes?.Select(change).ToArray(), Obstacle = noObstacle ? null : w.Traffic.Obstacle } });

    private static Plan WithRoutes(Plan plan, Func<EnsureRoutes, EnsureRoutes> change) => plan with { Actions = [.. plan.Actions.Select(a => a is EnsureRoutes ensure ? change(ensure) : a)] };

    private static Plan WithStep(Plan plan, StepStatus step) => plan with { Status = plan.Status with { Step = step } };

    private static Plan WithRecords(Plan plan, IReadOnlyList<AuditRecord>? records) =>
        plan.Status.Audit is { } audit ? plan with { Status = plan.Status with { Audit = audit with { Recent = records } } } : plan;

    private static Func<Plan, Plan> ByChance()
    {
        var calls = 0;
        return plan => calls++ % 2 == 0 ? plan : plan with { WakeUpAt = (plan.WakeUpAt ?? DateTimeOffset.UnixEpoch) + TimeSpan.FromSeconds(1) };
    }

    private static Saboteur Hoarder()
    {
        ApprovalStatus? kept = null;
        return new("S10")
        {
            Patch = p =>
            {
                kept = p.Status?.Approvals is [var approval, ..] ? approval : kept;
                return p.Status is { Phase: "AwaitingApproval" } && kept is not null ? p with { Status = p.Status with { Approvals = [kept with { SpecDigest = SpecDigest.Of(p.Spec), ExpiresAt = DateTimeOffset.MaxValue }] } } : p;
            },
        };
    }

    /// <summary>The real decider, lied to and misquoted.</summary>
    /// <param name="Rule">What its violation names.</param>
    private sealed record Saboteur(string Rule)
    {
        public Func<EmergencyPatch, EmergencyPatch> Patch { get; init; } = p => p;

        public Func<PatchIntent, PatchIntent> Intent { get; init; } = i => i;

        public Func<ObservedState, ObservedState> Observed { get; init; } = o => o;

        public Func<OperatorPolicy, OperatorPolicy> Policy { get; init; } = p => p;

        public Func<Plan, Plan> Plan { get; init; } = p => p;

        public Func<ModelCluster, string?> AtTheEnd { get; init; } = _ => null;

        public Plan Decide(EmergencyPatch patch, PatchIntent intent, ObservedState observed, OperatorPolicy policy, DateTimeOffset now) =>
            Plan(RolloutDecider.Decide(Patch(patch), Intent(intent), Observed(observed), Policy(policy), now));

        public bool IsCaughtBy(Tale tale) => tale.Violation(AtTheEnd, Decide)?.Contains(Rule, StringComparison.Ordinal) is true;
    }
}

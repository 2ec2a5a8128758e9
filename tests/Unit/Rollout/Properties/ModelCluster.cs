using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

internal delegate Plan Decider(EmergencyPatch patch, PatchIntent intent, ObservedState observed, OperatorPolicy policy, DateTimeOffset now);

/// <summary>
/// A cluster with one patch in it and an operator that is nothing but the decider: it stores statuses, does actions and appends to the trail,
/// each of which can fail or be cut short. Whatever is decided is shown to the <see cref="SafetyRules"/>.
/// </summary>
internal sealed class ModelCluster
{
    /// <summary>What an earlier patch replaced by the image that runs when a tale begins.</summary>
    public const string Older = "registry.example.com/magento@sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>What the canary's pods are told, and nobody else.</summary>
    public const string Secret = "correct-horse-battery-staple";

    private const int MostRoundsInAnInstant = 40;
    private const int MostIdleRounds = 10;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Decider decide;
    private readonly SafetyRules rules;
    private readonly Dictionary<string, string> commands = new(StringComparer.Ordinal);
    private readonly List<AuditRecord> trail = [];
    private readonly StoryWorkload web = new(new WorkloadRef(WorkloadKind.Deployment, "magento-web"));
    private readonly StoryWorkload consumers = new(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));
    private readonly StoryWorkload cron = new(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));
    private readonly IReadOnlyList<StoryWorkload> world;
    private readonly List<PlanAction> sent = [];
    private PatchIntent? intent;
    private int templates = 1;
    private int uids;
    private DateTimeOffset? badUntil;
    private bool rollsOut = true;
    private int theirWeight = 1;

    public ModelCluster(Decider? decider = null)
    {
        decide = decider ?? RolloutDecider.Decide;
        rules = new SafetyRules(this);
        world = [web, consumers, cron];
        Patch = new EmergencyPatch
        {
            Metadata = new ObjectMeta { Name = "cve-2025-54236", Namespace = "shop", Uid = "patch-uid", ResourceVersion = "1", Generation = 1 },
            Spec = new EmergencyPatchSpec
            {
                Workloads =
                [
                    new WorkloadSpec { Name = "web", Deployment = "magento-web", Containers = Php, Canary = new CanaryOverlay { Env = [new EnvVar { Name = "CRYPT_KEY", Value = Secret }] } },
                    new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = Php },
                    new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = Php },
                ],
                Canary = new CanarySpec { Steps = Steps(2) },
                Revert = new RevertSpec { WatchAfterPromotion = new Duration("4m") },
                Analysis = new AnalysisSpec
                {
                    Provider = new MetricProviderSpec { PodMetrics = new PodMetricsProviderSpec { Port = 9113 } },
                    Interval = new Duration("5s"),
                    Metrics = [new MetricSpec { Name = "http-errors", Preset = "podMetrics", MaxRate = "2%", CompareWith = "Stable", MinRequests = 50 }],
                },
            },
        };
    }

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    public OperatorPolicy Policy { get; } = new();

    public EmergencyPatch Patch { get; private set; }

    public IReadOnlyList<AuditRecord> Trail => trail;

    public IReadOnlyList<StoryWorkload> World => world;

    /// <summary>The route that splits the web workload's traffic; null where the number of pods does.</summary>
    public StoryRoute? Route => web.Route;

    /// <summary>The route as its owner wrote it last, or there is none.</summary>
    public bool RouteIsTheirs => Route is not { Exists: true } route || (route.Weight is null && route.Before == theirWeight);

    /// <summary>The routes could be read when the last run ended; a run does not hang because they cannot.</summary>
    public bool EndWasSeen => rules.EndWasSeen;

    public PatchPhase Phase => PatchPhases.Parse(Patch.Status?.Phase);

    public bool IsReleased { get; private set; }

    public Plan? LastPlan { get; private set; }

    public MetricsMood Mood
    {
        get;
        set
        {
            badUntil = IsBad ? Now : badUntil;
            field = value;
        }
    }

    /// <summary>The promoted pods failed not long ago: a watch adds stretches of time up, and its last tick may find them well again.</summary>
    private bool WasBadLately => IsBad || (badUntil is { } until && until + TimeSpan.FromMinutes(5) > Now);

    private bool IsBad => Mood is MetricsMood.Bad or MetricsMood.BothTracksBad;

    public string? HeldBy { get; set; }

    /// <summary>Whether Prometheus scrapes the canary's pods, where it is what measures.</summary>
    public bool FindsPods { get; set; } = true;

    /// <summary>The patch that brought the image of the beginning; Git has heard nothing of it, unless it is adopted.</summary>
    public bool EarlierPatchExists { get; set; } = true;

    public int FailActions { get; set; }

    public int FailStatusWrites { get; set; }

    public int FailTrailWrites { get; set; }

    public CrashPoint Crash { get; set; }

    /// <summary>What was broken, in words; empty is good.</summary>
    public IReadOnlyList<string> Violations => rules.Violations;

    private static IReadOnlyList<ContainerImage> Php => [new ContainerImage { Name = "php", Image = Story.New }];

    public void ForEach(Action<StoryWorkload> change)
    {
        foreach (var workload in world)
        {
            change(workload);
        }
    }

    public void Command(string name, string reason) => commands[name] = reason;

    public void Edit(Func<EmergencyPatchSpec, EmergencyPatchSpec> change)
    {
        Patch = Patch with { Spec = change(Patch.Spec), Metadata = Patch.Metadata with { Generation = Patch.Metadata.Generation + 1 } };
        intent = null;
    }

    public void EditSteps(int count) => Edit(s => s with { Canary = s.Canary! with { Steps = Steps(count) } });

    public void MeasureByPrometheus() => Edit(s => s with
    {
        Analysis = s.Analysis! with
        {
            Provider = new MetricProviderSpec { Prometheus = new PrometheusProviderSpec { Address = "http://prometheus.monitoring:9090" } },
            Metrics = [s.Analysis.Metrics![0] with { Preset = null, Failures = """sum(failures{pod=~"{{ pods }}"})""", Total = """sum(total{pod=~"{{ pods }}"})""" }],
        },
    });

    public void SplitByRoute(TimeSpan delay)
    {
        web.Route = new StoryRoute();
        Gateway = new ModelGateway(web.Route) { Delay = delay };
        Edit(s => s with { Canary = s.Canary! with { Traffic = new TrafficSpec { HttpRoute = new NamedReference { Name = "shop" } } } });
    }

    public ModelGateway? Gateway { get; private set; }

    /// <summary>What somebody does to the route, or to the Service that it names.</summary>
    public void ChangeRoute(Action<StoryRoute> change)
    {
        if (Route is { } route)
        {
            change(route);
            Gateway!.Look(Now);
        }
    }

    /// <summary>Somebody writes the canary's weight, where the route names it: people do not invent its Service.</summary>
    public void EditWeight(int weight) => ChangeRoute(r => r.Weight = r.Weight is null ? null : weight);

    /// <summary>As a sync from Git does it: the route is what the manifest says, and that does not know the canary.</summary>
    public void ApplyRoute(int weight) => ChangeRoute(r =>
    {
        if (r.Exists)
        {
            (r.Weight, r.Before, theirWeight) = (null, weight, weight);
        }
    });

    public void MakeRoute(bool exists) => ChangeRoute(r =>
    {
        if (r.Exists && !exists)
        {
            r.Exists = false;
        }
        else if (!r.Exists && exists)
        {
            Gateway!.MakeAnew();
            r.Before = theirWeight;
        }
    });

    public void LeadRoute(bool toWorkload) => ChangeRoute(r => (r.LeadsToWorkload, r.Weight) = (toWorkload, toWorkload ? r.Weight : null));

    public void DeleteService() => ChangeRoute(r => (r.ServiceExists, r.ServiceLeadsToCanary) = (false, false));

    /// <summary>A roll-out that cannot come up leaves stable without a pod.</summary>
    public void RecreatePods(bool on) => web.StableIsRecreated = on;

    public void Delete() => Patch = Patch with { Metadata = Patch.Metadata with { DeletionTimestamp = Patch.Metadata.DeletionTimestamp ?? Now } };

    public void SetCanaryReady(bool ready) => ForEach(w =>
    {
        w.PodsBecomeReady = ready;
        for (var i = 0; i < w.CanaryPods.Count; i++)
        {
            w.CanaryPods[i] = w.CanaryPods[i] with { Ready = ready && !w.CanaryPods[i].IsShut, ContainersReadyAt = ready ? Now : null };
        }
    });

    public void OnePodFails()
    {
        if (web.CanaryPods.Count > 0)
        {
            web.CanaryPods[0] = web.CanaryPods[0] with { Ready = false, Problem = "CrashLoopBackOff: back-off 10s" };
        }
    }

    public void DropCanary()
    {
        if (web.Canary is { IsOurs: true })
        {
            web.Canary = null;
            web.CanaryPods.Clear();
        }
    }

    public void ForeignCanary() => web.Canary ??= new CanaryObservation { IsOurs = false, Replicas = 1, Source = "someone's", Images = new Dictionary<string, string>() };

    public void SetRollsOut(bool on)
    {
        rollsOut = on;
        ForEach(w =>
        {
            w.StableRollsOut = on;
            if (on && w.Stable is { } stable)
            {
                w.Stable = stable with { IsRolledOut = true, ReadyReplicas = stable.Replicas, RolloutFailure = null };
            }
        });
    }

    /// <summary>Whether somebody else chose an image, so that the workloads need not be alike in the end.</summary>
    public bool SomeoneElseChose { get; private set; }

    public void SetStableImage(string image)
    {
        SomeoneElseChose = true;
        web.SetByOthers(image, "argocd-controller");
        web.Stable = web.Stable! with { IsRolledOut = rollsOut };
    }

    /// <summary>A sync of everything at once from a Git that lags behind.</summary>
    public void Sync(string image) => ForEach(w =>
    {
        if (w.Image != image)
        {
            w.SetByOthers(image, "argocd-controller");
            w.Stable = w.Stable! with { IsRolledOut = rollsOut || w.Reference.Kind is WorkloadKind.CronJob };
        }
    });

    /// <summary>What the run sent once takes effect once more, after it was taken back.</summary>
    public void LateWrites()
    {
        if (Phase.IsRunning() || Patch.Status?.Revert is null || HeldBy is not null)
        {
            return;
        }

        foreach (var action in sent)
        {
            Do(action);
        }

        Live(TimeSpan.FromSeconds(5));
    }

    public void RunAgain()
    {
        foreach (var command in (string[])[Commands.Abort, Commands.Retry, Commands.Approve])
        {
            Command(command, "once more");
            Live(TimeSpan.FromSeconds(5));
        }
    }

    public void ScaleCanary(int replicas) => web.Canary = web.Canary is { IsOurs: true } canary ? canary with { Replicas = replicas } : web.Canary;

    public void Scale(int replicas) => web.Stable = web.Stable! with { Replicas = replicas, ReadyReplicas = Math.Min(replicas, web.Stable.ReadyReplicas), IsRolledOut = rollsOut && replicas <= web.Stable.ReadyReplicas };

    public void EditTemplate() => web.Stable = web.Stable! with { TemplateDigest = $"template-{++templates}" };

    public void RecreateStable()
    {
        SomeoneElseChose = true;
        web.Stable = web.Stable! with { Uid = $"another-{++uids}", Images = new Dictionary<string, string> { ["php"] = Story.Old } };
    }

    public void SetOldJob(bool runs)
    {
        if (runs && cron.Stable!.IsSuspended)
        {
            // Only a CronJob that is not suspended begins one.
            return;
        }

        cron.Set(runs ? [new JobObservation("magento-cron-1", new Dictionary<string, string>(cron.Stable!.Images))] : []);
    }

    /// <summary>As a replace of the resource by a manifest from Git does. What the status keeps of the trail has its limits.</summary>
    public void DropAnnotations()
    {
        commands.Clear();
        if (trail.Count < 50)
        {
            trail.Clear();
        }
    }

    /// <summary>By how much clocks of different leaders may differ in this tale.</summary>
    public TimeSpan Skew { get; private set; }

    public void SetBack(TimeSpan by)
    {
        Skew += by;
        Now -= by;
    }

    /// <summary>Time without an operator.</summary>
    public void Sleep(TimeSpan span)
    {
        Now += span;
        Settle();
    }

    /// <summary>Time with one: it decides at every wake-up and after everything that it did.</summary>
    public void Live(TimeSpan span)
    {
        var end = Now + span;
        var (rounds, idle) = (0, 0);
        var instant = Now;
        while (!IsReleased)
        {
            rounds = Now == instant ? rounds + 1 : 0;
            instant = Now;
            var outcome = Reconcile();
            idle = outcome is Outcome.Nothing && LastPlan!.WakeUpAt <= Now ? idle + 1 : 0;
            if (rounds > MostRoundsInAnInstant || idle > MostIdleRounds)
            {
                rules.Break($"the operator decided {Math.Max(rounds, idle)} times in one instant and still wants more: {Phase}, {string.Join(", ", LastPlan!.Actions)}");
                return;
            }

            var next = outcome switch
            {
                Outcome.Change => Now,
                Outcome.Failure => Earlier(LastPlan!.WakeUpAt, Now + Retry),
                Outcome.Nothing => LastPlan!.WakeUpAt ?? end,
            };

            // A gateway writes what it has followed into the route, and that wakes the operator.
            next = Gateway?.FollowsAt is { } follows && follows > Now && follows < next ? follows : next;
            next = outcome is Outcome.Change || next > Now ? next : Now + Pause;
            if (next >= end && outcome is not Outcome.Change)
            {
                break;
            }

            Now = next;
        }

        Now = end > Now ? end : Now;
        Settle();
    }

    /// <summary>One reconcile as the operator does it: status first, then the actions, then the trail.</summary>
    public Outcome Reconcile()
    {
        var before = Patch;
        var worldBefore = Fingerprint();
        intent ??= PatchIntent.From(Patch, Policy);
        var schedule = Schedule.Of(Patch, intent, Policy, Now);
        Gateway?.Look(Now);
        var observed = Observe(schedule);
        var plan = decide(Patch, intent, observed, Policy, Now);
        var decision = new Decision(before, intent, observed, plan, Now, Mood, WasBadLately);
        rules.Check(decision, decide);
        LastPlan = plan;
        if (Take(CrashPoint.BeforeTheStatusIsStored) || FailStatusWrites-- > 0)
        {
            return Outcome.Failure;
        }

        FailStatusWrites = 0;
        Patch = Patch with { Status = plan.Status };
        rules.Stored(decision);
        if (Take(CrashPoint.AfterTheStatusIsStored))
        {
            return Outcome.Change;
        }

        var failed = false;
        for (var i = 0; i < plan.Actions.Count; i++)
        {
            if (i == 1 && Take(CrashPoint.BetweenTwoActions))
            {
                return Outcome.Change;
            }

            if (FailActions > 0)
            {
                FailActions--;
                failed = true;
            }
            else
            {
                Do(plan.Actions[i]);
                Remember(plan.Actions[i]);
            }
        }

        if (Take(CrashPoint.BeforeTheTrailIsWritten) || FailTrailWrites-- > 0)
        {
            return Outcome.Failure;
        }

        FailTrailWrites = 0;
        AppendTrail();
        Gateway?.Look(Now);
        IsReleased = plan.IsReleased;
        return !Same(before.Status, plan.Status) || Fingerprint() != worldBefore ? Outcome.Change : failed ? Outcome.Failure : Outcome.Nothing;
    }

    /// <summary>Everything works again from now on.</summary>
    public void ClearUp()
    {
        FindsPods = true;
        (Mood, HeldBy, FailActions, FailStatusWrites, FailTrailWrites, Crash) = (MetricsMood.Good, null, 0, 0, 0, CrashPoint.None);
        ForEach(w => (w.TrafficIsKnown, w.WithdrawalWorks) = (true, true));
        SetCanaryReady(true);
        SetRollsOut(true);
        SetOldJob(false);
        if (Route is { } route)
        {
            (route.CanBeWritten, Gateway!.Reports) = (true, true);
            MakeRoute(exists: true);
            LeadRoute(toWorkload: true);
        }

        if (web.Canary is { IsOurs: false })
        {
            web.Canary = null;
        }

        Resume();
    }

    /// <summary>Whoever froze the run lets it go on.</summary>
    public void Resume()
    {
        commands.Remove(Commands.Suspend);
        if (Patch.Status?.Suspension is not null)
        {
            Command(Commands.Resume, "go on");
        }

        if (Patch.Spec.Suspend is true)
        {
            Edit(s => s with { Suspend = false });
        }

        commands.Remove(Commands.Revoke);
        if (Patch.Status?.Revocation is not null)
        {
            Command(Commands.Approve, "after all");
        }
    }

    public static bool Same(EmergencyPatchStatus? a, EmergencyPatchStatus? b) => Text(a) == Text(b);

    public static string Text(EmergencyPatchStatus? status) => System.Text.Json.JsonSerializer.Serialize(status, DomainJson.Default.EmergencyPatchStatus!);

    private static IReadOnlyList<CanaryStepSpec> Steps(int count) =>
        [.. new[] { ("25", 30), ("50", 60), ("75", 10) }.Take(count).Select((s, i) => new CanaryStepSpec { Weight = 25 * (i + 1), Hold = new Duration($"{s.Item2}s") })];

    private static DateTimeOffset Earlier(DateTimeOffset? a, DateTimeOffset b) => a < b ? a.Value : b;

    /// <summary>All that an action can change, for telling effect from none.</summary>
    private string Fingerprint() => string.Join("|", world.Select(w =>
        $"{w.Stable!.Images["php"]} {w.Stable.IsRolledOut} {w.Stable.IsSuspended} {w.Stable.MarkedBy} {w.Canary?.IsOurs} {w.Canary?.Replicas} {w.Canary?.Source} {string.Join(",", w.CanaryPods.Select(p => $"{p.Name}{p.Ready}{p.InRotation}"))}"))
        + $"{Route?.Exists} {Route?.Weight} {Route?.Before} {Route?.ServiceExists} {Route?.ServiceLeadsToCanary} "
        + string.Join(",", commands.Keys);

    private bool Take(CrashPoint point)
    {
        if (Crash != point)
        {
            return false;
        }

        Crash = CrashPoint.None;
        return true;
    }

    /// <summary>What goes on by itself: stable that may roll out does.</summary>
    private void Settle() => ForEach(w =>
    {
        if (rollsOut && w.Stable is { IsRolledOut: false } stable)
        {
            w.Stable = stable with { IsRolledOut = true, ReadyReplicas = stable.Replicas, RolloutFailure = null };
        }
    });

    /// <summary>The last way forward of every workload in this run.</summary>
    private void Remember(PlanAction action)
    {
        if (action is EnsureCanary or SetStableImages && Patch.Status!.Revert is null)
        {
            sent.RemoveAll(a => a.GetType() == action.GetType() && Of(a) == Of(action));
            sent.Add(action);
        }
    }

    private void AppendTrail()
    {
        var last = trail is [.., var newest] ? newest.Sequence : 0;
        trail.AddRange((Patch.Status?.Audit?.Recent ?? []).Where(r => r.Sequence > last));
    }

    private void Do(PlanAction action)
    {
        if (action is RemoveCommands remove)
        {
            foreach (var handled in remove.Handled.Where(h => commands.GetValueOrDefault(h.Name) == h.Value))
            {
                commands.Remove(handled.Name);
            }

            return;
        }

        var workload = Of(action);
        switch (action)
        {
            // As the JSON patch with tests does it: another object, or another image, and nothing is changed.
            case SetStableImages set when workload.Stable?.Uid != set.StableUid || set.Expected.Any(e => workload.Stable.Images.GetValueOrDefault(e.Container) != e.Image):
            case SuspendCronJob suspend when workload.Stable?.Uid != suspend.StableUid:
            case EnsureCanary or DeleteCanary when workload.Canary is { IsOurs: false }:
                break;
            default:
                workload.Do(action, Now);
                break;
        }
    }

    private StoryWorkload Of(PlanAction action) => action switch
    {
        EnsureCanary ensure => Named(ensure.Deployment),
        AdmitPods admit => Called(admit.Name),
        EnsureRoutes ensure => Called(ensure.Name),
        DeleteRouting delete => Called(delete.Name),
        WithdrawCanaryTraffic withdraw => Called(withdraw.Name),
        DeleteCanary delete => Named(delete.Deployment),
        SetStableImages set => Named(set.Workload.Name),
        SuspendCronJob suspend => Named(suspend.CronJob),
        ReleaseImages release => Named(release.Workload.Name),
        _ => throw new InvalidOperationException($"The model does not know {action}"),
    };

    private StoryWorkload Named(string name) => world.Single(w => w.Reference.Name == name);

    private StoryWorkload Called(string name) => Named($"magento-{name}");

    private ObservedState Observe(Schedule schedule) => new()
    {
        Workloads = world.Where(w => schedule.Workloads.Any(s => s.Workload == w.Reference)).ToDictionary(w => w.Reference, w => w.Observe(schedule.Workloads.First(s => s.Workload == w.Reference).Routing, schedule.NeedsPods([new WorkloadObservation { Canary = w.Canary }]))),
        HeldBy = HeldBy is null ? null : new HolderObservation(HeldBy, web.Reference),
        Promotions = EarlierPatchExists ? [.. world.Select(EarlierPromotion)] : [],
        Commands = new Dictionary<string, string>(commands),
        AuditedThrough = trail is [.., var last] ? last.Sequence : 0,
        Readings = schedule.Measure ? [.. intent!.Metrics.Select(m => Reading(m.Policy.Name, (Now - (Patch.Status!.Step?.CountedSince() ?? Patch.Status.Watch!.StartedAt)).TotalSeconds))] : null,
        Scraped = FindsPods ? [.. world.SelectMany(w => w.CanaryPods).Where(p => p.IsShut).Select(p => p.Name)] : [],
        Preflight = schedule.Preflight ? [.. intent!.Metrics.Select(m => Reading(m.Policy.Name, 300))] : null,
    };

    private static WorkloadStatus EarlierPromotion(StoryWorkload workload) => new()
    {
        Name = workload.Reference.Name,
        Deployment = workload.Reference.Kind is WorkloadKind.Deployment ? workload.Reference.Name : null,
        CronJob = workload.Reference.Kind is WorkloadKind.CronJob ? workload.Reference.Name : null,
        PreviousImages = [new ImageRecord { Container = "php", Image = Older }],
        PatchedImages = [new ImageRecord { Container = "php", Image = Story.Old }],
        PatchedAt = new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero),
    };

    private MetricReading Reading(string metric, double seconds)
    {
        var total = Math.Floor(20 * Math.Max(0, seconds));
        var (canary, stable) = Mood switch
        {
            MetricsMood.Good => (Counts(0, total), Counts(0, 4 * total)),
            MetricsMood.Bad => (Counts(Math.Floor(total * 0.3), total), Counts(0, 4 * total)),
            MetricsMood.BothTracksBad => (Counts(Math.Floor(total * 0.3), total), Counts(Math.Floor(total * 1.2), 4 * total)),
            MetricsMood.NotANumber => (Counts(double.NaN, total), Counts(0, 4 * total)),
            MetricsMood.Infinite => (Counts(0, double.PositiveInfinity), Counts(0, 4 * total)),
            MetricsMood.Negative => (Counts(-1, total), Counts(0, 4 * total)),
            MetricsMood.TooFew => (Counts(0, Math.Min(total, 49)), Counts(0, 4 * total)),
            MetricsMood.Nothing => (new TrackReading.NoData("no series"), new TrackReading.NoData("no series")),
            MetricsMood.StandingStill => (Counts(0, 500), Counts(0, 2000)),
            MetricsMood.Unreachable => (new TrackReading.Failed("connection refused", Terminal: false), new TrackReading.Failed("connection refused", Terminal: false)),
            MetricsMood.QueryRejected => (new TrackReading.Failed("parse error", Terminal: true), (TrackReading)new TrackReading.Failed("parse error", Terminal: true)),
        };
        return new MetricReading { Metric = metric, Canary = canary, Stable = Phase is PatchPhase.Promoted ? canary : stable, SampledAt = Now, CanaryQuery = "http_requests_total" };
    }

    private static TrackReading Counts(double failures, double total) => new TrackReading.Counts(failures, total);
}

internal enum Outcome
{
    /// <summary>Status or world differ: an event wakes the operator at once.</summary>
    Change,

    /// <summary>Something did not go through and is tried again.</summary>
    Failure,

    Nothing,
}

/// <summary>One decision and all that it was made from.</summary>
internal sealed record Decision(EmergencyPatch Before, PatchIntent Intent, ObservedState Observed, Plan Plan, DateTimeOffset Now, MetricsMood Mood, bool WasBadLately);

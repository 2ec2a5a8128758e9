using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Notifications;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>A small world around the decider: it stores statuses and does actions at once, unless a test takes over.</summary>
internal sealed class Story
{
    public const string Old = "registry.example.com/magento@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    public const string New = "registry.example.com/magento@sha256:2222222222222222222222222222222222222222222222222222222222222222";
    public const string Third = "registry.example.com/magento@sha256:3333333333333333333333333333333333333333333333333333333333333333";

    private readonly List<SetStableImages> imagesSet = [];
    private readonly Dictionary<string, string> commands = new(StringComparer.Ordinal);
    private long audited;
    private SeriesPoint watched;
    private DateTimeOffset? watchedAt;
    private TimeSpan behind;
    private bool isMeasuring;
    private bool isTrying;

    /// <summary>Annotations with recorded facts, where admission control is on.</summary>
    public Dictionary<string, string> Facts { get; } = new(StringComparer.Ordinal);

    public FactKeys Keys { get; set; } = FactKeys.None;

    /// <summary>What is found of the trail; null when nobody looks.</summary>
    public AuditObservation? Audit { get; set; }

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    public OperatorPolicy Policy { get; set; } = new();

    /// <summary>How notifications ended.</summary>
    public List<DeliveryOutcome> Delivered { get; } = [];

    public Story() => World.Add(Web);

    public EmergencyPatch Patch { get; set; } = new()
    {
        Metadata = new ObjectMeta { Name = "cve-2025-54236", Namespace = "shop", Uid = "patch-uid", ResourceVersion = "1", Generation = 1 },
        Spec = new EmergencyPatchSpec
        {
            Workloads = [new WorkloadSpec { Name = "web", Deployment = "magento-web", Containers = [new ContainerImage { Name = "php", Image = New }] }],
            Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("30s") }, new CanaryStepSpec { Weight = 50, Hold = new Duration("60s") }] },
            Analysis = new AnalysisSpec
            {
                Provider = new MetricProviderSpec { PodMetrics = new PodMetricsProviderSpec { Port = 9113 } },
                Interval = new Duration("5s"),
                Metrics = [new MetricSpec { Name = "http-errors", Preset = "podMetrics", MaxRate = "2%", CompareWith = "Stable", MinRequests = 50 }],
            },
        },
    };

    public StoryWorkload Web { get; } = new(new WorkloadRef(WorkloadKind.Deployment, "magento-web"));

    /// <summary>The world; the workload that the spec names from the start is in it.</summary>
    public List<StoryWorkload> World { get; } = [];

    public StableObservation? Stable
    {
        get => Web.Stable;
        set => Web.Stable = value;
    }

    public CanaryObservation? Canary => Web.Canary;

    public List<PodObservation> CanaryPods => Web.CanaryPods;

    /// <summary>Failed share of the canary's requests.</summary>
    public double CanaryErrorRate { get; set; }

    public double StableErrorRate { get; set; }

    public double CanaryRequestsPerSecond { get; set; } = 20;

    public TrackReading? CanaryReading { get; set; }

    /// <summary>Of the watch after the promotion.</summary>
    public TrackReading? StableReading { get; set; }

    /// <summary>Whether Prometheus has found the canary's pods.</summary>
    public bool IsScraped { get; set; } = true;

    public bool PodsBecomeReady
    {
        set => Web.PodsBecomeReady = value;
    }

    public bool StableRollsOut
    {
        set => Web.StableRollsOut = value;
    }

    public bool WithdrawalWorks
    {
        set => Web.WithdrawalWorks = value;
    }

    public bool TrafficIsKnown
    {
        set => Web.TrafficIsKnown = value;
    }

    /// <summary>What the API server says to every action.</summary>
    public string? ActionProblem { get; set; }

    /// <summary>Actions that the API server refuses.</summary>
    public Func<PlanAction, bool> Refused { get; set; } = _ => false;

    /// <summary>A status that is stored is answered to nobody: nothing of the plan is done.</summary>
    public bool AnswersAreLost { get; set; }

    /// <summary>When the process that looks on began to.</summary>
    public DateTimeOffset? LookingSince { get; set; }

    public string? HeldBy { get; set; }

    public Dictionary<string, NeighbourObservation> Neighbours { get; } = new(StringComparer.Ordinal);

    /// <summary>What other patches have promoted.</summary>
    public List<WorkloadStatus> Promotions { get; } = [];

    public string? SupersededBy { get; set; }

    /// <summary>What is found out about modules, where they are to be checked.</summary>
    public Func<PatchIntent, CompatibilityObservation?>? Modules { get; set; }

    public List<PlanAction> Done { get; } = [];

    public List<Notice> Notices { get; } = [];

    public List<string> Phases { get; } = [];

    public Plan? LastPlan { get; private set; }

    public EmergencyPatchStatus Status => Patch.Status!;

    public PatchPhase Phase => PatchPhases.Parse(Patch.Status?.Phase);

    public IEnumerable<AuditRecord> Trail => trail;

    private readonly List<AuditRecord> trail = [];

    public Condition Condition(string type) => Status.Conditions!.Single(c => c.Type == type);

    public void Command(string name, string reason) => commands[name] = reason;

    public void Edit(Func<EmergencyPatchSpec, EmergencyPatchSpec> change) =>
        Patch = Patch with { Spec = change(Patch.Spec), Metadata = Patch.Metadata with { Generation = Patch.Metadata.Generation + 1 } };

    public void Delete() => Patch = Patch with { Metadata = Patch.Metadata with { DeletionTimestamp = Now } };

    public void Wait(TimeSpan span) => Now += span;

    /// <summary>The wall's; what counts requests goes on as before.</summary>
    public void SetClockBack(TimeSpan span)
    {
        Now -= span;
        behind += span;
    }

    /// <summary>One reconcile. Returns the plan after its status was stored and its actions were done.</summary>
    public Plan Reconcile()
    {
        var intent = PatchIntent.From(Patch, Policy);
        var schedule = Schedule.Of(Patch, intent, Policy, Now);
        var plan = RolloutDecider.Decide(Patch, intent, Observe(intent, schedule), Policy, Now);
        LastPlan = plan;
        Patch = Patch with { Status = plan.Status };
        if (Phases.LastOrDefault() != plan.Status.Phase)
        {
            Phases.Add(plan.Status.Phase!);
        }

        Notices.AddRange(plan.Notices);
        foreach (var record in plan.Status.Audit?.Recent ?? [])
        {
            if (record.Sequence > audited)
            {
                trail.Add(record);
                audited = record.Sequence;
            }
        }

        foreach (var action in AnswersAreLost ? [] : plan.Actions)
        {
            Do(action);
        }

        return plan;
    }

    /// <summary>Reconciles at every wake-up until the phase is reached or the time is over.</summary>
    public void RunUntil(PatchPhase phase, TimeSpan atMost) => RunUntil(() => Phase == phase, atMost);

    public void RunUntil(Func<bool> reached, TimeSpan atMost)
    {
        var end = Now + atMost;
        for (var i = 0; i < 100_000; i++)
        {
            var plan = Reconcile();
            if (reached())
            {
                return;
            }

            Now = Next(plan);
            if (Now > end)
            {
                break;
            }
        }

        Assert.Fail($"Not reached by {Now:T}: phase {Phase}, {Patch.Status?.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)}; phases {string.Join(" > ", Phases)}");
    }

    /// <summary>Until the second comes true, or it fails because the first has.</summary>
    public void RunUntil(Func<bool> never, TimeSpan atMost, Func<bool> orUntil) => RunUntil(
        () =>
        {
            Assert.False(never());
            return orUntil();
        },
        atMost);

    /// <summary>When the operator would look again: at once after an action, for the world answers with an event.</summary>
    public DateTimeOffset Next(Plan plan) => plan.WakeUpAt is { } at && at > Now && plan.Actions.Count == 0 ? at : Now + TimeSpan.FromMilliseconds(50);

    public void Approve()
    {
        RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Command(Commands.Approve, "CHG-20871");
    }

    public void StartCanary()
    {
        Approve();
        RunUntil(() => Phase is PatchPhase.Progressing && Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
    }

    /// <summary>A reconcile that starts a measurement has no numbers yet, and a later one has, as in the operator.</summary>
    public bool MeasurementsTakeARound { get; set; }

    /// <summary>Time goes by, and nobody looks.</summary>
    public void Pass(TimeSpan span) => Now += span;

    private bool IsMeasured(Schedule schedule)
    {
        isMeasuring = schedule.Measure && MeasurementsTakeARound && !isMeasuring;
        return schedule.Measure && !isMeasuring;
    }

    /// <summary>The try before the start, which takes a round of its own like any other measurement.</summary>
    private bool IsTried(Schedule schedule)
    {
        isTrying = schedule.Preflight && MeasurementsTakeARound && !isTrying;
        return schedule.Preflight && !isTrying;
    }

    /// <summary>What the source says to the try before the start; counts by default.</summary>
    public TrackReading? PreflightReading { get; set; }

    private ObservedState Observe(PatchIntent intent, Schedule schedule) => new()
    {
        Workloads = World.Where(w => schedule.Workloads.Any(s => s.Workload == w.Reference)).ToDictionary(w => w.Reference, w => w.Observe(schedule.Workloads.First(s => s.Workload == w.Reference).Routing, schedule.NeedsPods([new WorkloadObservation { Canary = w.Canary }]))),
        HeldBy = HeldBy is null ? null : new HolderObservation(HeldBy, Web.Reference),
        ActionProblem = ActionProblem,
        ImagesSet = [.. imagesSet],
        LookingSince = LookingSince,
        Neighbours = Neighbours,
        Promotions = [.. Promotions],
        SupersededBy = SupersededBy,
        Compatibility = schedule.CheckCompatibility ? Modules?.Invoke(intent) : null,
        Commands = new Dictionary<string, string>(commands),
        Facts = new Dictionary<string, string>(Facts),
        Keys = Keys,
        AuditedThrough = audited,
        Audit = Audit,
        Delivered = [.. Delivered],
        Readings = IsMeasured(schedule) ? [.. intent.Metrics.Select(m => Reading(m.Policy.Name))] : null,
        IsMeasuring = isMeasuring || isTrying,
        Scraped = [.. World.SelectMany(w => w.CanaryPods).Where(p => p.IsShut && IsScraped).Select(p => p.Name)],
        Preflight = IsTried(schedule) ? [.. intent.Metrics.Select(m => Reading(m.Policy.Name, preflight: true))] : null,
    };

    private MetricReading Reading(string metric, bool preflight = false)
    {
        if (!preflight && PatchPhases.Parse(Status.Phase) is PatchPhase.Promoted)
        {
            return Watched(metric);
        }

        var seconds = preflight ? 300 : (Now + behind - Status.Step!.CountedSince()!.Value).TotalSeconds;
        var total = Math.Floor(CanaryRequestsPerSecond * seconds);
        return new MetricReading
        {
            Metric = metric,
            Canary = (preflight ? PreflightReading : CanaryReading) ?? CanaryReading ?? new TrackReading.Counts(Math.Floor(total * CanaryErrorRate), total),
            Stable = new TrackReading.Counts(Math.Floor(4 * total * StableErrorRate), 4 * total),
            SampledAt = Now,
            CanaryQuery = "http_requests_total{status=~\"5..\"}",
        };
    }

    /// <summary>Requests of the patched stable since the watch began; what a test set for a while counts for that while.</summary>
    private MetricReading Watched(string metric)
    {
        var watch = Status.Watch!;
        var from = watchedAt is { } last && last >= watch.StartedAt ? last : watch.StartedAt;
        var added = 4 * CanaryRequestsPerSecond * (Now - from).TotalSeconds;
        watched = (from == watch.StartedAt ? default : watched) + new SeriesPoint(added * CanaryErrorRate, added);
        watchedAt = Now;
        return new MetricReading
        {
            Metric = metric,
            Canary = new TrackReading.NoData("the canary has no pods"),
            Stable = StableReading ?? new TrackReading.Counts(Math.Floor(watched.Failures), Math.Floor(watched.Total)),
            SampledAt = Now,
            CanaryQuery = "",
            StableQuery = "http_requests_total{status=~\"5..\"}",
        };
    }

    private void Do(PlanAction action)
    {
        Done.Add(action);
        if (action is SetStableImages set)
        {
            imagesSet.RemoveAll(s => s.Workload == set.Workload);
            imagesSet.AddRange(Refused(action) ? [] : [set]);
        }

        if (Refused(action))
        {
            return;
        }

        if (action is RemoveCommands remove)
        {
            foreach (var handled in remove.Handled)
            {
                commands.Remove(handled.Name);
            }
        }
        else if (action is RemoveFacts facts)
        {
            foreach (var name in facts.Annotations)
            {
                Facts.Remove(name);
            }
        }
        else
        {
            Workload(action).Do(action, Now);
        }
    }

    private StoryWorkload Workload(PlanAction action) => action switch
    {
        EnsureCanary ensure => Named(WorkloadKind.Deployment, ensure.Deployment),
        AdmitPods admit => Of(admit.Name),
        WithdrawCanaryTraffic withdraw => Of(withdraw.Name),
        EnsureRoutes ensure => Of(ensure.Name),
        DeleteRouting delete => Of(delete.Name),
        DeleteCanary delete => Named(WorkloadKind.Deployment, delete.Deployment),
        SetStableImages set => Named(set.Workload.Kind, set.Workload.Name),
        ReleaseImages release => Named(release.Workload.Kind, release.Workload.Name),
        SuspendCronJob suspend => Named(WorkloadKind.CronJob, suspend.CronJob),
        EndJob end => Named(WorkloadKind.CronJob, end.CronJob),
        ReplacePods replace => Named(WorkloadKind.StatefulSet, replace.StatefulSet),
        _ => throw new InvalidOperationException(action.ToString()),
    };

    private StoryWorkload Named(WorkloadKind kind, string name) => World.Single(w => w.Reference == new WorkloadRef(kind, name));

    private StoryWorkload Of(string name) => Status.Workloads!.Single(w => w.Name == name).Target() is var target ? Named(target.Kind, target.Name) : Web;

    /// <summary>Looks on for a while.</summary>
    public void RunFor(TimeSpan span, TimeSpan? step = null)
    {
        var end = Now + span;
        while (Now < end)
        {
            var plan = Reconcile();
            var next = step is { } fixedStep ? Now + fixedStep : plan.WakeUpAt is null ? Now + TimeSpan.FromSeconds(1) : Next(plan);
            Wait((next < end ? next : end) - Now);
        }
    }
}

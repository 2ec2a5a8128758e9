using System.Globalization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Rollout;

/// <summary>A spec after validation, with every default filled in. Made once per generation, not once per decision.</summary>
public sealed record PatchIntent
{
    /// <summary>What the operator's rules have against the spec now. Nothing starts with any; what was accepted before goes on, as far as it <see cref="CanRun"/>.</summary>
    public required IReadOnlyList<SpecProblem> Problems { get; init; }

    /// <summary>False when the spec says too little, or nothing that these rules can read, of what to patch, in which steps, and by which evidence. Then none of these is here.</summary>
    public bool CanRun => Workloads.Count > 0 && Steps.Count > 0 && Metrics.Count > 0;

    public required string Digest { get; init; }

    public required bool Suspended { get; init; }

    public IReadOnlyList<WorkloadIntent> Workloads { get; init; } = [];

    /// <summary>Whose metrics decide: the canaries that answer requests, and where there are none, the consumers'.</summary>
    public IEnumerable<WorkloadIntent> Judged =>
        Workloads.Where(w => w.HasCanary && (w.Role is WorkloadRole.Web || !Workloads.Any(other => other is { HasCanary: true, Role: WorkloadRole.Web })));

    /// <summary>Roles in the order of promotion; a revert goes the other way.</summary>
    public IReadOnlyList<WorkloadRole> Order { get; init; } = Rollout.Workloads.DefaultOrder;

    /// <summary>Patches that must be promoted before this one starts.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Patches that must have ended before this one starts.</summary>
    public IReadOnlyList<string> Supersedes { get; init; } = [];

    public IReadOnlyList<StepIntent> Steps { get; init; } = [];

    public TrafficIntent Traffic { get; init; } = new();

    /// <summary>The smallest share, above none, that the canary will get.</summary>
    public int LowestWeight => Steps.Select(s => s.Weight).Where(w => w > 0).DefaultIfEmpty(1).Min();

    /// <summary>Only requests go through routes; a consumer takes its messages itself.</summary>
    public bool IsRouted(WorkloadIntent workload) => Traffic.Routes.Count > 0 && workload is { HasCanary: true, Role: WorkloadRole.Web };

    /// <summary>The routes of a workload, before anything is saved of them.</summary>
    public IReadOnlyList<RouteStatus> RoutesOf(WorkloadIntent workload) =>
    [
        .. Traffic.Routes.Select(r => new RouteStatus
        {
            Kind = r.Kind.ToString(),
            Name = r.Name,
            Canary = r.Kind is not RouteKind.Ingress ? null : Workloads.Count(IsRouted) > 1 ? $"{r.Name}-{workload.Name}{Names.CanarySuffix}" : r.Name + Names.CanarySuffix,
        }),
    ];

    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    public IReadOnlyList<MetricIntent> Metrics { get; init; } = [];

    /// <summary>
    /// A canary's pods get requests only when Prometheus has scraped them: it counts by pod, and nothing else looks at them. Pods' own metrics need no discovery.
    /// </summary>
    public bool ScrapesFirst { get; init; }

    /// <summary>How long the patched workloads are measured after the promotion; zero for not at all.</summary>
    public TimeSpan WatchAfterPromotion { get; init; }

    public int ApprovalsRequired { get; init; } = 1;

    /// <summary>At least one approval comes from here, where there are any.</summary>
    public IReadOnlyList<string> Accountable { get; init; } = [];

    /// <summary>An approval that is withdrawn in mid-run takes the run back instead of holding it.</summary>
    public bool RevertOnRevoke { get; init; }

    public TimeSpan ApprovalExpiresAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Receivers that are told before people decide.</summary>
    public IReadOnlyList<string> Consulted { get; init; } = [];

    /// <summary>Receivers that are told what happens.</summary>
    public IReadOnlyList<string> Informed { get; init; } = [];

    /// <summary>Whom to tell while approvals stay away, in this order.</summary>
    public IReadOnlyList<EscalationIntent> Escalation { get; init; } = [];

    /// <summary>Null when modules are not checked.</summary>
    public CompatibilitySpec? Compatibility { get; init; }

    public DateTimeOffset? RemediateBy { get; init; }

    /// <summary>After the promotion the patched images are kept until Git names them.</summary>
    public bool HoldUntilAdopted { get; init; }

    public static PatchIntent From(EmergencyPatch patch, OperatorPolicy policy)
    {
        var spec = patch.Spec;
        var problems = SpecValidator.Validate(patch, policy.Validation);
        var intent = new PatchIntent
        {
            Problems = problems,
            Digest = SpecDigest.Of(spec),
            Suspended = spec.Suspend ?? false,
            RemediateBy = Deadline(spec.Advisory, policy),
            HoldUntilAdopted = spec.Promotion?.Hold == "UntilAdopted",
        };
        if (problems.Count > 0 && !SpecReading.IsPossible(spec))
        {
            return intent;
        }

        var steps = spec.Canary!.Steps!;
        return intent with
        {
            Workloads = [.. spec.Workloads!.Select(WorkloadIntent.From)],
            Order = spec.Promotion?.Order is { Count: > 0 } order ? [.. order.Select(Rollout.Workloads.RoleOf)] : Rollout.Workloads.DefaultOrder,
            Requires = spec.Requires ?? [],
            Supersedes = spec.Supersedes ?? [],
            Steps = [.. steps.Select(s => new StepIntent(s.Weight, s.Hold.OrElse(TimeSpan.Zero), s.Approval ?? false, s.PassEarly ?? false))],
            Traffic = TrafficIntent.From(spec.Canary),
            ProgressDeadline = spec.Canary.ProgressDeadline.OrElse(TimeSpan.FromMinutes(10)),
            Interval = spec.Analysis!.Interval.OrElse(TimeSpan.FromSeconds(15)),
            Metrics = [.. spec.Analysis.Metrics!.Select(m => MetricIntent.From(m, spec.Analysis))],
            ScrapesFirst = spec.Analysis.Provider is { Prometheus: not null, PodMetrics: null } && spec.Analysis.Metrics!.Any(m => MetricQueries.Of(m, spec.Analysis).CountsByPod),
            Compatibility = spec.Compatibility is { Mode: "Enforce" or "Warn" } checkedFor ? checkedFor : null,
            // A first step that wants an approval is a start that wants one.
            ApprovalsRequired = Math.Max(spec.Approval?.Required ?? 1, steps[0].Approval is true ? 1 : 0),
            Accountable = spec.Approval?.Accountable ?? [],
            RevertOnRevoke = spec.Approval?.OnRevoke == "Revert",
            Consulted = spec.Approval?.Consulted ?? [],
            Informed = spec.Approval?.Informed ?? [],
            Escalation = [.. (spec.Approval?.Escalation ?? []).Select(t => new EscalationIntent(t.After.OrElse(TimeSpan.Zero), t.Notify ?? [])).OrderBy(t => t.After)],
            WatchAfterPromotion = (spec.Revert?.WatchAfterPromotion).OrElse(TimeSpan.Zero),
            ApprovalExpiresAfter = (spec.Approval?.ExpiresAfter).OrElse(TimeSpan.FromHours(24)),
        };
    }

    private static DateTimeOffset? Deadline(Advisory? advisory, OperatorPolicy policy)
    {
        if (Time(advisory?.RemediateBy) is { } given)
        {
            return given;
        }

        return Time(advisory?.DisclosedAt) is { } disclosed && advisory!.Severity is { } severity && policy.DeadlineBySeverity.TryGetValue(severity, out var within)
            ? disclosed + within
            : null;
    }

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : null;
}

/// <param name="Weight">Percent of the traffic.</param>
/// <param name="Hold">How long the step lasts at least.</param>
/// <param name="Approval">People must agree before it begins.</param>
/// <param name="PassEarly">Whether proof that the canary is fine ends it before.</param>
public sealed record StepIntent(int Weight, TimeSpan Hold, bool Approval = false, bool PassEarly = false);

/// <param name="After">Since when approvals are waited for.</param>
/// <param name="Notify">Receivers.</param>
public sealed record EscalationIntent(TimeSpan After, IReadOnlyList<string> Notify);

/// <summary>One metric: what to ask for and how to judge the answer.</summary>
public sealed record MetricIntent
{
    public required MetricPolicy Policy { get; init; }

    public required MetricQueries Queries { get; init; }

    /// <param name="spec">A metric that has passed validation.</param>
    /// <param name="analysis">What it is part of.</param>
    public static MetricIntent From(MetricSpec spec, AnalysisSpec analysis)
    {
        // The comparisons of a run share its false alarms (a union bound); the evidence of each goes on from step to step.
        var comparisons = Math.Max(1, analysis.Metrics?.Count(m => m.CompareWith == "Stable") ?? 1);
        var policy = new MetricPolicy
        {
            Name = spec.Name!,
            MaxRate = Percent.TryParse(spec.MaxRate, out var rate) ? rate : null,
            CompareWithStable = spec.CompareWith == "Stable",
            Gauge = GaugeOf(spec.Gauge),
            MinRequests = spec.MinRequests ?? 50,
            OnNoData = spec.OnNoData == "Fail" ? DataPolicy.Fail : DataPolicy.Hold,
            OnError = spec.OnError == "Fail" ? DataPolicy.Fail : DataPolicy.Hold,
            StaleAfter = spec.StaleAfter.OrElse(TimeSpan.FromMinutes(1)),
            FalseRevertRate = Share(analysis.FalseRevertRate, MetricPolicy.UsualFalseRevertRate) / comparisons,
            WorthCatching = Share(spec.WorthCatching ?? analysis.WorthCatching, MetricPolicy.UsualWorthCatching),
        };
        return new MetricIntent
        {
            Policy = policy,
            Queries = MetricQueries.Of(spec, analysis),
        };
    }

    private static GaugePolicy? GaugeOf(GaugeSpec? spec) => spec is null ? null : new GaugePolicy
    {
        Max = Decimals.Read(spec.Max),
        Min = Decimals.Read(spec.Min),
        Tolerance = Percent.TryParse(spec.Tolerance, out var tolerance) ? tolerance : null,
        LowerIsWorse = spec.Worse == "Lower",
        InARow = spec.InARow ?? 3,
    };

    private static double Share(string? text, double usual) => Percent.TryParse(text, out var share) ? share : usual;
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout.Phases;

namespace PatchOperator.Domain.Rollout;

/// <param name="Name">What the patch calls it.</param>
/// <param name="Workload">What to read.</param>
/// <param name="Images">The containers that the patch changes, with their patched images.</param>
/// <param name="HasCanary">Whether there may be a canary to read, too.</param>
/// <param name="IsJudged">Whether its pods' metrics decide.</param>
/// <param name="Routing">The routes that split its traffic; null where the number of pods does.</param>
public sealed record ScheduledWorkload(string Name, WorkloadRef Workload, IReadOnlyList<ImageRecord> Images, bool HasCanary, bool IsJudged, ScheduledRouting? Routing = null);

/// <param name="Routes">Which, and what is saved of them.</param>
/// <param name="Weight">What they are to give the canary; null before anything was asked of them.</param>
/// <param name="Preview">Whose requests reach it in any case.</param>
/// <param name="LowestWeight">The smallest share, above none, that they will be asked for.</param>
public sealed record ScheduledRouting(IReadOnlyList<RouteStatus> Routes, int? Weight, PreviewIntent? Preview, int LowestWeight);

/// <summary>What must be read for the next decision.</summary>
public sealed record Schedule
{
    /// <summary>When to look again at what should wake the patch by itself, in case it does not.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>The workloads that the decision is about; none when the spec names none.</summary>
    public required IReadOnlyList<ScheduledWorkload> Workloads { get; init; }

    /// <summary>Pods, endpoints and routes matter while a run owns something in the cluster, and to a try before the start: it is stable's pods that are asked, and routes that split their traffic.</summary>
    public required bool ReadPods { get; init; }

    public required bool Measure { get; init; }

    /// <summary>Measurements are part of what goes on, whether or not one is due now: what measures between the ticks may go on.</summary>
    public required bool IsMeasured { get; init; }

    /// <summary>Workloads of whose images it matters who owns them, with those that are held.</summary>
    public required IReadOnlyList<ScheduledWorkload> Held { get; init; }

    /// <summary>The run was taken back: of a workload with its mark it matters who owns the images, too.</summary>
    public bool IsTakenBack { get; init; }

    /// <summary>Who changed what a run keeps as it is goes on record.</summary>
    public bool NameDrift { get; init; }

    public required bool Preflight { get; init; }

    /// <summary>Modules decide before the start and not after it.</summary>
    public bool CheckCompatibility { get; init; }

    /// <summary>What is due now. Nothing that could fail is read for a revert: nothing may block it.</summary>
    public static Schedule Of(EmergencyPatch patch, PatchIntent intent, OperatorPolicy policy, DateTimeOffset now)
    {
        var status = patch.Status;
        var phase = PatchPhases.Parse(status?.Phase);
        var valid = intent.Problems.Count == 0 && !patch.Metadata.IsTerminating;
        var isMeasured = intent.CanRun && !patch.Metadata.IsTerminating && status?.SpecDigest == intent.Digest && !AbortIsAsked(patch) && IsWatched(status, phase);
        var preflight = valid && PreflightIsDue(status, phase, intent, policy, now);
        return new Schedule
        {
            Workloads = [.. (phase.IsRunning() ? [] : Wanted(intent)).Concat(Saved(status, intent)).DistinctBy(w => w.Workload)],
            ReadPods = preflight || phase.IsRunning() || PromotionWatch.IsOn(status) || patch.Metadata.IsTerminating || (status?.Workloads ?? []).Any(w => w.DriftedAt is not null || w.WasSuspended is not null) || RoutesMatterForTheStart(status, phase, intent, now),
            IsMeasured = isMeasured,
            Measure = isMeasured && NextMeasurement(status!, intent, now) <= now,
            CheckCompatibility = valid && intent.Compatibility is not null && CompatibilityReview.IsBeforeStart(phase),
            Held = ((phase is PatchPhase.Promoted && intent.HoldUntilAdopted) || ImageHold.IsKeptOver(status)) && (status?.Workloads ?? []).Any(w => w.ReleasedAt is null) ? [.. Saved(status, intent)] : [],
            IsTakenBack = status?.Revert is not null && !phase.IsRunning(),
            NameDrift = Drift.Matters(status) && !patch.Metadata.IsTerminating && !AbortIsAsked(patch),
            Preflight = preflight,
        };
    }

    /// <summary>A canary that is there after the end gives its traffic back before it goes.</summary>
    public bool NeedsPods(IEnumerable<WorkloadObservation> seen) => ReadPods || seen.Any(w => w.Canary is { IsOurs: true });

    /// <summary>What a run began with, or a promotion changed, whatever the spec says by now.</summary>
    private static IEnumerable<ScheduledWorkload> Saved(EmergencyPatchStatus? status, PatchIntent intent) =>
        (status?.Workloads ?? []).Select(w => new Target(w, WorkloadObservation.Missing))
            .Select(t => new ScheduledWorkload(t.Name, t.Workload, t.Patched, t.HasCanary, IsJudged(intent, t.Name), Routing(status!, t.Status, intent)));

    private static IEnumerable<ScheduledWorkload> Wanted(PatchIntent intent) =>
        intent.Workloads.Select(w => new ScheduledWorkload(w.Name, w.Target, w.Images, w.HasCanary, IsJudged(intent, w.Name), Routing(w, intent)));

    private static ScheduledRouting? Routing(EmergencyPatchStatus status, WorkloadStatus workload, PatchIntent intent) => workload.Routes is { Count: > 0 } routes
        ? new ScheduledRouting(routes, status.Step.WeightOf(workload), intent.Traffic.Preview, intent.LowestWeight)
        : null;

    private static ScheduledRouting? Routing(WorkloadIntent workload, PatchIntent intent) => intent.IsRouted(workload)
        ? new ScheduledRouting(intent.RoutesOf(workload), null, intent.Traffic.Preview, intent.LowestWeight)
        : null;

    private static bool RoutesMatterForTheStart(EmergencyPatchStatus? status, PatchPhase phase, PatchIntent intent, DateTimeOffset now) =>
        phase is PatchPhase.AwaitingApproval && intent.Traffic.Routes.Count > 0 && ApprovalBook.MayStart(status, intent, now);

    private static bool IsWatched(EmergencyPatchStatus? status, PatchPhase phase) =>
        phase is PatchPhase.Progressing or PatchPhase.Paused || PromotionWatch.IsOn(status) || CanaryGuard.IsOn(status);

    private static bool IsJudged(PatchIntent intent, string workload) => intent.Judged.Any(w => w.Name == workload);

    /// <summary>Who wants out does not wait for a slow metrics server first.</summary>
    private static bool AbortIsAsked(EmergencyPatch patch) => patch.Metadata.Annotations is { } annotations
        && (annotations.ContainsKey(Annotations.CommandPrefix + Commands.Abort) || annotations.ContainsKey(Annotations.CommandPrefix + Commands.Revert));

    /// <summary>The first measurement is made as soon as a canary can get requests, and again when the step's traffic is in place, which gives counters their base line; the others follow the interval.</summary>
    /// <remarks>A wall clock that went back, or another leader's that is behind, stops no measuring: what seems to lie ahead is due.</remarks>
    public static DateTimeOffset NextMeasurement(EmergencyPatchStatus status, PatchIntent intent, DateTimeOffset now)
    {
        if (PromotionWatch.IsOn(status))
        {
            return After(status.Watch!.MeasuredAt, status.Watch.StartedAt);
        }

        if (status.Step?.CountedSince() is not { } since)
        {
            return DateTimeOffset.MaxValue;
        }

        var last = status.Analysis is { Count: > 0 } metrics ? metrics.Max(m => m.SampledAt) : null;
        return After(last, since);

        DateTimeOffset After(DateTimeOffset? last, DateTimeOffset first) => (last ?? first) > now ? now : last is { } at ? at + intent.Interval : first;
    }

    private static bool PreflightIsDue(EmergencyPatchStatus? status, PatchPhase phase, PatchIntent intent, OperatorPolicy policy, DateTimeOffset now)
    {
        if (status?.Timings?.RetryAt is { } retryAt && retryAt > now && status.SpecDigest == intent.Digest)
        {
            return false;
        }

        return phase switch
        {
            PatchPhase.Pending or PatchPhase.Blocked => true,
            PatchPhase.AwaitingApproval => (status?.SpecDigest != intent.Digest || ApprovalBook.MayStart(status, intent, now))
                && !(status?.Timings?.PreflightAt + policy.PreflightValidity > now),
            PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting or PatchPhase.Promoted or PatchPhase.Closed
                or PatchPhase.Reverting or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded or PatchPhase.Degraded => false,
        };
    }
}

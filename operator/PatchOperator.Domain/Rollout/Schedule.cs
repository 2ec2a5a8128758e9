using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <param name="Name">What the patch calls it.</param>
/// <param name="Workload">What to read.</param>
/// <param name="Images">The containers that the patch changes, with their patched images.</param>
/// <param name="HasCanary">Whether there may be a canary to read, too.</param>
/// <param name="IsJudged">Whether its pods' metrics decide.</param>
public sealed record ScheduledWorkload(string Name, WorkloadRef Workload, IReadOnlyList<ImageRecord> Images, bool HasCanary, bool IsJudged);

/// <summary>What must be read for the next decision.</summary>
public sealed record Schedule
{
    /// <summary>The workloads that the decision is about; none when the spec names none.</summary>
    public required IReadOnlyList<ScheduledWorkload> Workloads { get; init; }

    /// <summary>Pods and endpoints matter only while a run owns something in the cluster.</summary>
    public required bool ReadPods { get; init; }

    public required bool Measure { get; init; }

    public required bool Preflight { get; init; }

    /// <summary>Modules decide before the start and not after it.</summary>
    public bool CheckCompatibility { get; init; }

    /// <summary>What is due now. Nothing that could fail is read for a revert: nothing may block it.</summary>
    public static Schedule Of(EmergencyPatch patch, PatchIntent intent, OperatorPolicy policy, DateTimeOffset now)
    {
        var status = patch.Status;
        var phase = PatchPhases.Parse(status?.Phase);
        var valid = intent.Problems.Count == 0 && !patch.Metadata.IsTerminating;
        var sameSpec = status?.SpecDigest == intent.Digest;
        return new Schedule
        {
            Workloads = phase.IsRunning() && status?.Workloads is { Count: > 0 } begun
                ? [.. begun.Select(w => new Target(w, WorkloadObservation.Missing)).Select(t => new ScheduledWorkload(t.Name, t.Workload, t.Patched, t.HasCanary, IsJudged(intent, t.Name)))]
                : [.. intent.Workloads.Select(w => new ScheduledWorkload(w.Name, w.Target, w.Images, w.HasCanary, IsJudged(intent, w.Name)))],
            ReadPods = phase.IsRunning() || patch.Metadata.IsTerminating,
            Measure = valid && sameSpec && !AbortIsAsked(patch) && phase is PatchPhase.Progressing or PatchPhase.Paused && NextMeasurement(status!, intent) <= now,
            CheckCompatibility = valid && intent.Compatibility is not null && CompatibilityReview.IsBeforeStart(phase),
            Preflight = valid && PreflightIsDue(status, phase, intent, policy, now),
        };
    }

    private static bool IsJudged(PatchIntent intent, string workload) => intent.Judged.Any(w => w.Name == workload);

    /// <summary>Who wants out does not wait for a slow metrics server first.</summary>
    private static bool AbortIsAsked(EmergencyPatch patch) => patch.Metadata.Annotations?.ContainsKey(Annotations.CommandPrefix + Commands.Abort) ?? false;

    /// <summary>The first measurement is made as soon as the canary serves, which gives counters their base line; the others follow the interval.</summary>
    public static DateTimeOffset NextMeasurement(EmergencyPatchStatus status, PatchIntent intent)
    {
        if (status.Step?.ServingSince is not { } since)
        {
            return DateTimeOffset.MaxValue;
        }

        var last = status.Analysis is { Count: > 0 } metrics ? metrics.Max(m => m.SampledAt) : null;
        return last is { } at ? at + intent.Interval : since;
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
            PatchPhase.AwaitingApproval => (status?.SpecDigest != intent.Digest || ApprovalBook.Valid(status, intent, now).Count >= intent.ApprovalsRequired)
                && !(status?.Timings?.PreflightAt + policy.PreflightValidity > now),
            PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting or PatchPhase.Promoted or PatchPhase.Closed
                or PatchPhase.Reverting or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded or PatchPhase.Degraded => false,
        };
    }
}

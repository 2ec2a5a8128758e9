using PatchOperator.Domain.Analysis;

namespace PatchOperator.Domain.Rollout.Replay;

/// <summary>Counts of one tick, as they came in since the tick before.</summary>
/// <param name="At">Seconds since the canary took traffic.</param>
/// <param name="Canary">Null where there were no numbers.</param>
/// <param name="Stable">Null where there were no numbers.</param>
public readonly record struct ReplaySample(double At, ReplayCounts? Canary, ReplayCounts? Stable);

/// <summary>Failed requests, and all requests.</summary>
public readonly record struct ReplayCounts(double Failures, double Total)
{
    public static ReplayCounts operator +(ReplayCounts a, ReplayCounts b) => new(a.Failures + b.Failures, a.Total + b.Total);

    public static ReplayCounts operator -(ReplayCounts a, ReplayCounts b) => new(a.Failures - b.Failures, a.Total - b.Total);
}

/// <summary>
/// One recorded run on its way through the steps, judged by the assessor that judges a live one: a tick that fails ends it; when the hold of a
/// step is over and every metric passes, the next step begins with counts at zero, as a live one does.
/// </summary>
public sealed record ReplayRun
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    /// <summary>Fail and Pass are final.</summary>
    public Verdict Verdict { get; private init; } = Verdict.Hold;

    public bool IsOver => Verdict is not Verdict.Hold;

    /// <summary>Seconds, of the sample that decided; while nothing has, of the last one.</summary>
    public double At { get; private init; }

    /// <summary>Requests that the canary had answered by then, over all steps.</summary>
    public double CanaryRequests { get; private init; }

    /// <inheritdoc cref="CanaryRequests"/>
    public double StableRequests { get; private init; }

    /// <summary>Zero-based; the step that failed, or the last one begun.</summary>
    public int Step { get; private init; }

    /// <summary>The assessment that decided or holds; null before the first sample.</summary>
    public MetricAssessment? Telling { get; private init; }

    private double StepStartedAt { get; init; }

    private IReadOnlyList<MetricProgress> Metrics { get; init; } = [];

    /// <summary>Takes in one tick of one metric; ticks come in the order of their time.</summary>
    /// <param name="plan">The same for the whole run.</param>
    /// <param name="metric">Index into the plan's metrics.</param>
    /// <param name="sample">What came in since the metric's last tick.</param>
    public ReplayRun Take(ReplayPlan plan, int metric, in ReplaySample sample)
    {
        if (IsOver)
        {
            return this;
        }

        var progress = Metrics.Count > 0 ? [.. Metrics] : new MetricProgress[plan.Metrics.Count];
        ref var mine = ref progress[metric];
        var policy = plan.Metrics[metric].Policy;
        mine = mine.With(plan.Steps[Step].Weight == 100 ? policy with { StableIsIdle = true } : policy, sample, Start);
        var next = this with
        {
            At = sample.At,
            Metrics = progress,
            // Each metric counts the same requests in its own way: the first one's stand for the run.
            CanaryRequests = CanaryRequests + (metric == 0 ? sample.Canary?.Total ?? 0 : 0),
            StableRequests = StableRequests + (metric == 0 ? sample.Stable?.Total ?? 0 : 0),
        };
        return next.Judge(plan);
    }

    private ReplayRun Judge(ReplayPlan plan)
    {
        // A metric that no sample has named in this step has no numbers, and those are never good (S3).
        var verdict = Verdict.Pass;
        var telling = Telling;
        foreach (var metric in Metrics)
        {
            if (metric.Assessment is not { } assessment)
            {
                verdict = verdict is Verdict.Fail ? verdict : Verdict.Hold;
            }
            else if (assessment.Verdict is Verdict.Fail || verdict is Verdict.Pass)
            {
                (verdict, telling) = (assessment.Verdict, assessment);
            }
        }

        var judged = this with { Telling = telling };
        if (verdict is Verdict.Fail)
        {
            return judged with { Verdict = Verdict.Fail };
        }

        if (verdict is Verdict.Hold || (At - StepStartedAt < plan.Steps[Step].Hold.TotalSeconds && !MayPassEarly(plan)))
        {
            return judged;
        }

        return Step + 1 == plan.Steps.Count
            ? judged with { Verdict = Verdict.Pass }
            : judged with { Step = Step + 1, StepStartedAt = At, Metrics = [.. Metrics.Select(m => m.ForNextStep())] };
    }

    private bool MayPassEarly(ReplayPlan plan) =>
        plan.Steps[Step].PassEarly
        && plan.Metrics.Any(m => m.Policy.CompareWithStable)
        && plan.Metrics.Zip(Metrics).All(m => !m.First.Policy.CompareWithStable || SequentialTest.IsProvenFine(m.Second.Assessment?.Memory.Comparison));

    private readonly record struct MetricProgress(ReplayCounts? Canary, ReplayCounts? Stable, MetricAssessment? Assessment)
    {
        private MetricMemory? Carried { get; init; }

        public MetricProgress With(MetricPolicy policy, in ReplaySample sample, DateTimeOffset start)
        {
            var (canary, stable) = (Sum(Canary, sample.Canary), Sum(Stable, sample.Stable));
            var now = start + TimeSpan.FromSeconds(sample.At);
            var reading = new MetricReading
            {
                Metric = policy.Name,
                Canary = Reading(canary),
                Stable = policy.CompareWithStable ? Reading(stable) : null,
                SampledAt = now,
                CanaryQuery = "",
            };
            return new MetricProgress(canary, stable, MetricAssessor.Assess(policy, reading, Assessment?.Memory ?? Carried, now));
        }

        /// <summary>Counts at zero, and the evidence goes on: samples of two steps have no request in common.</summary>
        public MetricProgress ForNextStep() => new(null, null, null) { Carried = (Assessment?.Memory ?? Carried)?.ForNextStep(TwoTrackCounts.Zero) };

        private static ReplayCounts? Sum(ReplayCounts? before, ReplayCounts? now) => now is null ? before : before is null ? now : before.Value + now.Value;

        private static TrackReading Reading(ReplayCounts? counts) =>
            counts is { } known ? new TrackReading.Counts(known.Failures, known.Total) : new TrackReading.NoData("the samples have none");
    }
}

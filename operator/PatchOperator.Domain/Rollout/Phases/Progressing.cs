using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Walks the steps: pods first, then evidence, then the hold time; bad evidence takes everything back at once.</summary>
internal static class Progressing
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static void BeginStep(Draft draft, int index)
    {
        var step = draft.Intent.Steps[index];
        draft.Status = draft.Status with
        {
            // What was learned goes on with the next step; what was counted begins anew.
            Analysis = index == 0 ? null : draft.Status.Analysis?.Select(MetricReport.ForNextStep).ToArray(),
            Step = new StepStatus
            {
                Index = index,
                Count = draft.Intent.Steps.Count,
                Weight = step.Weight,
                ActualWeight = draft.Status.Step?.ActualWeight,
                Routing = draft.Status.Step?.Routing,
                StartedAt = draft.Now,
                Deadline = draft.Now + draft.Intent.ProgressDeadline,
            },
        };
        draft.Record("StepStarted", $"Step {index + 1} of {draft.Intent.Steps.Count}: {step.Weight} % for at least {Duration.Format(step.Hold)}.");
        draft.WakeAt(draft.Now);
    }

    public static void Decide(Draft draft)
    {
        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        if (StableChange.Find(draft, patchedIsExpected: false) is { } change)
        {
            Reverting.Begin(draft, change);
            return;
        }

        if (CanaryImages.Rewritten(draft) is { } rewritten)
        {
            Reverting.Begin(draft, rewritten);
            return;
        }

        if (ApprovalDesk.TakeInRun(draft))
        {
            return;
        }

        TakePromoteNow(draft);
        CommandDesk.IgnoreAllBut(draft, "the run has started; patchoperator.io/abort takes it back.");

        var verdict = Measure(draft);
        if (Failure(draft, m => draft.Status.Step!.ServingSince is not null || IsEvidence(m)) is { } failure)
        {
            Reverting.Begin(draft, failure);
            return;
        }

        StepTraffic.BeginWindow(draft);

        var isPutBack = StableChange.IsPutBack(draft);
        var allReady = CanaryKeeping.Keep(draft);
        if (PauseOrResume(draft))
        {
            return;
        }

        if (draft.Phase is PatchPhase.Progressing && StableChange.TooLate(draft) is { } lost)
        {
            Reverting.Begin(draft, lost);
            return;
        }

        if (!allReady && draft.Phase is PatchPhase.Progressing && CanaryKeeping.IsOverdue(draft))
        {
            Reverting.Begin(draft, CanaryKeeping.TooLate(draft));
            return;
        }

        Advance(draft, allReady, verdict, isPutBack);
    }

    private static void TakePromoteNow(Draft draft)
    {
        if (Suspension.Of(draft) is { } frozen)
        {
            CommandDesk.Ignore(draft, $"the run is frozen: {frozen}", Commands.PromoteNow);
        }
        else if (CommandDesk.Take(draft, Commands.PromoteNow) is { } now)
        {
            draft.Status = draft.Status with { PromoteNow = new RequestStatus { By = now.Actor, Reason = now.Reason, At = draft.Now } };
            draft.Record("PromoteNowRecorded", $"{now.Reason}. Holds and later steps are skipped as soon as every metric passes.", now.Actor);
        }
    }

    /// <summary>Before the step's traffic is in place that nothing is counted is no wonder, and has the deadline for a limit, whatever the spec says of missing numbers.</summary>
    private static bool IsEvidence(MetricStatus metric) => metric.Reason is AssessmentReasons.CeilingExceeded or AssessmentReasons.WorseThanStable or AssessmentReasons.ValueOutOfLimits;

    public static RevertStatus Back(Draft draft, string reason, string message, PatchPhase then) =>
        new() { Reason = reason, Message = message, Then = then.ToString(), At = draft.Now };

    /// <summary>The verdict of a measurement made now; null when none was due.</summary>
    public static Verdict? Measure(Draft draft)
    {
        StepTraffic.Observe(draft);
        if (draft.Observed.Readings is not { } readings || CanaryImages.AreOff(draft))
        {
            return null;
        }

        var before = draft.Status.Analysis ?? [];
        var assessments = new List<MetricAssessment>();
        var results = new List<MetricStatus>();
        foreach (var metric in draft.Intent.Metrics)
        {
            var reading = readings.Single(r => r.Metric == metric.Policy.Name);
            var last = before.FirstOrDefault(m => m.Name == metric.Policy.Name);
            var assessment = MetricAssessor.Assess(metric.Policy with { StableIsIdle = StepTraffic.IsAll(draft.Status.Step!) }, reading, MetricReport.Memory(last), draft.Now);
            assessments.Add(assessment);
            var result = MetricReport.Of(assessment, reading, last, draft.Intent.Interval, draft.Now);

            // What stable answered before it was patched is what the watch after the promotion compares with: the promotion itself adds nothing to that.
            results.Add(CanaryGuard.IsOn(draft.Status) && assessment.Verdict is not Verdict.Fail ? result with { Series = last?.Series } : result);
        }

        draft.Status = draft.Status with { Analysis = results };
        var verdict = MetricAssessor.Combine(assessments);
        ReportHealth(draft, verdict, assessments);
        return verdict;
    }

    private static void ReportHealth(Draft draft, Verdict verdict, IReadOnlyList<MetricAssessment> assessments)
    {
        var telling = assessments.FirstOrDefault(a => a.Verdict == verdict) ?? assessments[0];
        var (status, reason) = verdict switch
        {
            Verdict.Pass => ("True", "WithinLimits"),
            Verdict.Fail => ("False", telling.Reason),
            Verdict.Hold => ("Unknown", telling.Reason),
        };
        draft.Health = (status, reason, $"{telling.Metric}: {telling.Message}");
        var known = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.CanaryHealthy)?.Reason;
        if (verdict is Verdict.Hold && (reason is AssessmentReasons.NoData or AssessmentReasons.TooFewRequests ? HasJustBecomeTooLong(draft) : known != reason))
        {
            draft.Tell(reason, $"{telling.Metric}: {telling.Message}");
        }
    }

    /// <summary>Every step begins without numbers; only when that lasts is it news, and then once.</summary>
    private static bool HasJustBecomeTooLong(Draft draft)
    {
        var tooLong = draft.Status.Step!.CountedSince()!.Value + Patience;
        var last = draft.Patch.Status?.Analysis?.Max(m => m.SampledAt);
        return draft.Now >= tooLong && last < tooLong;
    }

    /// <summary>Why what was measured now takes the run back; null when it does not.</summary>
    public static RevertStatus? Failure(Draft draft, Func<MetricStatus, bool> counts)
    {
        if (draft.Observed.Readings is null || draft.Status.Analysis?.FirstOrDefault(m => m.Verdict == nameof(Verdict.Fail) && counts(m)) is not { } failed)
        {
            return null;
        }

        return Back(draft, "AnalysisFailed", $"{failed.Name}: {failed.Message}", PatchPhase.Reverted) with
        {
            Metric = failed.Name,
            Value = failed.CanaryRate,
            Limit = failed.Limit,
            Query = failed.Query,
        };
    }

    private static bool PauseOrResume(Draft draft)
    {
        var frozen = Suspension.Of(draft);
        if (frozen is not null && draft.Phase is PatchPhase.Progressing)
        {
            draft.Enter(PatchPhase.Paused, "Suspended", $"The weight stays, analysis goes on, no step begins: {frozen}");
            return true;
        }

        if (frozen is null && draft.Phase is PatchPhase.Paused)
        {
            draft.Enter(PatchPhase.Progressing, "Resumed", "The run goes on where it was.");

            // The time in which nothing was to happen does not count.
            draft.Status = draft.Status with { Step = draft.Status.Step! with { Deadline = null } };
            return true;
        }

        return false;
    }

    /// <summary>Proof ends a hold where the step allows it; a metric that is not compared with stable proves nothing and is no obstacle.</summary>
    private static bool MayPassEarly(Draft draft)
    {
        var compared = draft.Intent.Metrics.Where(m => m.Policy.CompareWithStable).Select(m => m.Policy.Name).ToHashSet(StringComparer.Ordinal);
        return draft.Intent.Steps[draft.Status.Step!.Index].PassEarly
            && compared.Count > 0
            && draft.Status.Analysis!.Where(m => compared.Contains(m.Name)).All(m => SequentialTest.IsProvenFine(MetricReport.Memory(m)?.Comparison));
    }

    private static void Advance(Draft draft, bool allReady, Verdict? verdict, bool isPutBack)
    {
        var step = draft.Status.Step!;
        var position = $"Step {step.Index + 1} of {step.Count} at {step.Weight} %";
        var now = draft.Status.PromoteNow;

        // Without traffic there is nothing to measure: the step shows that the canary runs, and the next one how it answers. Where there are no metrics, no other would (S3).
        var passes = isPutBack && draft.Intent.CanRun && (verdict is Verdict.Pass || step.Weight == 0);
        var isOver = now is not null || step.NotBefore <= draft.Now || (verdict is Verdict.Pass && MayPassEarly(draft));
        if (draft.Phase is PatchPhase.Progressing && allReady && passes && isOver && CanaryKeeping.Crashed(draft) is { } crashed)
        {
            draft.Explain("CanaryCrashed", $"{position} passed, but {crashed}");
            draft.WakeAt(step.ReadySince!.Value + draft.Policy.Settled);
            draft.WakeAt(NextLook(draft));
            return;
        }

        if (draft.Phase is PatchPhase.Progressing && allReady && passes && isOver)
        {
            if (now is not null && step.Weight > 0 && !StepGate.IsAnyAhead(draft))
            {
                Promoting.Begin(draft, $"{position} passed, and {now.By} asked to promote now ({now.Reason}): {Evidence(draft)}");
                return;
            }

            if (StepGate.Check(draft) is { } shut)
            {
                draft.Explain(shut.Reason, $"{position} passed. {shut.Message}");
                draft.WakeAt(NextLook(draft));
                return;
            }

            if (step.Index + 1 < draft.Intent.Steps.Count)
            {
                draft.Record("StepPassed", $"{position} passed: {Evidence(draft)}");
                BeginStep(draft, step.Index + 1);
                draft.Explain("StepStarted", $"Step {step.Index + 2} of {step.Count} begins.");
                return;
            }

            Promoting.Begin(draft, $"{position} passed, the last: {Evidence(draft)}");
            return;
        }

        if (verdict is null && allReady && isPutBack && IsWaitingForPeople(draft) && StepGate.Check(draft) is { } waiting)
        {
            // Between two measurements nothing has changed about that, and whoever counts how long people take must not begin anew.
            draft.Explain(waiting.Reason, $"{position} passed. {waiting.Message}");
        }
        else
        {
            Explain(draft, allReady, position);
        }

        if (step.Deadline is { } deadline && draft.Phase is PatchPhase.Progressing)
        {
            draft.WakeAt(allReady ? step.ReadySince!.Value + draft.Policy.Settled : deadline);
        }

        if (step.ServingSince is null && draft.Judged.Any(t => t.Observed.CanaryPods.Any(p => p.Ready)))
        {
            // The endpoints' event wakes this up as well; should it be lost, look again soon.
            draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(500));
        }

        // Not before the hold is over can a measurement advance the step, but a bad canary must show at every tick.
        if (step.CountedSince() is not null)
        {
            draft.WakeAt(NextLook(draft));
        }
    }

    private static bool IsWaitingForPeople(Draft draft) =>
        draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Reason == StepGate.ApprovalMissing && (draft.Status.Analysis ?? []).All(m => m.Verdict == nameof(Verdict.Pass));

    /// <summary>While a measurement is under way, its end wakes the run up.</summary>
    private static DateTimeOffset NextLook(Draft draft)
    {
        var (next, soonest) = (Schedule.NextMeasurement(draft.Status, draft.Intent, draft.Now), draft.Observed.IsMeasuring ? draft.Now + Schedule.LookAgain : draft.Now);
        return next > soonest ? next : soonest;
    }

    private static void Explain(Draft draft, bool allReady, string position)
    {
        if (draft.Phase is PatchPhase.Paused)
        {
            draft.Explain("Suspended", $"{position}, and no step begins: {Suspension.Of(draft)}");
        }
        else if (draft.Targets.FirstOrDefault(t => t.IsUnread) is { } unread)
        {
            draft.Explain("WorkloadUnread", $"{position}: {unread.Workload} could not be read; the canary is watched, and no step begins.");
        }
        else if (StableChange.Drift(draft) is { } drift)
        {
            draft.Explain(Promoted.Drifted, $"{position}: {drift} {draft.Observed.ActionProblem}".TrimEnd());
        }
        else if (draft.Canaries.FirstOrDefault(t => t.Observed.Canary is { IsOurs: false }) is { } taken)
        {
            draft.Explain("CanaryNameTaken", $"{position}: Deployment {taken.Workload.Name}{Names.CanarySuffix} belongs to someone else.");
        }
        else if (!allReady)
        {
            draft.Explain("WaitingForCanary", $"{position}: {CanaryKeeping.Progress(draft)}");
        }
        else if (draft.Status.Analysis?.FirstOrDefault(m => m.Verdict == nameof(Verdict.Hold)) is { } holding)
        {
            draft.Explain(holding.Reason, $"{position} holds: {holding.Name}: {holding.Message}");
        }
        else
        {
            draft.Explain("Observing", $"{position}: not before {draft.Status.Step!.NotBefore:u}. {Evidence(draft)}");
        }
    }

    private static string Evidence(Draft draft) =>
        string.Join(" ", (draft.Status.Analysis ?? []).Select(m => $"{m.Name} canary {m.CanaryRate ?? "-"}{(m.StableRate is null ? "" : $" stable {m.StableRate}")}."));
}

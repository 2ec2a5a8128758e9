using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

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
            Analysis = null,
            Step = new StepStatus
            {
                Index = index,
                Count = draft.Intent.Steps.Count,
                Weight = step.Weight,
                ActualWeight = draft.Status.Step?.ActualWeight,
                StartedAt = draft.Now,
                Deadline = draft.Now + draft.Intent.ProgressDeadline,
            },
        };
        draft.Record("StepStarted", $"Step {index + 1} of {draft.Intent.Steps.Count}: {step.Weight} % for at least {Duration.Format(step.Hold)}.");
        draft.WakeAt(draft.Now);
    }

    public static void Decide(Draft draft)
    {
        CommandDesk.Ignore(draft, "the run has started already.", Commands.Approve, Commands.Reject, Commands.Retry);
        CommandDesk.Ignore(draft, "the run has started; use patchoperator.io/abort to take it back.", Commands.Revoke);
        if (Interruption(draft) is { } interruption)
        {
            Reverting.Begin(draft, interruption);
            return;
        }

        var verdict = Measure(draft);
        if (Failure(draft) is { } failure)
        {
            Reverting.Begin(draft, failure);
            return;
        }

        var allReady = KeepCanary(draft);
        if (!allReady && draft.Status.Step!.Deadline <= draft.Now)
        {
            Reverting.Begin(draft, TooLate(draft));
            return;
        }

        if (PauseOrResume(draft))
        {
            return;
        }

        Advance(draft, allReady, verdict);
    }

    /// <summary>Reasons to take the run back that have nothing to do with how well the canary does.</summary>
    private static RevertStatus? Interruption(Draft draft)
    {
        if (CommandDesk.TryTake(draft, Commands.Abort, out var reason))
        {
            return Back(draft, "Aborted", $"Aborted: {reason}.", PatchPhase.Reverted);
        }

        return StableChange.Find(draft, patchedIsExpected: false);
    }

    public static RevertStatus Back(Draft draft, string reason, string message, PatchPhase then) =>
        new() { Reason = reason, Message = message, Then = then.ToString(), At = draft.Now };

    /// <summary>The verdict of a measurement made now; null when none was due.</summary>
    private static Verdict? Measure(Draft draft)
    {
        var step = draft.Status.Step!;
        var traffic = draft.Observed.Traffic;
        draft.Status = draft.Status with
        {
            Step = step with
            {
                ActualWeight = traffic.ActualWeight ?? step.ActualWeight,
                ServingSince = step.ServingSince ?? (traffic is { IsKnown: true, CanaryEndpoints: > 0 } ? draft.Now : null),
            },
        };
        if (draft.Observed.Readings is not { } readings)
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
            var assessment = MetricAssessor.Assess(metric.Policy, reading, MetricReport.Memory(last), draft.Now);
            assessments.Add(assessment);
            results.Add(MetricReport.Of(assessment, reading));
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
        var tooLong = draft.Status.Step!.ServingSince!.Value + Patience;
        var last = draft.Patch.Status?.Analysis?.Max(m => m.SampledAt);
        return draft.Now >= tooLong && last < tooLong;
    }

    private static RevertStatus? Failure(Draft draft)
    {
        if (draft.Observed.Readings is null || draft.Status.Analysis?.FirstOrDefault(m => m.Verdict == nameof(Verdict.Fail)) is not { } failed)
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

    /// <summary>Keeps the canary as the step wants it; true when all its pods are ready on the right template.</summary>
    private static bool KeepCanary(Draft draft)
    {
        var step = draft.Status.Step!;
        var target = draft.Status.Workloads![0];
        var stable = draft.Observed.Stable!;
        var replicas = CanaryStepper.ReplicasFor(step.Weight, stable.Replicas);
        var source = CanarySource.Of(stable.TemplateDigest, target.PatchedImages!);
        var canary = draft.Observed.Canary;
        if (canary is null || (canary.IsOurs && !canary.IsTerminating && (canary.Replicas != replicas || canary.Source != source)))
        {
            draft.Do(new EnsureCanary(target.Deployment!, replicas, source, target.PatchedImages!));
        }

        var ready = draft.Observed.CanaryPods.Count(p => p is { Ready: true, IsCurrent: true, IsTerminating: false });
        draft.Status = draft.Status with { Workloads = [target with { CanaryReplicas = replicas, CanaryReady = ready }] };
        var allReady = canary is { IsOurs: true, IsTerminating: false } && canary.Replicas == replicas && canary.Source == source && ready >= replicas;
        var hold = draft.Intent.Steps[step.Index].Hold;
        draft.Status = draft.Status with
        {
            Step = allReady
                ? step with { Deadline = null, ReadyAt = step.ReadyAt ?? draft.Now, NotBefore = step.NotBefore ?? (draft.Now + hold) }
                : step with { Deadline = step.Deadline ?? (draft.Now + draft.Intent.ProgressDeadline) },
        };
        return allReady;
    }

    private static RevertStatus TooLate(Draft draft)
    {
        var target = draft.Status.Workloads![0];
        var why = draft.Observed.CanaryPods.Select(p => p.Problem).FirstOrDefault(p => p is not null) ?? draft.Observed.ActionProblem;
        return Back(
            draft,
            "ProgressDeadlineExceeded",
            $"{target.CanaryReady} of {target.CanaryReplicas} canary pods were ready within {Duration.Format(draft.Intent.ProgressDeadline)}." + (why is null ? "" : $" {why}"),
            PatchPhase.Reverted);
    }

    private static bool PauseOrResume(Draft draft)
    {
        if (draft.Intent.Suspended && draft.Phase is PatchPhase.Progressing)
        {
            draft.Enter(PatchPhase.Paused, "Suspended", "spec.suspend is true: the weight stays, analysis goes on, no step begins.");
            return true;
        }

        if (!draft.Intent.Suspended && draft.Phase is PatchPhase.Paused)
        {
            draft.Enter(PatchPhase.Progressing, "Resumed", "spec.suspend is false again.");
            return true;
        }

        return false;
    }

    private static void Advance(Draft draft, bool allReady, Verdict? verdict)
    {
        var step = draft.Status.Step!;
        var position = $"Step {step.Index + 1} of {step.Count} at {step.Weight} %";
        if (draft.Phase is PatchPhase.Progressing && allReady && verdict is Verdict.Pass && step.NotBefore <= draft.Now)
        {
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

        Explain(draft, allReady, position);
        if (step.Deadline is { } deadline)
        {
            draft.WakeAt(deadline);
        }

        if (step.ServingSince is null && draft.Observed.CanaryPods.Any(p => p.Ready))
        {
            // The endpoints' event wakes this up as well; should it be lost, look again soon.
            draft.WakeAt(draft.Now + TimeSpan.FromMilliseconds(500));
        }

        // Not before the hold is over can a measurement advance the step, but a bad canary must show at every tick.
        if (step.ServingSince is not null)
        {
            draft.WakeAt(Later(Schedule.NextMeasurement(draft.Status, draft.Intent), draft.Now));
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static void Explain(Draft draft, bool allReady, string position)
    {
        var target = draft.Status.Workloads![0];
        if (draft.Phase is PatchPhase.Paused)
        {
            draft.Explain("Suspended", $"{position}: spec.suspend is true; no step begins until it is false.");
        }
        else if (draft.Observed.Canary is { IsOurs: false })
        {
            draft.Explain("CanaryNameTaken", $"{position}: Deployment {target.Deployment}{Names.CanarySuffix} belongs to someone else.");
        }
        else if (!allReady)
        {
            var problem = draft.Observed.CanaryPods.Select(p => p.Problem).FirstOrDefault(p => p is not null);
            draft.Explain("WaitingForCanary", $"{position}: {target.CanaryReady} of {target.CanaryReplicas} canary pods ready." + (problem is null ? "" : $" {problem}"));
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

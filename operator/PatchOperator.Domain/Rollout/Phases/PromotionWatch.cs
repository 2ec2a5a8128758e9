using System.Globalization;
using System.Text.Json;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Analysis.Watch;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// After the promotion the same metrics watch the patched workloads for a while and take the patch back by themselves. The watch ends at its time, also when
/// nothing could be measured: then it says so, and reverts nothing.
/// </summary>
internal static class PromotionWatch
{
    public const string Watching = "Watching";

    /// <summary>It failed where Git names the patched images: taken back here, the next sync would bring them again.</summary>
    public const string NeedsGit = "RevertNeedsGit";

    private const string Passed = "Passed";
    private const string Inconclusive = "Inconclusive";
    private const string Failed = "Failed";
    private const string Interrupted = "Interrupted";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static bool IsOn(EmergencyPatchStatus? status) => status is { Phase: nameof(PatchPhase.Promoted), Watch.EndedAt: null } and { Watch: not null };

    /// <summary>The watch begins with what stable answered during the run. What to add to the message of the promotion.</summary>
    public static string Begin(Draft draft)
    {
        if (draft.Intent.WatchAfterPromotion <= TimeSpan.Zero || !draft.Intent.Metrics.Any(m => WatchAssessor.CanJudge(m.Policy)))
        {
            draft.Status = draft.Status with { Watch = null };
            return "";
        }

        var until = draft.Now + draft.Intent.WatchAfterPromotion;
        draft.Status = draft.Status with
        {
            Watch = new WatchStatus
            {
                StartedAt = draft.Now,
                Until = until,
                Metrics = [.. draft.Intent.Metrics.Where(m => WatchAssessor.CanJudge(m.Policy)).Select(m => First(draft, m.Policy))],
            },
        };
        return $" It is watched until {until:u}.";
    }

    /// <summary>True when the patch is taken back.</summary>
    public static bool Decide(Draft draft)
    {
        if (!IsOn(draft.Status))
        {
            return false;
        }

        var watch = draft.Status.Watch!;
        if (draft.Observed.HeldBy is not null || draft.Targets.Any(t => !t.RunsPatched || t.Status.DriftedAt is not null))
        {
            // What is answered now is not the patch's doing alone.
            draft.Status = draft.Status with { Watch = watch with { Metrics = [.. watch.Metrics!.Select(AwaitBaseLine)] } };
        }
        else if (Measure(draft) is { } failed)
        {
            return Fail(draft, failed);
        }

        if (draft.Status.Watch!.Until <= draft.Now)
        {
            End(draft);
        }
        else
        {
            var next = Schedule.NextMeasurement(draft.Status, draft.Intent, draft.Now);
            var soon = draft.Now + Schedule.LookAgain;
            draft.WakeAt(next > draft.Now && !draft.Observed.IsMeasuring ? next : soon);
            draft.WakeAt(draft.Status.Watch.Until);
        }

        return false;
    }

    /// <summary>While it lasts, that is what there is to say, unless something is wrong with the images themselves.</summary>
    public static void Explain(Draft draft)
    {
        if (draft.Phase is not PatchPhase.Promoted || draft.Status.Watch is not { } watch)
        {
            return;
        }

        if (IsOn(draft.Status) && draft.Explanation.Reason is not (Promoted.Drifted or ImageHold.Fought or "AnotherPatchRuns"))
        {
            var hold = draft.Explanation.Reason is "HoldingImages" or "Adopted" ? $" {draft.Explanation.Message}" : "";
            draft.Explain(Watching, $"The patched images are on every workload and are watched until {watch.Until:u}. {Words(watch)}{hold}");
        }
        else if (watch.Outcome == Failed && draft.Explanation.Reason is not (Promoted.Drifted or ImageHold.Fought))
        {
            draft.Explain(NeedsGit, NeedsGitMessage(draft, watch.Metrics!.First(m => m.Verdict == nameof(Verdict.Fail))));
        }
    }

    /// <summary>What left the phase in any other way ended the watch too.</summary>
    public static void Close(Draft draft)
    {
        if (draft.Phase is not PatchPhase.Promoted && draft.Status.Watch is { EndedAt: null } watch)
        {
            draft.Status = draft.Status with { Watch = watch with { EndedAt = draft.Now, Outcome = Interrupted } };
        }
    }

    public static (string Status, string Reason, string Message)? Condition(Draft draft) => draft.Status.Watch switch
    {
        null => null,
        { EndedAt: null } watch when watch.Metrics!.FirstOrDefault(m => m.Verdict == nameof(Verdict.Hold)) is { } holding => ("Unknown", holding.Reason, $"{holding.Name}: {holding.Message}"),
        { EndedAt: null } watch => ("Unknown", Watching, $"Until {watch.Until:u}. {Words(watch)}"),
        { Outcome: Passed } watch => ("True", "WatchPassed", Words(watch)),
        { Outcome: Failed } watch => ("False", "WatchFailed", Words(watch)),
        { Outcome: Inconclusive } watch => ("Unknown", "WatchInconclusive", Words(watch)),
        var watch => ("Unknown", "WatchInterrupted", $"The watch ended at {watch.EndedAt:u}, before its time."),
    };

    private static WatchedMetricStatus? Measure(Draft draft)
    {
        if (draft.Observed.Readings is not { } readings)
        {
            return null;
        }

        var watch = draft.Status.Watch!;
        var span = new WatchSpan(watch.StartedAt, watch.Until, draft.Policy.WatchConfirmation);
        var metrics = new List<WatchedMetricStatus>();
        foreach (var last in watch.Metrics!)
        {
            var policy = draft.Intent.Metrics.Single(m => m.Policy.Name == last.Name).Policy;
            var reading = readings.Single(r => r.Metric == last.Name);
            var next = Of(WatchAssessor.Assess(policy, reading.Stable, Memory(last), span, draft.Now), last, reading);
            metrics.Add(next);
            Alert(draft, last, next);
        }

        draft.Status = draft.Status with { Watch = watch with { MeasuredAt = readings.Max(r => r.SampledAt), Metrics = metrics } };
        return metrics.FirstOrDefault(m => m.Verdict == nameof(Verdict.Fail));
    }

    /// <summary>What keeps the watch from seeing is said once; in its first minute it is no news that there are no numbers.</summary>
    private static void Alert(Draft draft, WatchedMetricStatus last, WatchedMetricStatus next)
    {
        var watch = draft.Status.Watch!;
        var isNew = next.Reason is AssessmentReasons.NoData or AssessmentReasons.TooFewRequests
            ? draft.Now >= watch.StartedAt + Patience && (next.Reason != last.Reason || last.SampledAt < watch.StartedAt + Patience)
            : next.Reason != last.Reason;
        if (next.Verdict == nameof(Verdict.Hold) && isNew)
        {
            draft.Tell(next.Reason, $"After the promotion, {next.Name}: {next.Message}");
        }
    }

    private static bool Fail(Draft draft, WatchedMetricStatus failed)
    {
        draft.Status = draft.Status with { Watch = draft.Status.Watch! with { EndedAt = draft.Now, Outcome = Failed } };
        if (draft.Targets.Any(t => t.Status.AdoptedAt is not null))
        {
            draft.Record("WatchFailed", NeedsGitMessage(draft, failed));
            return false;
        }

        var why = Progressing.Back(draft, "WatchFailed", $"{failed.Name}: {failed.Message}", PatchPhase.Reverted) with
        {
            Metric = failed.Name,
            Value = failed.Measured,
            Limit = failed.Limit,
            Query = failed.Query,
        };
        Reverting.Begin(draft, why);
        return true;
    }

    private static string NeedsGitMessage(Draft draft, WatchedMetricStatus failed) =>
        $"{failed.Name}: {failed.Message} Nothing was taken back, for {string.Join(", ", draft.Targets.Select(t => t.Status.AdoptedBy).OfType<string>().Distinct())} names the patched images and would bring them again. "
        + "Revert in Git, or stop the sync and ask with patchoperator.io/revert.";

    private static void End(Draft draft)
    {
        var watch = draft.Status.Watch!;
        var wasSeen = watch.Metrics!.All(m => m.Verdict == nameof(Verdict.Pass)) && watch.MeasuredAt + (2 * draft.Intent.Interval) + Patience >= watch.Until;
        draft.Status = draft.Status with { Watch = watch with { EndedAt = draft.Now, Outcome = wasSeen ? Passed : Inconclusive } };
        if (wasSeen)
        {
            draft.Record("WatchPassed", $"Watched for {Duration.Format(watch.Until - watch.StartedAt)}. {Words(watch)}");
        }
        else
        {
            draft.Record("WatchInconclusive", $"The watch of {Duration.Format(watch.Until - watch.StartedAt)} is over and could not tell that all is well; nothing was taken back. Look at it yourself. {Words(watch)}");
        }
    }

    private static string Words(WatchStatus watch) => string.Join(" ", watch.Metrics!.Select(m => $"{m.Name}: {m.Message}"));

    private static WatchedMetricStatus First(Draft draft, MetricPolicy policy)
    {
        var history = WatchHistory.Of(MetricSeries.Parse(draft.Status.Analysis?.FirstOrDefault(m => m.Name == policy.Name)?.Series?.Stable));
        return new WatchedMetricStatus
        {
            Name = policy.Name,
            Verdict = nameof(Verdict.Hold),
            Reason = AssessmentReasons.NoData,
            Message = "The watch has just begun; it is not measured yet.",
            Before = history is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Percent.Format(history.Rate)} ({history.Failures:0.#}/{history.Total:0.#})"),
            Memory = Text(new WatchMemory { History = history }),
        };
    }

    private static WatchedMetricStatus Of(WatchAssessment assessment, WatchedMetricStatus last, MetricReading reading) => last with
    {
        Verdict = assessment.Verdict.ToString(),
        Reason = assessment.Reason,
        Message = assessment.Message,
        Measured = assessment.Measured is not { } measured ? null : reading.Stable is TrackReading.Value ? measured.ToString("0.####", CultureInfo.InvariantCulture) : Percent.Format(measured),
        Limit = assessment.Limit is { } limit ? Percent.Format(limit) : null,
        Query = reading.StableQuery,
        SampledAt = reading.SampledAt,
        Memory = Text(assessment.Memory),
    };

    private static WatchedMetricStatus AwaitBaseLine(WatchedMetricStatus metric) => Memory(metric) is { AwaitsBaseLine: false } memory ? metric with { Memory = Text(memory with { AwaitsBaseLine = true }) } : metric;

    private static string Text(WatchMemory memory) => JsonSerializer.Serialize(memory, AnalysisJson.Default.WatchMemory);

    private static WatchMemory Memory(WatchedMetricStatus metric)
    {
        try
        {
            return metric.Memory is { } text && JsonSerializer.Deserialize(text, AnalysisJson.Default.WatchMemory) is { } memory ? memory : new WatchMemory();
        }
        catch (JsonException)
        {
            // Someone edited the status: without a history less can be held against the patch, and the ceiling stands.
            return new WatchMemory();
        }
    }
}

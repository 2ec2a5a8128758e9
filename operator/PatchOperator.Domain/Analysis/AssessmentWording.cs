namespace PatchOperator.Domain.Analysis;

/// <summary>The numbers of one tick and the words for each outcome: what happened, why, and what to do.</summary>
/// <param name="Policy">What the user wants.</param>
/// <param name="Canary">Counts of the step; null where there are none that can be used.</param>
/// <param name="Stable">The same.</param>
/// <param name="Memory">As of this tick.</param>
internal sealed record AssessmentWording(MetricPolicy Policy, UsableCounts? Canary, UsableCounts? Stable, MetricMemory Memory)
{
    /// <summary>What is held against limits: <see cref="Canary"/>, or what of it came after an outage of something shared.</summary>
    public UsableCounts? Judged { get; init; } = Canary;

    /// <inheritdoc cref="Judged"/>
    public UsableCounts? Beside { get; init; } = Stable;

    private string Since => Memory.Outage?.CountedFrom is null ? "" : " (counted from when stable had recovered from what both shared)";

    public MetricAssessment WorseThanStable()
    {
        var chance = Math.Exp(-Memory.Comparison!.HighestLogEvidence);
        return Assessment(
            Verdict.Fail,
            AssessmentReasons.WorseThanStable,
            $"The canary fails more often than stable: {Compared(Canary, Stable)}. A canary as good as stable would show this with a probability of at most {chance:0.#######}, "
            + $"below the {Policy.FalseRevertRate:0.#######} that falseRevertRate allows. Look at what the canary answers differently, then fix the patch.");
    }

    public MetricAssessment CeilingExceeded() => Assessment(
        Verdict.Fail,
        AssessmentReasons.CeilingExceeded,
        $"The canary fails {Rate(Judged)}{Since}, above the ceiling of {Percent(Policy.MaxRate!.Value)}. "
        + (Beside is null ? "" : $"Stable fails {Rate(Beside)}. ")
        + "Look at what the canary answers, then fix the patch or raise maxRate.");

    public MetricAssessment StableAlsoFailing() => Assessment(
        Verdict.Hold,
        AssessmentReasons.StableAlsoFailing,
        (Policy.MaxRate is { } ceiling && Beside?.Rate <= ceiling
            ? $"The canary is above the ceiling of {Percent(ceiling)}, and nothing tells it from stable: {Compared(Judged, Beside)}. Stable is too close to the ceiling, or has answered too few requests, to blame the patch"
            : $"Both tracks fail: {Compared(Judged, Beside)}{(Policy.MaxRate is { } limit ? $", the ceiling is {Percent(limit)}" : "")}. That points to something they share and not to the patch")
        + ", so the roll-out waits. Restore what they share, or abort. As soon as stable shows that it has recovered, both are counted anew.");

    public MetricAssessment Suspected() => Assessment(
        Verdict.Hold,
        AssessmentReasons.Suspected,
        $"The canary looks worse than stable, but not yet beyond doubt: {Compared(Canary, Stable)}. A canary as good as stable would look like this now with a probability of at most "
        + $"{Math.Exp(-Memory.Comparison!.LogEvidence):0.####}; it is taken back below {Policy.FalseRevertRate:0.#######} (falseRevertRate). Until then it gets no more traffic"
        + (MoreRequests() is { } more ? $": if it goes on like this, needs about {more} more {(more == 1 ? "request" : "requests")} of the canary to be sure. " : ". ")
        + "Wait, or look at what the canary answers differently and abort.");

    public MetricAssessment Stale(string track, double total, TimeSpan still) => Assessment(
        Verdict.Hold,
        AssessmentReasons.StaleSamples,
        $"The request count of {track} has stood at {total:0.#} for {Seconds(still)}, longer than staleAfter ({Seconds(Policy.StaleAfter)}): these are old numbers, or no requests arrive. "
        + $"Check that {track} is scraped and gets traffic.");

    public MetricAssessment TooFewRequests(long more) => Assessment(
        Verdict.Hold,
        AssessmentReasons.TooFewRequests,
        $"The canary has answered {Judged!.Value.Total:0.#} of {Math.Max(1, Policy.MinRequests)} requests{Since}: needs about {more} more {(more == 1 ? "request" : "requests")}. "
        + (Policy.MaxRate is { } ceiling && Judged.Value.Rate > ceiling ? $"So far it fails {Rate(Judged)}, above the ceiling of {Percent(ceiling)}. " : "")
        + "Wait, raise the weight, or lower minRequests.");

    public MetricAssessment NothingToJudge() => Assessment(
        Verdict.Hold,
        AssessmentReasons.NothingToJudge,
        $"The canary fails {Rate(Canary)}, but the metric has no limit to judge that by. Set maxRate, or compareWith: Stable.");

    public MetricAssessment WithinLimits() => Assessment(
        Verdict.Pass,
        AssessmentReasons.WithinLimits,
        (Policy.CompareWithStable && Beside is not null ? $"The canary is not measurably worse than stable: {Compared(Judged, Beside)}" : $"The canary fails {Rate(Judged)}")
        + Since
        + (Policy.MaxRate is { } ceiling ? $"; the ceiling is {Percent(ceiling)}." : "."));

    public MetricAssessment Assessment(Verdict verdict, string reason, string message) => new()
    {
        Metric = Policy.Name,
        Verdict = verdict,
        Reason = reason,
        Message = message,
        CanaryRate = Canary?.Rate,
        StableRate = Stable?.Rate,
        Limit = Policy.MaxRate,
        CanaryFailures = Canary?.Failures ?? 0,
        CanaryTotal = Canary?.Total ?? 0,
        StableFailures = Stable?.Failures ?? 0,
        StableTotal = Stable?.Total ?? 0,
        Memory = Memory,
    };

    /// <summary>What the information bound leaves to go, at the rates of the step; null where those do not speak against the canary.</summary>
    private long? MoreRequests()
    {
        if (Canary is not { } canary || Stable is not { } stable || canary.Rate <= stable.Rate)
        {
            return null;
        }

        var missing = Math.Exp(Memory.Comparison!.LogEvidence + Math.Log(Policy.FalseRevertRate));
        return (long)Math.Max(1, Math.Ceiling(InformationBound.CanaryRequests(canary.Rate, stable.Rate, stable.Total / canary.Total, Math.Min(missing, 1))));
    }

    private static string Compared(UsableCounts? canary, UsableCounts? stable) => $"{Rate(canary)} on the canary against {(stable is null ? "no current numbers" : Rate(stable))} on stable";

    private static string Rate(UsableCounts? counts) =>
        counts is { Total: > 0 } known ? $"{Percent(known.Rate)} ({known.Failures:0.#} of {known.Total:0.#} requests)" : "an unknown share";

    private static string Percent(double rate) => $"{rate * 100:0.##} %";

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0} s";
}

namespace PatchOperator.Domain.Analysis;

/// <summary>The numbers of one tick and the words for each outcome: what happened, why, and what to do.</summary>
internal sealed record AssessmentWording(MetricPolicy Policy, UsableCounts? Canary, UsableCounts? Stable, MetricMemory Memory)
{
    public MetricAssessment WorseThanStable()
    {
        var chance = Math.Exp(-Memory.Comparison!.HighestLogEvidence);
        return Assessment(
            Verdict.Fail,
            AssessmentReasons.WorseThanStable,
            $"The canary fails more often than stable: {Compared()}. A canary as good as stable would show this with a probability of at most {chance:0.#######}, "
            + $"below the {Policy.FalseRevertRate:0.#######} that falseRevertRate allows. Look at what the canary answers differently, then fix the patch.");
    }

    public MetricAssessment CeilingExceeded() => Assessment(
        Verdict.Fail,
        AssessmentReasons.CeilingExceeded,
        $"The canary fails {Rate(Canary)}, above the ceiling of {Percent(Policy.MaxRate!.Value)}. "
        + (Stable is null ? "" : $"Stable fails {Rate(Stable)}. ")
        + "Look at what the canary answers, then fix the patch or raise maxRate.");

    public MetricAssessment StableAlsoFailing() => Assessment(
        Verdict.Hold,
        AssessmentReasons.StableAlsoFailing,
        (Policy.MaxRate is { } ceiling && Stable?.Rate <= ceiling
            ? $"The canary is above the ceiling of {Percent(ceiling)}, and nothing tells it from stable: {Compared()}. Stable is too close to the ceiling, or has answered too few requests, to blame the patch"
            : $"Both tracks fail: {Compared()}{(Policy.MaxRate is { } limit ? $", the ceiling is {Percent(limit)}" : "")}. That points to something they share and not to the patch")
        + ", so the roll-out waits. Restore what they share, or abort.");

    public MetricAssessment Stale(string track, double total, TimeSpan still) => Assessment(
        Verdict.Hold,
        AssessmentReasons.StaleSamples,
        $"The request count of {track} has stood at {total:0.#} for {Seconds(still)}, longer than staleAfter ({Seconds(Policy.StaleAfter)}): these are old numbers, or no requests arrive. "
        + $"Check that {track} is scraped and gets traffic.");

    public MetricAssessment TooFewRequests(long more) => Assessment(
        Verdict.Hold,
        AssessmentReasons.TooFewRequests,
        $"The canary has answered {Canary!.Value.Total:0.#} of {Math.Max(1, Policy.MinRequests)} requests: needs about {more} more {(more == 1 ? "request" : "requests")}. "
        + (Policy.MaxRate is { } ceiling && Canary.Value.Rate > ceiling ? $"So far it fails {Rate(Canary)}, above the ceiling of {Percent(ceiling)}. " : "")
        + "Wait, raise the weight, or lower minRequests.");

    public MetricAssessment NothingToJudge() => Assessment(
        Verdict.Hold,
        AssessmentReasons.NothingToJudge,
        $"The canary fails {Rate(Canary)}, but the metric has no limit to judge that by. Set maxRate, or compareWith: Stable.");

    public MetricAssessment WithinLimits() => Assessment(
        Verdict.Pass,
        AssessmentReasons.WithinLimits,
        (Policy.CompareWithStable && Stable is not null ? $"The canary is not measurably worse than stable: {Compared()}" : $"The canary fails {Rate(Canary)}")
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

    private string Compared() => $"{Rate(Canary)} on the canary against {(Stable is null ? "no current numbers" : Rate(Stable))} on stable";

    private static string Rate(UsableCounts? counts) =>
        counts is { } known ? $"{Percent(known.Rate)} ({known.Failures:0.#} of {known.Total:0.#} requests)" : "an unknown share";

    private static string Percent(double rate) => $"{rate * 100:0.##} %";

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0} s";
}

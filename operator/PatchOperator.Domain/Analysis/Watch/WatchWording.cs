using System.Globalization;

namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>The words for each outcome of a watch's tick: what happened, why, and what to do.</summary>
internal sealed record WatchWording(MetricPolicy Policy, WatchMemory Memory, double? Limit)
{
    private const string OneTrack = "There is nothing unpatched left to compare with at this moment, so an outage of something shared would look the same.";

    public WatchAssessment WorseThanBefore() => Assessment(
        Verdict.Fail,
        WatchReasons.WorseThanBefore,
        $"Since the promotion {Now}, against {Before} before it. Up to {Percent(Limit!.Value)} would have fitted that and the difference worth catching. {OneTrack}");

    public WatchAssessment CeilingExceeded() => Assessment(
        Verdict.Fail,
        AssessmentReasons.CeilingExceeded,
        $"Since the promotion {Now}, above the ceiling of {Percent(Policy.MaxRate!.Value)}; before it {Before}. {OneTrack}");

    public WatchAssessment Suspected(TimeSpan confirmation) => Assessment(
        Verdict.Hold,
        WatchReasons.Suspected,
        $"Since the promotion {Now}, against {Before} before it. If that goes on for {confirmation.TotalSeconds:0} s, the patch is taken back.");

    public WatchAssessment BadBeforeToo() => Assessment(
        Verdict.Hold,
        WatchReasons.BadBeforeToo,
        $"Since the promotion {Now}, above the ceiling of {Percent(Policy.MaxRate!.Value)}, but so was stable before it: {Before}. That is not held against the patch.");

    public WatchAssessment Stale(TimeSpan still) => Assessment(
        Verdict.Hold,
        AssessmentReasons.StaleSamples,
        $"The request count has stood at {Number(Memory.Counted.Total)} for {still.TotalSeconds:0} s, longer than staleAfter ({Policy.StaleAfter.TotalSeconds:0} s): these are old numbers, or no requests arrive. Check that the pods are scraped and get traffic.");

    public WatchAssessment TooFewRequests(long more) => Assessment(
        Verdict.Hold,
        AssessmentReasons.TooFewRequests,
        $"{Number(Memory.Counted.Total)} of {Math.Max(1, Policy.MinRequests)} requests were answered since the promotion: needs about {more} more.");

    public WatchAssessment NothingToCompare() => Assessment(
        Verdict.Hold,
        AssessmentReasons.NothingToJudge,
        $"Since the promotion {Now}, but there is too little from before to compare that with ({Before}). Set maxRate, which needs no history.");

    public WatchAssessment WithinLimits() => Assessment(
        Verdict.Pass,
        AssessmentReasons.WithinLimits,
        $"Since the promotion {Now}, against {Before} before it"
        + (Limit is { } limit ? $"; up to {Percent(limit)} fits" : "")
        + (Policy.MaxRate is { } ceiling ? $"; the ceiling is {Percent(ceiling)}." : "."));

    private string Now => $"{Rate(Memory.Counted)} fail";

    private string Before => Memory.History is { } history ? Rate(new SeriesPoint(history.Failures, history.Total)) : "nothing known";

    private WatchAssessment Assessment(Verdict verdict, string reason, string message) => new()
    {
        Metric = Policy.Name,
        Verdict = verdict,
        Reason = reason,
        Message = message,
        Measured = Memory.Counted.Total > 0 ? Memory.Counted.Rate : null,
        Limit = reason == AssessmentReasons.CeilingExceeded ? Policy.MaxRate : Limit ?? Policy.MaxRate,
        Memory = Memory,
    };

    private static string Rate(SeriesPoint counted) => $"{Percent(counted.Rate)} ({Number(counted.Failures)} of {Number(counted.Total)} requests)";

    private static string Percent(double rate) => string.Create(CultureInfo.InvariantCulture, $"{rate * 100:0.##} %");

    private static string Number(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}

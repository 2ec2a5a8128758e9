using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What happens once the canary is judged: revert, promotion, closure.</summary>
internal static class AfterwardsRules
{
    /// <summary>Each measurement asks for all requests since the promotion.</summary>
    private static readonly TimeSpan LongestWatch = TimeSpan.FromHours(24);

    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        CheckWatch(spec, problems);
        problems.OneOf("spec.promotion.hold", spec.Promotion?.Hold, "UntilAdopted", "None");
        CheckOrder(spec, problems);
        problems.Duration("spec.closure.reviewWithin", spec.Closure?.ReviewWithin);
        problems.AtMost("spec.closure.criteria", spec.Closure?.Criteria, 50);
    }

    private static void CheckWatch(EmergencyPatchSpec spec, ProblemList problems)
    {
        const string path = "spec.revert.watchAfterPromotion";
        problems.Duration(path, spec.Revert?.WatchAfterPromotion, longest: LongestWatch);
        if ((spec.Revert?.WatchAfterPromotion).OrElse(TimeSpan.Zero) > TimeSpan.Zero
            && spec.Analysis?.Metrics is { Count: > 0 } metrics
            && metrics.All(m => m is { MaxRate: null, CompareWith: null } and ({ Gauge: null } or { Gauge: { Max: null, Min: null } })))
        {
            problems.Invalid(path, "has nothing to go by: after the promotion only maxRate, compareWith: Stable (against what stable did before), and a gauge's max or min can be judged; add one of them, or write 0s");
        }
    }

    private static void CheckOrder(EmergencyPatchSpec spec, ProblemList problems)
    {
        const string path = "spec.promotion.order";
        if (spec.Promotion?.Order is not { Count: > 0 } order)
        {
            return;
        }

        foreach (var (index, role) in order.Numbered())
        {
            problems.OneOf($"{path}[{index}]", role, "Web", "Worker", "Cron");
        }

        problems.Unique(path, order, role => role);
        var missing = (spec.Workloads ?? []).Select(w => w?.Role ?? "Web").Distinct().Where(role => role is "Web" or "Worker" or "Cron" && !order.Contains(role)).ToArray();
        if (missing.Length > 0)
        {
            problems.Invalid(path, $"does not name {Words.Or(missing)}, which a workload has; name every role, or leave the order out for Web, Cron, Worker");
        }
    }
}

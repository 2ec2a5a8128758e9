using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What happens once the canary is judged: revert, promotion, closure.</summary>
internal static class AfterwardsRules
{
    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        problems.Duration("spec.revert.watchAfterPromotion", spec.Revert?.WatchAfterPromotion);
        problems.OneOf("spec.promotion.hold", spec.Promotion?.Hold, "UntilAdopted", "None");
        CheckOrder(spec, problems);
        problems.Duration("spec.closure.reviewWithin", spec.Closure?.ReviewWithin);
        problems.AtMost("spec.closure.criteria", spec.Closure?.Criteria, 50);
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

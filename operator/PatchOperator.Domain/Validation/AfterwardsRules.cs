using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What happens once the canary is judged: revert, promotion, closure.</summary>
internal static class AfterwardsRules
{
    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        problems.Duration("spec.revert.watchAfterPromotion", spec.Revert?.WatchAfterPromotion);
        problems.OneOf("spec.promotion.hold", spec.Promotion?.Hold, "UntilAdopted", "None");
        problems.Duration("spec.closure.reviewWithin", spec.Closure?.ReviewWithin);
        problems.AtMost("spec.closure.criteria", spec.Closure?.Criteria, 50);
    }
}

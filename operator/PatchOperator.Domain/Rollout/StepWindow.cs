using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>The stretch of time whose requests a measurement counts.</summary>
public static class StepWindow
{
    /// <summary>Where it begins; null while nobody can have reached a canary in this step.</summary>
    public static DateTimeOffset? CountedSince(this StepStatus step) => step.ServingSince ?? step.TakingSince;
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Gates;

/// <summary>No run starts blind: every metric was read on stable within the last moments.</summary>
internal static class PreflightGate
{
    public static Hold? Check(Draft draft)
    {
        if (Preflight.Problem(draft.Observed.Preflight) is { } problem)
        {
            var retry = draft.Now + draft.Policy.PreflightRetry;
            draft.Timing(t => t with { RetryAt = retry });
            draft.WakeAt(retry);
            return problem;
        }

        if (draft.Observed.Preflight is not null)
        {
            draft.Timing(t => t with { PreflightAt = draft.Now, RetryAt = null });
            return null;
        }

        if (draft.Status.Timings?.PreflightAt + draft.Policy.PreflightValidity > draft.Now)
        {
            return null;
        }

        if (draft.Status.Timings?.RetryAt is { } retryAt && retryAt > draft.Now)
        {
            draft.WakeAt(retryAt);
            var ready = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
            return new Hold(ready?.Reason ?? "MetricsUnavailable", ready?.Message ?? "");
        }

        draft.WakeAt(draft.Observed.IsMeasuring ? draft.Now + Schedule.LookAgain : draft.Now);
        return new Hold("CheckingMetrics", "Reading every metric once before the start.");
    }
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Replay;

/// <summary>What a replay takes from a patch: its steps and how its metrics are judged. Nothing else of the spec need be right.</summary>
public sealed record ReplayPlan
{
    public required IReadOnlyList<StepIntent> Steps { get; init; }

    public required IReadOnlyList<MetricIntent> Metrics { get; init; }

    /// <summary>For samples that name no metric.</summary>
    public ReplayPlan FirstMetricOnly() => this with { Metrics = [Metrics[0]] };

    /// <param name="spec">One whose <c>spec.canary</c> and <c>spec.analysis</c> have passed validation.</param>
    public static ReplayPlan Of(EmergencyPatchSpec spec)
    {
        var steps = spec.Canary!.Steps!;
        return new ReplayPlan
        {
            // A step without traffic has nothing to measure.
            Steps = [.. steps.Where(s => s.Weight > 0).Select(s => new StepIntent(s.Weight, s.Hold.OrElse(TimeSpan.Zero), PassEarly: s.PassEarly ?? false))],

            // Samples are failures and totals; a gauge has neither.
            Metrics = [.. spec.Analysis!.Metrics!.Where(m => m.Gauge is null).Select(m => MetricIntent.From(m, spec.Analysis))],
        };
    }
}

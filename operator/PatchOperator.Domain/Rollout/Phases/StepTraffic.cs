using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Who gets requests in this step, as the routers report it.</summary>
internal static class StepTraffic
{
    public static void Observe(Draft draft)
    {
        foreach (var target in draft.Canaries)
        {
            draft.Update(target, w => w with { ActualWeight = target.Observed.Traffic.ActualWeight ?? w.ActualWeight });
        }

        var step = draft.Status.Step!;
        var judged = draft.Judged;
        var known = judged.Where(t => t.Observed.Traffic.IsKnown).ToArray();
        var all = new TrafficObservation
        {
            IsKnown = known.Length == judged.Count,
            CanaryEndpoints = known.Sum(t => t.Observed.Traffic.CanaryEndpoints),
            StableEndpoints = known.Sum(t => t.Observed.Traffic.StableEndpoints),
        };
        draft.Status = draft.Status with
        {
            Step = step with
            {
                ActualWeight = (judged is [var only] ? only.Observed.Traffic.ActualWeight : judged.Any(t => t.IsRouted) ? judged.Max(t => t.Observed.Traffic.ActualWeight) : all.ActualWeight) ?? step.ActualWeight,
                ServingSince = step.ServingSince ?? (judged.All(t => Serves(step, t)) ? draft.Now : null),
            },
        };
    }

    private static bool Serves(StepStatus step, Target target) =>
        target.Observed.Traffic is { IsKnown: true, CanaryEndpoints: > 0 } && (!target.IsRouted || (step.Routing is { InPlaceAt: not null } routing && routing.Weight == step.Weight));
}

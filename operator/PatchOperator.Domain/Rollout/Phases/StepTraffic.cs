using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Who gets requests in this step, as the routers report it, and from when they are counted.</summary>
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
                TakingSince = step.TakingSince ?? (step.ServingSince is null && judged.Any(GetsRequests) ? draft.Now : null),
                ActualWeight = (judged is [var only] ? only.Observed.Traffic.ActualWeight : judged.Any(t => t.IsRouted) ? judged.Max(t => t.Observed.Traffic.ActualWeight) : all.ActualWeight) ?? step.ActualWeight,
            },
        };
    }

    /// <summary>
    /// From when every canary has the step's own traffic it is counted anew: what was measured before, at the weight of the step before or while one canary
    /// of several served, takes a bad canary back but lets no step pass.
    /// </summary>
    public static void BeginWindow(Draft draft)
    {
        var step = draft.Status.Step!;
        if (step.ServingSince is null && draft.Judged.All(t => Serves(step, t)))
        {
            draft.Status = draft.Status with
            {
                Step = step with { ServingSince = draft.Now },
                Analysis = draft.Status.Analysis?.Select(MetricReport.ForNextStep).ToArray(),
            };
        }
    }

    /// <summary>Nobody asks stable any more, as far as it was told.</summary>
    public static bool IsAll(StepStatus step) => (step.Routing?.Weight ?? (step.ServingSince is null ? 0 : step.Weight)) == 100;

    /// <summary>At whatever weight, and whether or not every gateway has followed: these are users' requests.</summary>
    private static bool GetsRequests(Target target) =>
        target.Observed.Traffic is { IsKnown: true, CanaryEndpoints: > 0 } traffic && (!target.IsRouted || (traffic.Routes ?? []).Any(r => r.Weight > 0));

    private static bool Serves(StepStatus step, Target target) =>
        target.Observed.Traffic is { IsKnown: true, CanaryEndpoints: > 0 } && (!target.IsRouted || (step.Routing is { InPlaceAt: not null } routing && routing.Weight == step.Weight));
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Which share of the traffic the canary gets, when, and from whom.</summary>
internal static class CanaryRules
{
    /// <summary>Beyond this a replica ratio needs more than nine canary pods for each stable pod.</summary>
    private const int HighestReplicaRatio = 90;

    private const string Path = "spec.canary";

    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        var canary = spec.Canary ?? new();
        TrafficRules.Check(canary, problems);
        if (canary.Steps is not { Count: > 0 })
        {
            problems.Invalid($"{Path}.steps", "is empty; write at least one step, such as {weight: 10, hold: 5m}");
        }

        problems.AtMost($"{Path}.steps", canary.Steps, 20);
        var byReplicas = !TrafficRules.IsRouted(canary.Traffic);
        var before = -1;
        foreach (var (index, step) in canary.Steps.Numbered())
        {
            CheckWeight($"{Path}.steps[{index}].weight", step.Weight, before, byReplicas, canary.Preview is not null && index == 0, problems);
            problems.Duration($"{Path}.steps[{index}].hold", step.Hold);
            before = Math.Max(before, step.Weight);
        }

        problems.Duration($"{Path}.progressDeadline", canary.ProgressDeadline, shortest: TimeSpan.FromSeconds(1));
    }

    private static void CheckWeight(string path, int weight, int before, bool byReplicas, bool mayBeNone, ProblemList problems)
    {
        if (weight == 0 && !mayBeNone)
        {
            problems.Invalid(path, "0 is out of range; write a percentage from 1 to 100, or, in the first step, say in spec.canary.preview whose requests reach the canary all the same");
        }
        else if (weight is < 0 or > 100)
        {
            problems.Invalid(path, $"{weight} is out of range; write a percentage from 1 to 100");
        }
        else if (weight <= before)
        {
            problems.Invalid(path, $"{weight} is not above the {before} of an earlier step; weights must increase from step to step");
        }
        else if (byReplicas && weight > HighestReplicaRatio)
        {
            problems.Invalid(
                path,
                $"{weight} is out of reach of a replica ratio, which beyond {HighestReplicaRatio} would need more than 9 canary pods for each stable pod; "
                + $"write at most {HighestReplicaRatio} and let the promotion do the rest");
        }
    }
}

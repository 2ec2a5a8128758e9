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
        CheckTraffic(canary.Traffic, problems);
        if (canary.Steps is not { Count: > 0 })
        {
            problems.Invalid($"{Path}.steps", "is empty; write at least one step, such as {weight: 10, hold: 5m}");
        }

        problems.AtMost($"{Path}.steps", canary.Steps, 20);
        var byReplicas = canary.Traffic?.HttpRoute is null && canary.Traffic?.Ingress is null;
        var before = 0;
        foreach (var (index, step) in canary.Steps.Numbered())
        {
            CheckWeight($"{Path}.steps[{index}].weight", step.Weight, before, byReplicas, problems);
            problems.Duration($"{Path}.steps[{index}].hold", step.Hold);
            before = Math.Max(before, step.Weight);
        }

        problems.Duration($"{Path}.progressDeadline", canary.ProgressDeadline, shortest: TimeSpan.FromSeconds(1));
    }

    private static void CheckTraffic(TrafficSpec? traffic, ProblemList problems)
    {
        string[] given =
        [
            .. traffic?.HttpRoute is null ? Array.Empty<string>() : ["httpRoute"],
            .. traffic?.Ingress is null ? Array.Empty<string>() : ["ingress"],
            .. traffic?.ReplicaRatio is null ? Array.Empty<string>() : ["replicaRatio"],
        ];
        if (given.Length > 1)
        {
            problems.Invalid($"{Path}.traffic", $"{string.Join(" and ", given)} are given; write at most one of httpRoute, ingress and replicaRatio");
        }

        if (traffic?.HttpRoute is { } route)
        {
            problems.Name($"{Path}.traffic.httpRoute.name", route.Name, Shapes.LongestName);
        }

        if (traffic?.Ingress is { } ingress)
        {
            problems.Name($"{Path}.traffic.ingress.name", ingress.Name, Shapes.LongestName);
        }
    }

    private static void CheckWeight(string path, int weight, int before, bool byReplicas, ProblemList problems)
    {
        if (weight is < 1 or > 100)
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

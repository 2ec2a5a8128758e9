namespace PatchOperator.Domain.Analysis;

/// <summary>The values that a query template may name.</summary>
public sealed record QueryVariables
{
    public required string Namespace { get; init; }

    public required string Workload { get; init; }

    public required IReadOnlyList<string> Pods { get; init; }

    /// <summary>canary or stable.</summary>
    public required string Track { get; init; }

    public required TimeSpan Window { get; init; }
}

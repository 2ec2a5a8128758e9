namespace PatchOperator.Domain.Analysis;

/// <summary>The values that a query template may name.</summary>
public sealed record QueryVariables
{
    public required string Namespace { get; init; }

    /// <summary>The Deployment that the patch is about, the same for both tracks.</summary>
    public required string Workload { get; init; }

    /// <summary>Exact pod names. Never a prefix or pattern: <c>shop</c> must not count the requests of <c>shop-admin</c>.</summary>
    public required IReadOnlyList<string> Pods { get; init; }

    /// <summary><c>canary</c> or <c>stable</c>.</summary>
    public required string Track { get; init; }

    public required TimeSpan Window { get; init; }

    /// <summary>Addresses of the pods, IPv4 or IPv6, without brackets.</summary>
    public IReadOnlyList<string> PodIps { get; init; } = [];

    /// <summary>The track's own Deployments: <c>web</c> for stable, <c>web-canary</c> for the canary.</summary>
    public IReadOnlyList<string> Deployments { get; init; } = [];

    /// <summary>The Services that a route sends the track's requests to.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Patterns of the paths of the metric's surfaces.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>();
}

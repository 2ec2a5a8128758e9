using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>Kinds of objects that split traffic by weight.</summary>
public enum RouteKind
{
    HTTPRoute,
    Ingress,
}

/// <summary>A route in the patch's own namespace, <c>HTTPRoute shop</c>.</summary>
public readonly record struct RouteRef(RouteKind Kind, string Name)
{
    public override string ToString() => $"{Kind} {Name}";
}

/// <param name="Header">Name of the header that marks a tester's request, or null.</param>
/// <param name="Cookie">Name of the cookie that does, or null.</param>
/// <param name="Value">What it has to be.</param>
public sealed record PreviewIntent(string? Header, string? Cookie, string Value);

/// <summary>Who splits the traffic of the workloads that answer requests.</summary>
public sealed record TrafficIntent
{
    /// <summary>None where the number of pods decides.</summary>
    public IReadOnlyList<RouteRef> Routes { get; init; } = [];

    public PreviewIntent? Preview { get; init; }

    public static TrafficIntent From(CanarySpec spec)
    {
        var traffic = spec.Traffic ?? new TrafficSpec();
        var preview = spec.Preview;
        return new TrafficIntent
        {
            Routes =
            [
                .. new[] { traffic.HttpRoute }.Concat(traffic.HttpRoutes ?? []).OfType<NamedReference>().Select(r => new RouteRef(RouteKind.HTTPRoute, r.Name!)),
                .. new[] { traffic.Ingress }.OfType<NamedReference>().Select(r => new RouteRef(RouteKind.Ingress, r.Name!)),
            ],
            Preview = (preview?.Header ?? preview?.Cookie)?.Value is { } value ? new PreviewIntent(preview!.Header?.Name, preview.Cookie?.Name, value) : null,
        };
    }
}

/// <summary>What status and routes say in the same words.</summary>
public static class Routes
{
    public static RouteRef Ref(this RouteStatus route) => new(Enum.TryParse<RouteKind>(route.Kind, out var kind) ? kind : RouteKind.HTTPRoute, route.Name);

    /// <summary>Percent that the routes are to give this workload's canary; null before anything is asked of them.</summary>
    public static int? WeightOf(this StepStatus? step, WorkloadStatus workload) => (step?.Routing, workload) switch
    {
        (null, _) => null,
        (_, { StandsInSince: not null }) => 100,
        (_, { CanaryDownSince: not null }) => 0,
        ({ } routing, _) => routing.Weight,
    };

    public static IReadOnlyList<string> Services(this RouteStatus route) => [.. (route.Backends ?? []).Select(b => b.Service).Distinct(StringComparer.Ordinal)];
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>A route of a story's world, with the gateway behind it and the canary's Service.</summary>
internal sealed class StoryRoute
{
    /// <summary>Percent that the route gives the canary; null while it does not name it.</summary>
    public int? Weight { get; set; }

    /// <summary>What stable's backend weighs without a canary; someone may write another one.</summary>
    public int Before { get; set; } = 1;

    /// <summary>What a split rule says of itself to whoever did not save what it was: the two shares together.</summary>
    private const int Together = 100;

    public bool Exists { get; set; } = true;

    /// <summary>What comes of that weight, where it is something else.</summary>
    public int? Share { get; set; }

    public string? TooCoarse { get; set; }

    public bool GatewayFollows { get; set; } = true;

    /// <summary>The API server takes changes of the route.</summary>
    public bool CanBeWritten { get; set; } = true;

    public bool ServiceExists { get; set; }

    public bool ServiceLeadsToCanary { get; set; }

    public int Writes { get; private set; }

    /// <summary>A rule of it names the workload's Service, with a weight.</summary>
    public bool LeadsToWorkload { get; set; } = true;

    /// <summary>Who changed it, as the API server's books say.</summary>
    public string? ChangedBy { get; set; }

    /// <summary>Why it cannot split the traffic before a start.</summary>
    public TrafficObstacle? Obstacle
    {
        get => field ?? (!Exists ? new TrafficObstacle("RouteNotFound", "there is none")
            : Weight is not null ? new TrafficObstacle("RouteNamesCanary", "it names a canary already")
            : !LeadsToWorkload ? new TrafficObstacle("RouteNamesNoService", "it leads elsewhere")
            : null);
        set;
    }

    public TrafficObservation Observe(ScheduledRouting? routing, bool isKnown, IReadOnlyList<PodObservation> canary, int stable) => new()
    {
        IsKnown = isKnown,
        CanaryEndpoints = ServiceLeadsToCanary ? canary.Count(p => p.Ready) : 0,
        StableEndpoints = stable,
        CanaryIsReachable = ServiceLeadsToCanary,
        Obstacle = isKnown && routing?.Weight is null ? Obstacle : null,
        Leftovers = ServiceExists ? ["Service web-canary"] : [],
        Routes =
        [
            new RouteObservation
            {
                Route = new RouteRef(RouteKind.HTTPRoute, "shop"),
                Exists = Exists,
                Backends = [new BackendRecord { Service = "web", Weight = Weight is null ? Before : Saved(routing?.Routes) }],
                Weight = Exists && LeadsToWorkload ? Share ?? Weight ?? 0 : 0,
                TooCoarse = TooCoarse,
                IsAsAsked = Exists && (routing?.Weight == Weight || !LeadsToWorkload),
                NamesCanary = Exists && Weight is not null,
                HasFollowed = GatewayFollows || !Exists,
                ChangedBy = ChangedBy,
            },
        ],
    };

    public void Do(PlanAction action)
    {
        switch (action)
        {
            case EnsureRoutes ensure:
                (ServiceExists, ServiceLeadsToCanary) = (true, true);

                // As the JSON patch with tests does it: what was not saved is not overwritten.
                if (ensure.Weight is not null && CanBeWritten && Exists && LeadsToWorkload && (Weight is not null || ensure.Routes.Single().Backends!.SequenceEqual([Own])))
                {
                    Weight = ensure.Weight;
                    Writes++;
                }

                break;
            case WithdrawCanaryTraffic withdraw:
                ServiceLeadsToCanary = false;
                if (CanBeWritten && Exists)
                {
                    (Before, Weight) = (Weight is null ? Before : Saved(withdraw.Routes), null);
                    Writes++;
                }

                break;
            case DeleteRouting:
                (ServiceExists, ServiceLeadsToCanary) = (false, false);
                break;
        }
    }

    private static int Saved(IReadOnlyList<RouteStatus>? routes) => routes?.SingleOrDefault()?.Backends is [{ Weight: { } weight }] ? weight : Together;

    private BackendRecord Own => new() { Service = "web", Weight = Before };
}

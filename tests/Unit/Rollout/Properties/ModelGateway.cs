namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>What serves a route: it takes every change over after a while, and then reports so.</summary>
internal sealed class ModelGateway(StoryRoute route)
{
    private object? seen;
    private object? followed;
    private DateTimeOffset changedAt;
    private int made;

    public StoryRoute Route => route;

    public TimeSpan Delay { get; set; }

    /// <summary>What was reported stays; of later changes nothing is heard while it does not.</summary>
    public bool Reports { get; set; } = true;

    /// <summary>When it will report the last change; null when it has, or never will.</summary>
    public DateTimeOffset? FollowsAt => Reports && !Equals(followed, Shape) ? changedAt + Delay : null;

    private object Shape => (made, route.Exists, route.Weight, route.Before, route.LeadsToWorkload);

    public void MakeAnew()
    {
        made++;
        (route.Exists, route.Weight) = (true, null);
    }

    public void Look(DateTimeOffset now)
    {
        if (!Equals(seen, Shape))
        {
            (seen, changedAt) = (Shape, now);
        }

        if (FollowsAt <= now)
        {
            followed = seen;
        }

        route.GatewayFollows = Equals(followed, Shape);
    }
}

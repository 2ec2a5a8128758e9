using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>What keeps a patch from being accepted is said once, stays said while nobody can tell whether it is still so, and ends by itself.</summary>
public sealed class BlockedStories
{
    private const string Taken = "CanaryServiceNameTaken";
    private readonly Story story = RoutedStories.Routed();
    private int reconciles;

    [Fact]
    public void A_name_that_is_taken_blocks_once_and_the_patch_goes_on_when_it_is_free()
    {
        story.Approve();
        story.Web.Route!.Obstacle = NameTaken;
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        Look(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Blocked, Taken), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains("Service web-canary", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        Assert.Single(story.Trail, r => r.Action == Taken);
        Assert.InRange(reconciles, 20, 50);
        story.Web.Route.Obstacle = null;
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromSeconds(31));
        Assert.Equal(["AwaitingApproval", "Blocked", "AwaitingApproval", "Progressing"], story.Phases);
    }

    [Fact]
    public void A_name_that_is_taken_before_anyone_approves_blocks_once_too()
    {
        story.Web.Route!.Obstacle = NameTaken;
        Look(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Blocked, Taken), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Single(story.Trail);
        story.Web.Route.Obstacle = null;
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromSeconds(31));
    }

    [Fact]
    public void What_cannot_be_seen_after_a_restart_is_not_over()
    {
        story.Approve();
        story.Web.Route!.Obstacle = NameTaken;
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        for (var restart = 0; restart < 10; restart++)
        {
            story.TrafficIsKnown = false;
            Look(TimeSpan.FromMinutes(1));
            Assert.Equal((PatchPhase.Blocked, Taken), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
            story.TrafficIsKnown = true;
            Look(TimeSpan.FromMinutes(1));
        }

        Assert.Equal((PatchPhase.Blocked, Taken), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Single(story.Trail, r => r.Action == Taken);
        Assert.InRange(reconciles, 20, 60);
        story.Web.Route.Obstacle = null;
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromSeconds(31));
    }

    [Fact]
    public void A_restart_that_has_no_caches_yet_leaves_no_second_record()
    {
        story.Web.Route!.Obstacle = NameTaken;
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        for (var restart = 0; restart < 5; restart++)
        {
            (story.TrafficIsKnown, story.MeasurementsTakeARound) = (false, true);
            Look(TimeSpan.FromSeconds(1));
            story.TrafficIsKnown = true;
            Look(TimeSpan.FromMinutes(1));
        }

        Assert.Single(story.Trail);
    }

    [Fact]
    public void Metrics_that_stay_out_of_reach_are_told_once_although_each_try_takes_its_time()
    {
        story.MeasurementsTakeARound = true;
        story.PreflightReading = new TrackReading.Failed("connection refused", Terminal: false);
        Look(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Blocked, "MetricsUnavailable"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Single(story.Trail);
        story.PreflightReading = null;
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromSeconds(35));
    }

    [Fact]
    public void An_obstacle_that_is_gone_is_not_told_any_more_while_the_routes_cannot_be_read()
    {
        var stable = story.Stable;
        story.Stable = null;
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        (story.Stable, story.TrafficIsKnown) = (stable, false);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
    }

    private static TrafficObstacle NameTaken => new(Taken, "the canary needs a Service web-canary, and one exists that does not belong to this patch. Remove or rename it.");

    /// <summary>Looks on as the operator would: when it wanted to be woken, and no sooner.</summary>
    private void Look(TimeSpan span)
    {
        var end = story.Now + span;
        while (story.Now < end)
        {
            var plan = story.Reconcile();
            var next = plan is { WakeUpAt: null, Actions.Count: 0 } ? end : story.Next(plan);
            reconciles++;
            story.Pass((next < end ? next : end) - story.Now);
        }
    }
}

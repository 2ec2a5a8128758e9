using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Somebody scales stable to nothing in mid-run, or what must go does not: the canary is all that answers, or is in nobody's way.</summary>
public sealed class EmptiedStories
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void While_stable_has_no_pods_in_the_promotion_the_canary_stays_and_a_person_is_asked(bool isRouted)
    {
        var story = isRouted ? RoutedStories.Routed() : new Story();
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(10));
        Scale(story, 0);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(PatchPhase.Promoting, story.Phase);
        Assert.Contains("was scaled to 0 replicas", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(15));
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.NotNull(story.Canary);
        Assert.True(isRouted ? story.Web.Route!.Weight == 100 : story.CanaryPods.All(p => p.InRotation));
        Assert.DoesNotContain(story.Trail, r => r.Action == "StableLost");

        Scale(story, 4);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Stable_that_loses_its_pods_when_it_was_patched_already_is_waited_for_with_one_record()
    {
        var story = RoutedStories.Routed();
        story.Approve();
        story.Web.CanaryCanBeDeleted = false;
        story.RunUntil(() => story.Status.Workloads?[0].PatchedAt is not null, TimeSpan.FromMinutes(10));
        Scale(story, 0);
        var before = story.Trail.Count();
        story.RunFor(TimeSpan.FromMinutes(20));
        Assert.InRange(story.Trail.Count() - before, 0, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_step_whose_stable_has_no_pods_left_does_not_pass_and_its_canary_keeps_its_pods(bool comesBack)
    {
        var story = new Story();
        story.Edit(spec => spec with
        {
            Canary = spec.Canary! with { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("2m") }] },
            Analysis = spec.Analysis! with { Metrics = [spec.Analysis.Metrics![0] with { CompareWith = null }] },
        });
        story.StartCanary();
        Assert.Equal(4, story.Canary!.Replicas);
        Scale(story, 0);
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Progressing, 4, 4), (story.Phase, story.Canary!.Replicas, story.CanaryPods.Count(p => p.InRotation)));
        if (comesBack)
        {
            Scale(story, 4);
            story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        }
        else
        {
            story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(10));
            Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
            Assert.Contains("was scaled to 0 replicas", story.Status.Revert.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_canary_that_terminates_for_ever_with_a_pod_on_a_dead_node_ends_no_revert_late_and_spins_nothing()
    {
        var story = new Story();
        story.StartCanary();
        story.Web.CanaryCanBeDeleted = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(() => story.Done.OfType<DeleteCanary>().Any(), TimeSpan.FromMinutes(1));
        story.Web.Canary = story.Canary! with { IsTerminating = true };
        for (var i = 0; i < story.CanaryPods.Count; i++)
        {
            story.CanaryPods[i] = story.CanaryPods[i] with { Ready = false, IsTerminating = true };
        }

        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(3));
    }

    [Fact]
    public void In_a_promotion_a_gateway_that_does_not_follow_any_more_keeps_the_canary()
    {
        var story = RoutedStories.Routed();
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(10));
        story.Web.Route!.GatewayFollows = false;
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(15));
        Assert.Equal("CanaryNotRemoved", story.Condition(ConditionTypes.Ready).Reason);
        Assert.Contains("its gateway has not reported that it follows", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.NotNull(story.Canary);
        story.Web.Route.GatewayFollows = true;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
    }

    private static void Scale(Story story, int replicas) => story.Stable = story.Stable! with { Replicas = replicas, ReadyReplicas = replicas, IsRolledOut = true };
}

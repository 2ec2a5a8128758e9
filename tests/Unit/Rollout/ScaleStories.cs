using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Without routes the number of canary pods is the weight, and others may change it.</summary>
public sealed class ScaleStories
{
    private readonly Story story = new();

    [Fact]
    public void A_canary_that_someone_scales_is_put_back_at_once_and_told_once_and_the_time_does_not_count()
    {
        story.StartCanary();
        var (wanted, notBefore) = (story.Canary!.Replicas, story.Status.Step!.NotBefore);
        ScaleTo(3);
        story.Reconcile();
        Assert.Equal("TrafficEdited", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        Assert.Contains($"3 pods instead of {wanted}", story.Trail.Single(r => r.Action == "TrafficEdited").Detail, StringComparison.Ordinal);
        Assert.Equal(wanted, story.Canary!.Replicas);
        story.Pass(TimeSpan.FromSeconds(1));
        story.Reconcile();
        Assert.DoesNotContain(story.Status.Conditions!, c => c.Type == ConditionTypes.TrafficAtWeight);
        Assert.Equal(notBefore + TimeSpan.FromSeconds(1), story.Status.Step!.NotBefore);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Single(story.Trail, r => r.Action == "TrafficEdited");
    }

    [Theory]
    [InlineData(4, 25, 1, 20)]
    [InlineData(4, 50, 4, 50)]
    [InlineData(2, 5, 1, 33)]
    public void What_the_pods_come_to_is_told_beside_what_was_asked_for(int stable, int weight, int pods, int actual)
    {
        story.Stable = story.Stable! with { Replicas = stable, ReadyReplicas = stable };
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = weight, Hold = new Duration("1h") }] } });
        story.StartCanary();
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((pods, weight, actual), (story.Canary!.Replicas, story.Status.Step!.Weight, story.Status.Step.ActualWeight));
        Assert.Equal(actual, story.Status.Workloads!.Single().ActualWeight);
    }

    [Theory]
    [InlineData("kube-controller-manager", "was scaled by kube-controller-manager to 3 pods")]
    [InlineData(null, "was scaled by someone else to 3 pods")]
    public void Who_scales_it_is_named_where_it_is_known(string? manager, string told)
    {
        story.StartCanary();
        story.Web.Canary = story.Canary! with { Replicas = 3, ScaledBy = manager };
        story.Reconcile();
        Assert.Contains(told, Assert.Single(story.Trail, r => r.Action == "TrafficEdited").Detail, StringComparison.Ordinal);
        Assert.Contains(told, story.Condition(ConditionTypes.TrafficAtWeight).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_step_advances_while_the_number_is_wrong()
    {
        story.StartCanary();
        ScaleTo(3);
        story.Refused = a => a is EnsureCanary;
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Status.Step!.Index));
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(10));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("3 pods instead of", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_keeps_scaling_it_is_named_once_and_answered_ever_more_slowly()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("2h") }] } });
        story.StartCanary();
        for (var i = 0; i < 8; i++)
        {
            ScaleTo(3);
            story.RunUntil(() => story.Canary!.Replicas != 3, TimeSpan.FromMinutes(1));
            story.RunFor(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal((3, 1), (story.Trail.Count(r => r.Action == "TrafficEdited"), story.Trail.Count(r => r.Action == "TrafficContested")));
        ScaleTo(3);
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal((3, "TrafficContested"), (story.Canary!.Replicas, story.Condition(ConditionTypes.TrafficAtWeight).Reason));
    }

    [Fact]
    public void A_stable_that_is_scaled_takes_the_canary_with_it_and_that_is_no_edit()
    {
        story.StartCanary();
        var before = story.Canary!.Replicas;
        story.Stable = story.Stable! with { Replicas = 12, ReadyReplicas = 12 };
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.True(story.Canary!.Replicas > before);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.DoesNotContain(story.Trail, r => r.Action == "TrafficEdited");
    }

    [Fact]
    public void A_ramp_of_stable_that_outlasts_the_deadline_ends_no_healthy_canary()
    {
        story.Edit(s => s with { Canary = s.Canary! with { ProgressDeadline = new Duration("2m"), Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("8m") }] } });
        story.StartCanary();
        for (var replicas = 5; replicas < 20; replicas++)
        {
            story.PodsBecomeReady = false;
            story.Stable = story.Stable! with { Replicas = replicas, ReadyReplicas = replicas };
            story.RunFor(TimeSpan.FromSeconds(15));
            story.PodsBecomeReady = true;
            SetReady();
            story.RunFor(TimeSpan.FromSeconds(15));
        }

        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(15));
    }

    [Fact]
    public void A_ramp_gives_pods_that_never_become_ready_no_more_than_the_deadline()
    {
        story.Edit(s => s with { Canary = s.Canary! with { ProgressDeadline = new Duration("2m"), Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("8m") }] } });
        story.StartCanary();
        story.PodsBecomeReady = false;
        var since = story.Now;
        for (var replicas = 5; story.Phase is PatchPhase.Progressing && replicas < 40; replicas++)
        {
            story.Stable = story.Stable! with { Replicas = replicas, ReadyReplicas = replicas };
            story.RunFor(TimeSpan.FromSeconds(15));
        }

        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2.5));
    }

    [Fact]
    public void Behind_a_route_the_canary_keeps_its_pods_where_stable_shrinks_because_it_has_less_to_do()
    {
        var routed = RoutedStories.Routed();
        routed.Stable = routed.Stable! with { Replicas = 8, ReadyReplicas = 8 };
        routed.StartCanary();
        Assert.Equal(2, routed.Canary!.Replicas);
        routed.Stable = routed.Stable! with { Replicas = 3, ReadyReplicas = 3 };
        routed.RunUntil(() => routed.Web.Route!.Weight == 50, TimeSpan.FromMinutes(10));
        Assert.Equal(4, routed.Canary!.Replicas);
    }

    [Fact]
    public void A_canary_that_someone_deletes_is_made_anew_and_nobody_scaled_it()
    {
        story.StartCanary();
        story.Web.Canary = null;
        story.CanaryPods.Clear();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.DoesNotContain(story.Trail, r => r.Action == "TrafficEdited");
    }

    [Fact]
    public void While_stable_is_promoted_the_canary_keeps_its_share_too()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        var wanted = story.Canary!.Replicas;
        ScaleTo(0);
        story.Reconcile();
        Assert.Equal((PatchPhase.Promoting, wanted), (story.Phase, story.Canary!.Replicas));
        Assert.Single(story.Trail, r => r.Action == "TrafficEdited");
    }

    private void SetReady()
    {
        for (var i = 0; i < story.CanaryPods.Count; i++)
        {
            story.CanaryPods[i] = story.CanaryPods[i] with { Ready = true };
        }
    }

    private void ScaleTo(int replicas) => story.Web.Canary = story.Canary! with { Replicas = replicas };
}

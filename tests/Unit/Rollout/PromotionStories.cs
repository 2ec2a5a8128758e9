using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>From the first patched workload to the end of the last canary: what goes wrong in between is seen.</summary>
public sealed class PromotionStories
{
    private readonly Story story = new();
    private readonly StoryWorkload consumers = new(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_sync_sets_back_in_the_promotion_is_patched_again_before_the_canary_goes(bool canaryIsLast)
    {
        Unit();
        consumers.StableRollsOut = canaryIsLast;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        if (canaryIsLast)
        {
            story.Web.CanaryCanBeDeleted = false;
            story.RunUntil(() => story.Status.Workloads!.All(w => w.PatchedAt is not null), TimeSpan.FromMinutes(1));
        }

        story.Web.SetByOthers(Story.Old);
        story.Wait(TimeSpan.FromSeconds(2));
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromSeconds(5));
        Assert.NotNull(story.Canary);
        Assert.Single(story.Trail, r => r.Action == "DriftDetected");
        (story.Web.CanaryCanBeDeleted, consumers.StableRollsOut) = (true, true);
        consumers.Stable = consumers.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
        Assert.All(story.World, w => Assert.Equal(Story.New, w.Image));
    }

    [Fact]
    public void An_abort_whose_first_write_of_images_was_never_tried_is_no_one_s_bringing_them_back()
    {
        Unit();
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "second thoughts");
        story.AnswersAreLost = true;
        story.Reconcile();
        (story.AnswersAreLost, consumers.StableRollsOut) = (false, true);
        story.Wait(TimeSpan.FromSeconds(2));
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(story.Trail, r => r.Action == "DriftDetected");
    }

    [Fact]
    public void The_canary_stays_where_stable_lost_its_pods_while_others_were_waited_for()
    {
        Unit();
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        Assert.NotNull(story.Status.Workloads![0].PatchedAt);
        story.Stable = story.Stable! with { ReadyReplicas = 1, IsRolledOut = false };
        consumers.Stable = consumers.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.NotNull(story.Canary);
        Assert.Equal((PatchPhase.Promoting, true), (story.Phase, story.CanaryPods.All(p => p.InRotation)));
        Assert.Single(story.Trail, r => r.Action == "StableLost");
        story.Stable = story.Stable with { ReadyReplicas = 4, IsRolledOut = true };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Pods_that_an_autoscaler_adds_for_the_requests_that_come_back_keep_no_canary()
    {
        Unit();
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Stable = story.Stable! with { Replicas = 8, IsRolledOut = false };
        consumers.Stable = consumers.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Stable_that_crashes_or_lacks_what_its_canary_had_must_stay_up_before_the_canary_goes(bool crashes, bool lacks)
    {
        if (lacks)
        {
            story.Edit(s => s with { Workloads = [.. s.Workloads!.Select(w => w with { Canary = new CanaryOverlay { Env = [new EnvVar { Name = "MAGENTO_CACHE_PREFIX", Value = "canary_" }] } })] });
        }

        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        if (crashes)
        {
            story.Web.StablePods.Add(new PodObservation { Name = "web-1", Ip = "10.0.1.1", Ready = true, InRotation = true, HasCrashed = true, Images = new Dictionary<string, string> { ["php"] = Story.New } });
        }

        story.RunFor((crashes ? story.Policy.Settled : story.Policy.RolloutSettle) - TimeSpan.FromSeconds(2));
        Assert.Null(story.Status.Workloads![0].PatchedAt);
        Assert.NotNull(story.Canary);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Who_brings_the_vulnerable_image_back_all_through_the_promotion_is_named_and_answered_ever_more_slowly_once_it_is_stuck()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        while (story.Phase is PatchPhase.Promoting)
        {
            Sync();
        }

        Assert.Equal(PatchPhase.Degraded, story.Phase);
        Assert.Contains("argocd-controller", story.Trail.Last().Detail, StringComparison.Ordinal);
        Assert.Equal(("True", "FightOverImages"), (story.Condition(ConditionTypes.Stalled).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.InRange(story.Trail.Count(r => r.Action == "DriftDetected"), 3, 9);
        for (var i = 0; i < 720; i++)
        {
            Sync();
        }

        var sets = story.Done.OfType<SetStableImages>().Count();
        for (var i = 0; i < 720; i++)
        {
            Sync();
        }

        Assert.InRange(story.Done.OfType<SetStableImages>().Count() - sets, 1, 13);

        void Sync()
        {
            story.Web.SetByOthers(Story.Old, "argocd-controller");
            story.RunFor(TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public void After_a_retry_stable_has_the_progress_deadline_again_whatever_was_known_before()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Stable = story.Stable! with { RolloutFailure = "ProgressDeadlineExceeded: stuck" };
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromSeconds(5));
        story.Command(Commands.Retry, "the quota is raised");
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromSeconds(5));
        var since = story.Now;
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal(PatchPhase.Promoting, story.Phase);
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(2));
        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(9.9), TimeSpan.FromMinutes(10.1));
    }

    [Theory]
    [InlineData(PatchPhase.Promoting)]
    [InlineData(PatchPhase.Degraded)]
    public void A_canary_that_turns_bad_while_stable_does_not_roll_out_is_taken_back(PatchPhase phase)
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Phase == phase && story.Web.Image == Story.New, TimeSpan.FromMinutes(30));
        story.RunFor(TimeSpan.FromMinutes(2));
        story.CanaryErrorRate = 0.5;
        story.StableRollsOut = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(30));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
        Assert.Equal((Story.Old, null), (story.Web.Image, story.Canary));
    }

    [Fact]
    public void S5_both_tracks_bad_while_stable_does_not_roll_out_is_not_blamed_on_the_patch()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(30));
        (story.CanaryErrorRate, story.StableErrorRate) = (0.5, 0.5);
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal(PatchPhase.Degraded, story.Phase);
    }

    [Theory]
    [InlineData(PatchPhase.Promoting)]
    [InlineData(PatchPhase.Degraded)]
    public void A_canary_that_somebody_deletes_is_made_again_while_it_is_needed(PatchPhase phase)
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Phase == phase && story.Web.Image == Story.New, TimeSpan.FromMinutes(30));
        story.Web.Canary = null;
        story.CanaryPods.Clear();
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.NotNull(story.Canary);
        Assert.All(story.CanaryPods, p => Assert.True(p.Ready));
        story.Stable = story.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
    }

    private void Unit()
    {
        story.World.Add(consumers);
        story.Edit(s => s with
        {
            Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }],
        });
    }
}

using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Nothing waits for ever, whatever else fails at the same time.</summary>
public sealed class DeadlineStories
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private readonly Story story = new();

    [Fact]
    public void Pods_that_no_Service_sends_requests_to_are_taken_back_at_the_deadline()
    {
        story.Approve();
        story.RunUntil(() => story.CanaryPods.Count > 0, TimeSpan.FromMinutes(1));
        story.CanaryPods[0] = story.CanaryPods[0] with { InRotation = false };
        story.RunUntil(PatchPhase.Reverted, Deadline + TimeSpan.FromMinutes(1));
        Assert.Contains("no Service sends them requests", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quota_is_shown_in_the_controllers_words_and_ends_at_the_deadline()
    {
        story.PodsBecomeReady = false;
        story.Approve();
        story.RunUntil(() => story.Canary is not null, TimeSpan.FromMinutes(1));
        story.CanaryPods.Clear();
        story.Web.Canary = story.Canary! with { Problem = "Deployment magento-web-canary: FailedCreate. exceeded quota: pods" };
        story.Reconcile();
        Assert.Contains("exceeded quota", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.RunUntil(PatchPhase.Reverted, Deadline + TimeSpan.FromMinutes(1));
        Assert.Contains("exceeded quota", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_loop_that_is_ready_now_and_then_does_not_outwit_the_deadline()
    {
        story.CanaryReading = new TrackReading.NoData("no samples yet");
        story.StartCanary();
        var since = story.Now;
        for (var ready = false; story.Phase is PatchPhase.Progressing && story.Now - since < TimeSpan.FromMinutes(30); ready = !ready)
        {
            story.CanaryPods[0] = story.CanaryPods[0] with { Ready = ready, Problem = ready ? null : "Pod a, container php: CrashLoopBackOff (exit code 255, 7 restarts)." };
            story.RunFor(TimeSpan.FromSeconds(ready ? 20 : 60));
        }

        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(12));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("CrashLoopBackOff", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_does_not_pass_in_the_moments_in_which_a_crash_loop_runs()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("30s") }] } });
        story.StartCanary();
        var since = story.Now;
        for (var runs = true; story.Phase is PatchPhase.Progressing && story.Now - since < TimeSpan.FromMinutes(30); runs = !runs)
        {
            story.CanaryPods[0] = story.CanaryPods[0] with { Ready = runs, HasCrashed = true, Problem = runs ? null : "Pod a, container php: CrashLoopBackOff (exit code 255, 7 restarts)." };
            story.RunFor(TimeSpan.FromSeconds(runs ? 50 : 60));
            if (runs)
            {
                Assert.Equal("CanaryCrashed", story.Condition(ConditionTypes.Ready).Reason);
            }
        }

        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_canary_that_crashed_once_and_stays_up_passes_a_minute_later()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("5s") }] } });
        story.StartCanary();
        story.CanaryPods[0] = story.CanaryPods[0] with { HasCrashed = true };
        story.RunFor(TimeSpan.FromSeconds(50));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_crash_looping_canary_that_still_serves_is_analysed_and_reverted_long_before_the_deadline()
    {
        story.StartCanary();
        story.RunUntil(() => story.Status.Step is { Index: 1, ReadyAt: not null }, TimeSpan.FromMinutes(5));
        var since = story.Now;
        story.CanaryPods[0] = story.CanaryPods[0] with { Ready = false, Problem = "Pod a, container php: CrashLoopBackOff" };
        story.CanaryErrorRate = 0.3;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
        Assert.True(story.Now - since < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_long_hold_with_a_pod_that_moves_once_in_a_while_is_no_crash_loop()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("4h") }] } });
        story.StartCanary();
        for (var i = 0; i < 20; i++)
        {
            story.CanaryPods[0] = story.CanaryPods[0] with { Ready = false };
            story.RunFor(TimeSpan.FromMinutes(1));
            story.CanaryPods[0] = story.CanaryPods[0] with { Ready = true };
            story.RunFor(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(PatchPhase.Progressing, story.Phase);
    }

    [Fact]
    public void Scaling_stable_up_and_down_pauses_no_analysis()
    {
        story.StartCanary();
        story.CanaryErrorRate = 0.3;
        var since = story.Now;
        for (var i = 0; story.Phase is PatchPhase.Progressing && i < 60; i++)
        {
            story.Stable = story.Stable! with { Replicas = 4 + (i % 2 * 8), IsRolledOut = false };
            story.RunFor(TimeSpan.FromSeconds(5));
        }

        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
        Assert.True(story.Now - since < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void The_deadline_fires_while_metrics_fail_and_the_API_server_refuses_everything()
    {
        story.PodsBecomeReady = false;
        story.Approve();
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        story.CanaryReading = new TrackReading.Failed("connection refused", Terminal: false);
        story.ActionProblem = "admission webhook denied the request";
        story.TrafficIsKnown = false;
        story.RunUntil(PatchPhase.Reverted, Deadline + TimeSpan.FromMinutes(1));
        Assert.Contains("admission webhook denied the request", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_the_promotion_a_canary_without_proof_of_its_withdrawal_goes_all_the_same()
    {
        story.TrafficIsKnown = true;
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(10));
        story.TrafficIsKnown = false;
        var since = story.Now;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        Assert.InRange(story.Now - since, story.Policy.WithdrawalProof, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_canary_that_cannot_be_removed_ends_in_a_call_for_a_person_and_goes_on_by_itself(bool promoted)
    {
        story.Approve();
        story.RunUntil(() => promoted ? story.Phase is PatchPhase.Promoting : story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(10));
        story.Web.CanaryCanBeDeleted = false;
        story.ActionProblem = "deployments.apps is forbidden";
        if (!promoted)
        {
            story.Command(Commands.Abort, "now");
        }

        story.RunUntil(PatchPhase.Degraded, Deadline + TimeSpan.FromMinutes(2));
        Assert.Contains("forbidden", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.Web.CanaryCanBeDeleted = true;
        story.RunUntil(promoted ? PatchPhase.Promoted : PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_revert_has_two_minutes_however_short_the_deadline_of_the_steps(bool ends)
    {
        story.Edit(s => s with { Canary = s.Canary! with { ProgressDeadline = new Duration("20s") } });
        story.StartCanary();
        story.Web.CanaryCanBeDeleted = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(1));
        var since = story.Now;
        if (ends)
        {
            story.RunFor(TimeSpan.FromSeconds(60));
            story.Web.CanaryCanBeDeleted = true;
        }

        story.RunUntil(ends ? PatchPhase.Reverted : PatchPhase.Degraded, TimeSpan.FromMinutes(3));
        Assert.InRange(story.Now - since, TimeSpan.FromSeconds(ends ? 60 : 120), TimeSpan.FromSeconds(ends ? 65 : 125));
        Assert.Equal(!ends, story.Trail.Any(r => r.Action == "RevertStuck"));
    }

    [Fact]
    public void Stable_set_to_a_third_image_in_a_revert_is_not_waited_for()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "now");
        story.Reconcile();
        story.Web.SetByOthers(Story.Third);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Third, story.Web.Image);
    }
}

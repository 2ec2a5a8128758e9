using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The safety rules, each as a story that would end otherwise without it.</summary>
public sealed class SafetyStories
{
    private readonly Story story = new();

    [Fact]
    public void S1_no_missing_metrics_suspend_or_unready_stable_blocks_a_revert()
    {
        story.StartCanary();
        story.CanaryReading = new TrackReading.Failed("connection refused", Terminal: false);
        story.Edit(s => s with { Suspend = true });
        story.Stable = story.Stable! with { IsRolledOut = false, ReadyReplicas = 1, RolloutFailure = "ProgressDeadlineExceeded: stuck" };
        story.Command(Commands.Abort, "checkout is down");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(30));
        Assert.Null(story.Canary);
    }

    [Fact]
    public void S1_endpoints_that_cannot_be_read_delay_the_removal_by_a_bounded_time()
    {
        story.StartCanary();
        story.TrafficIsKnown = false;
        story.Command(Commands.Abort, "now");
        var since = story.Now;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.InRange(story.Now - since, story.Policy.WithdrawalProof, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(5));
        Assert.Contains(story.Trail, r => r.Action == "WithdrawalNotProven");
    }

    [Fact]
    public void S2_canary_pods_stay_while_endpoints_still_point_at_them()
    {
        story.StartCanary();
        story.WithdrawalWorks = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(10));
        story.Wait(TimeSpan.FromSeconds(3));
        story.Reconcile();
        Assert.NotNull(story.Canary);
    }

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(double.NaN, 100.0)]
    [InlineData(0.0, double.NaN)]
    [InlineData(0.0, double.PositiveInfinity)]
    [InlineData(0.0, 49.0)]
    [InlineData(-1.0, 100.0)]
    public void S3_readings_that_prove_nothing_never_advance_a_step(double failures, double total)
    {
        story.CanaryReading = new TrackReading.Counts(failures, total);
        story.StartCanary();
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        Assert.Equal(0, story.Status.Step!.Index);
    }

    [Fact]
    public void S3_numbers_that_stand_still_are_stale_and_do_not_advance_a_step()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("10m") }] } });
        story.CanaryReading = new TrackReading.Counts(0, 500);
        story.StartCanary();
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        Assert.Equal("StaleSamples", story.Condition(ConditionTypes.CanaryHealthy).Reason);
    }

    [Fact]
    public void S6_a_clock_that_goes_back_leaves_no_canary_unmeasured_and_shortens_no_hold()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("10m") }] } });
        story.StartCanary();
        story.RunFor(TimeSpan.FromSeconds(20));
        var notBefore = story.Status.Step!.NotBefore!.Value;
        story.SetClockBack(TimeSpan.FromMinutes(5));
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal((PatchPhase.Progressing, notBefore), (story.Phase, story.Status.Step!.NotBefore));
        Assert.InRange(story.Now - story.Status.Analysis![0].SampledAt!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(6));

        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S1_a_clock_that_goes_back_holds_no_revert_up(bool inPromotion)
    {
        story.StableRollsOut = false;
        story.StartCanary();
        story.RunUntil(() => !inPromotion || story.Web.Image == Story.New, TimeSpan.FromMinutes(20));
        story.Command(Commands.Abort, "now");
        story.Reconcile();
        story.SetClockBack(TimeSpan.FromHours(1));
        story.StableRollsOut = true;
        story.Web.SetByOthers(inPromotion ? Story.New : Story.Old);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void S4_a_metrics_outage_neither_promotes_nor_reverts_and_says_so_once()
    {
        story.StartCanary();
        story.CanaryReading = new TrackReading.Failed("http://prometheus:9090: connection refused.", Terminal: false);
        story.RunFor(TimeSpan.FromHours(1));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        Assert.Equal("MetricsUnavailable", story.Condition(ConditionTypes.CanaryHealthy).Reason);
        Assert.Single(story.Notices, n => n is { Reason: "MetricsUnavailable", IsWarning: true });

        story.CanaryReading = null;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void S5_both_tracks_failing_alike_is_not_blamed_on_the_patch()
    {
        story.StartCanary();
        (story.CanaryErrorRate, story.StableErrorRate) = (0.3, 0.3);
        story.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        Assert.Equal("StableAlsoFailing", story.Condition(ConditionTypes.CanaryHealthy).Reason);
    }

    [Fact]
    public void S6_deciding_again_and_again_speeds_nothing_up_and_resets_no_timer()
    {
        story.StartCanary();
        var notBefore = story.Status.Step!.NotBefore;
        for (var i = 0; i < 100; i++)
        {
            story.Reconcile();
        }

        Assert.Equal(notBefore, story.Status.Step!.NotBefore);
        Assert.Equal(0, story.Status.Step.Index);
        story.RunUntil(() => story.Status.Step?.Index == 1, TimeSpan.FromMinutes(5));
        Assert.True(story.Now >= notBefore);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S7_an_ended_run_is_never_repeated_by_looking_at_it(bool bad)
    {
        story.CanaryErrorRate = bad ? 0.5 : 0;
        story.Approve();
        story.RunUntil(bad ? PatchPhase.Reverted : PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var records = story.Trail.Count();
        var done = story.Done.Count;
        story.RunFor(TimeSpan.FromDays(2), TimeSpan.FromHours(1));
        Assert.Equal(records, story.Trail.Count());
        Assert.Equal(done, story.Done.Count);
    }

    [Fact]
    public void S9_images_are_saved_before_anything_is_touched_and_an_abort_in_promotion_restores_them()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Old, Assert.Single(story.Status.Workloads![0].PreviousImages!).Image);
        story.Reconcile();
        Assert.Equal(Story.New, story.Stable!.Images["php"]);

        story.StableRollsOut = true;
        story.Command(Commands.Abort, "second thoughts");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Old, story.Stable!.Images["php"]);
        Assert.Null(story.Canary);
    }

    [Fact]
    public void S10_an_edit_voids_the_approval_before_the_start()
    {
        story.HeldBy = "other";
        story.Approve();
        story.RunUntil(() => story.Status.Approvals is { Count: 1 }, TimeSpan.FromSeconds(10));
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50 }] } });
        story.HeldBy = null;
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        Assert.Null(story.Status.Approvals);
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
    }

    [Fact]
    public void S10_an_edit_in_mid_run_takes_the_run_back_and_asks_for_approval_again()
    {
        story.StartCanary();
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50 }] } });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
        Assert.Null(story.Status.Approvals);
        Assert.Equal(2, story.Status.Run);
    }

    [Fact]
    public void S10_an_approval_expires()
    {
        story.HeldBy = "other";
        story.Approve();
        story.RunUntil(() => story.Status.Approvals is { Count: 1 }, TimeSpan.FromSeconds(10));
        story.RunFor(TimeSpan.FromHours(25), TimeSpan.FromHours(1));
        story.HeldBy = null;
        story.Reconcile();
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        Assert.Equal("ApprovalMissing", story.Condition(ConditionTypes.Approved).Reason);
    }

    [Fact]
    public void S11_a_second_patch_waits_and_names_the_first()
    {
        story.HeldBy = "cve-2025-11111";
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        var ready = story.Condition(ConditionTypes.Ready);
        Assert.Equal("WaitingForPatch", ready.Reason);
        Assert.Contains("cve-2025-11111", ready.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
    }

    [Fact]
    public void S12_a_deletion_in_mid_run_returns_everything_and_lets_the_resource_go()
    {
        story.StartCanary();
        story.Delete();
        story.RunUntil(() => story.LastPlan!.IsReleased, TimeSpan.FromSeconds(30));
        Assert.Null(story.Canary);
        Assert.Equal(Story.Old, story.Stable!.Images["php"]);
    }

    [Fact]
    public void S12_a_deletion_that_cannot_be_finished_lets_go_in_the_end()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Phase is PatchPhase.Promoting && story.Stable!.Images["php"] == Story.New, TimeSpan.FromMinutes(10));
        story.Delete();
        var since = story.Now;
        story.RunUntil(() => story.LastPlan!.IsReleased, TimeSpan.FromMinutes(30));
        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(1), story.Policy.FinalizeLimit + TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public void S12_a_clock_that_is_not_the_API_servers_neither_cuts_the_return_short_nor_draws_it_out(int minutesAhead)
    {
        var consumers = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));
        story.World.Add(consumers);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New && story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Delete();
        story.Patch = story.Patch with { Metadata = story.Patch.Metadata with { DeletionTimestamp = story.Now - TimeSpan.FromMinutes(minutesAhead) } };
        var since = story.Now;
        story.RunUntil(() => story.LastPlan!.IsReleased, TimeSpan.FromMinutes(30));
        Assert.Equal((Story.Old, Story.Old), (story.Web.Image, consumers.Image));
        Assert.InRange(story.Now - since, story.Policy.FinalizeLimit, story.Policy.FinalizeLimit + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void S12_a_clock_that_goes_back_draws_the_return_out_no_further_than_from_there()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Phase is PatchPhase.Promoting && story.Stable!.Images["php"] == Story.New, TimeSpan.FromMinutes(10));
        story.Delete();
        story.RunFor(TimeSpan.FromSeconds(5));
        story.SetClockBack(TimeSpan.FromHours(1));
        story.RunUntil(() => story.LastPlan!.IsReleased, story.Policy.FinalizeLimit + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void S15_every_transition_has_one_record_and_repetitions_have_none()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var transitions = story.Trail.Where(r => r.To is not null).Select(r => $"{r.From}>{r.To}");
        Assert.Equal(["Pending>AwaitingApproval", "AwaitingApproval>Progressing", "Progressing>Promoting", "Promoting>Promoted"], transitions);
    }
}

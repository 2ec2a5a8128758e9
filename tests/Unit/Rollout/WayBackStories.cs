using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The way back is open from everywhere, takes only what is ours, and leaves nothing behind.</summary>
public sealed class WayBackStories
{
    private readonly Story story = new();
    private readonly StoryWorkload cron = new(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));

    [Fact]
    public void A_container_that_someone_else_gave_a_third_image_keeps_it_and_the_others_go_back()
    {
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Old, ["nginx"] = Story.Old } };
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Story.New }, new ContainerImage { Name = "nginx", Image = Story.New }] }] });
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.StableRollsOut = true;
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.New, ["nginx"] = Story.Third } };
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Equal((Story.Old, Story.Third), (story.Web.Image, story.Stable!.Images["nginx"]));
    }

    [Fact]
    public void A_canary_that_hangs_in_its_deletion_is_looked_at_now_and_then_and_not_without_a_pause()
    {
        story.StartCanary();
        story.Web.CanaryCanBeDeleted = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(1));
        story.Web.Canary = story.Web.Canary! with { IsTerminating = true };
        story.RunFor(TimeSpan.FromMinutes(5));
        var plan = story.Reconcile();
        Assert.True(plan.WakeUpAt > story.Now);
        story.Web.Canary = null;
        story.CanaryPods.Clear();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("deletion")]
    [InlineData("successor")]
    [InlineData("edit")]
    [InlineData("newer image")]
    [InlineData("another run")]
    public void A_CronJob_that_is_suspended_for_a_drift_is_given_back_whatever_ends_that(string end)
    {
        PromoteWithCron();
        cron.SetByOthers(Story.Old);
        story.RunUntil(() => cron.Stable!.IsSuspended, TimeSpan.FromSeconds(5));
        switch (end)
        {
            case "deletion":
                story.Delete();
                break;
            case "successor":
                story.SupersededBy = "second-try";
                break;
            case "edit":
                story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 10, Hold = new Duration("1s") }] } });
                break;
            case "newer image":
                story.Web.SetByOthers(Story.Third);
                break;
            default:
                story.HeldBy = "other";
                break;
        }

        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.False(cron.Stable!.IsSuspended);
        Assert.DoesNotContain(story.Status.Workloads ?? [], w => w.WasSuspended is not null);
        Assert.Equal(end == "deletion", story.LastPlan!.IsReleased);
    }

    [Fact]
    public void A_deletion_behind_a_Job_that_does_not_end_gives_the_CronJob_back_when_it_lets_go()
    {
        PromoteWithCron();
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.New }));
        story.Command(Commands.Revert, "back");
        story.RunUntil(() => cron.Image == Story.Old, TimeSpan.FromMinutes(1));
        story.Delete();
        story.RunUntil(() => story.LastPlan!.IsReleased, story.Policy.FinalizeLimit + TimeSpan.FromSeconds(5));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_revert_after_the_promotion_leaves_the_CronJob_as_its_user_has_it_by_now(bool suspended)
    {
        PromoteWithCron(wasSuspended: !suspended);
        cron.Stable = cron.Stable! with { IsSuspended = suspended };
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal((Story.Old, suspended), (cron.Image, cron.Stable!.IsSuspended));
    }

    [Fact]
    public void A_second_revert_gives_the_CronJob_back_too()
    {
        PromoteWithCron();
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        cron.SetByOthers(Story.New);
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "and again");
        story.RunUntil(() => cron.Image == Story.Old, TimeSpan.FromMinutes(1));
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Theory]
    [InlineData(PatchPhase.AwaitingApproval)]
    [InlineData(PatchPhase.Blocked)]
    public void S9_an_edit_to_other_images_after_the_promotion_keeps_the_way_back_until_the_next_run_starts(PatchPhase edited)
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Edit(edited is PatchPhase.Blocked ? "nowhere" : "php");
        story.RunUntil(edited, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "orders are missing");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Reverted, Story.Old), (story.Phase, story.Web.Image));

        // What comes after is as ever.
        Edit("php");
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Approve, "again");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Old, story.Status.Workloads!.Single().PreviousImages!.Single().Image);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S1_a_revert_ends_the_hold_also_while_a_sync_has_the_old_image_back_or_the_workload_is_gone(bool isGone)
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Web.SetByOthers(Story.Old);
        var stable = story.Stable;
        story.Stable = isGone ? null : stable;
        story.Command(Commands.Revert, "orders are missing");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.Stable = stable;
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.Old), (story.Phase, story.Web.Image));
    }

    [Fact]
    public void An_abort_while_an_edit_takes_the_run_back_stops_the_new_run()
    {
        story.Edit(s => s with { Approval = new ApprovalSpec { Required = 0 } });
        story.RunUntil(() => story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        story.Edit(s => s with { Change = new ChangeOrigin { Ticket = "CHG-2" } });
        story.Reconcile();
        Assert.Equal(PatchPhase.Reverting, story.Phase);
        story.Command(Commands.Abort, "stop it all");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal((PatchPhase.Reverted, null), (story.Phase, story.Canary));

        story.Edit(s => s with { Change = new ChangeOrigin { Ticket = "CHG-3" } });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    private void Edit(string container) => story.Edit(s => s with
    {
        Change = new ChangeOrigin { Ticket = $"CHG-{story.Patch.Metadata.Generation}" },
        Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = container, Image = Story.Third }] }],
    });

    private void PromoteWithCron(bool wasSuspended = false)
    {
        story.World.Add(cron);
        cron.Stable = cron.Stable! with { IsSuspended = wasSuspended };
        story.Edit(s => s with
        {
            Promotion = new PromotionSpec { Hold = "UntilAdopted" },
            Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }],
        });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Wait(TimeSpan.FromMinutes(1));
    }
}

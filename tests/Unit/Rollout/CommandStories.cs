using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>What people may ask for in each phase, and what comes of it.</summary>
public sealed class CommandStories
{
    private readonly Story story = new();

    [Fact]
    public void Suspend_and_resume_by_command_freeze_and_go_on_with_who_and_why()
    {
        story.StartCanary();
        story.Command(Commands.Suspend, "lunch");
        story.RunUntil(PatchPhase.Paused, TimeSpan.FromSeconds(10));
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal((PatchPhase.Paused, 0), (story.Phase, story.Status.Step!.Index));
        Assert.Contains("lunch", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.Command(Commands.Resume, "back again");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal([("SuspensionRecorded", "unverified", "lunch"), ("ResumptionRecorded", "unverified", "back again")],
            story.Trail.Where(r => r.Action.EndsWith("Recorded", StringComparison.Ordinal) && r.Action != "ApprovalRecorded").Select(r => (r.Action, r.Actor, r.Detail!)));
    }

    [Fact]
    public void A_run_that_was_suspended_before_its_start_touches_nothing()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Suspend, "change freeze");
        story.Reconcile();
        story.Command(Commands.Approve, "CHG-20871");
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.AwaitingApproval, "Suspended"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
    }

    [Fact]
    public void The_deadline_does_not_run_while_the_run_is_suspended_and_does_afterwards()
    {
        story.PodsBecomeReady = false;
        story.Approve();
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        story.Command(Commands.Suspend, "waiting for the registry");
        story.RunFor(TimeSpan.FromHours(1));
        Assert.Equal(PatchPhase.Paused, story.Phase);
        story.Command(Commands.Resume, "try");
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Suspended_in_promotion_the_next_role_waits_and_the_canary_serves()
    {
        var consumers = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));
        story.World.Add(consumers);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Suspend, "look first");
        story.Reconcile();
        story.Stable = story.Stable! with { IsRolledOut = true };
        story.RunFor(TimeSpan.FromHours(1));
        Assert.Equal((PatchPhase.Promoting, Story.Old), (story.Phase, consumers.Image));
        Assert.All(story.CanaryPods, p => Assert.True(p.InRotation));
        story.Command(Commands.Resume, "fine");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Promote_now_skips_holds_and_later_steps_but_not_the_evidence()
    {
        story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 5, Hold = new Duration("2h") }, new CanaryStepSpec { Weight = 50, Hold = new Duration("2h") }] } });
        story.CanaryReading = new Domain.Analysis.TrackReading.Counts(0, 10);
        story.StartCanary();
        story.Command(Commands.PromoteNow, "exploited in the wild");
        story.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.CanaryReading = null;
        var since = story.Now;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
        Assert.True(story.Now - since < TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(story.Trail, r => r.Action == "StepPassed");
        Assert.Contains(story.Trail, r => r.Action == "AnalysisPassed" && r.Detail!.Contains("exploited in the wild", StringComparison.Ordinal));
    }

    [Fact]
    public void Promote_now_promotes_no_bad_canary_and_opens_no_gate()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.PromoteNow, "hurry");
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        Assert.Single(story.Trail, r => r.Action == "CommandIgnored");
        story.StartCanary();
        story.CanaryErrorRate = 0.3;
        story.Command(Commands.PromoteNow, "hurry");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(story.Done, a => a is SetStableImages);
    }

    [Fact]
    public void S9_a_promoted_patch_is_taken_back_by_command_for_as_long_as_it_exists()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromDays(30), TimeSpan.FromDays(1));
        story.Command(Commands.Revert, "orders are missing");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Old, story.Web.Image);
        Assert.Equal(("RevertAsked", "unverified"), story.Trail.Where(r => r.To == "Reverting").Select(r => (r.Action, r.Actor)).Single());
        Assert.Null(AuditChain.FindFault([.. story.Trail]));
    }

    [Fact]
    public void S9_an_edit_after_the_promotion_does_not_forget_what_was_there_before()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Edit(s => s with { Change = new ChangeOrigin { Ticket = "CHG-2" } });
        story.RunUntil(() => story.Status.Run == 2 && story.Phase is PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "orders are missing");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void A_revert_of_what_this_patch_did_not_change_is_a_no_op()
    {
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.New } };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "why not");
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
        Assert.Single(story.Trail, r => r.Action == "CommandIgnored");
    }

    [Theory]
    [InlineData(Commands.Abort, "Aborted")]
    [InlineData(Commands.Revert, "RevertAsked")]
    public void Abort_and_revert_take_a_run_back_and_name_who_asked(string command, string action)
    {
        story.StartCanary();
        story.Command(command, "checkout is down");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal((action, "unverified"), story.Trail.Where(r => r.To == "Reverting").Select(r => (r.Action, r.Actor)).Single());
    }

    [Theory]
    [InlineData("Pending")]
    [InlineData("AwaitingApproval")]
    [InlineData("Rejected")]
    [InlineData("Reverted")]
    [InlineData("Promoted")]
    public void Commands_that_mean_nothing_change_nothing_and_are_answered(string phase)
    {
        switch (phase)
        {
            case "AwaitingApproval":
                story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
                break;
            case "Rejected":
                story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
                story.Command(Commands.Reject, "no");
                story.RunUntil(PatchPhase.Rejected, TimeSpan.FromMinutes(1));
                break;
            case "Reverted":
                story.StartCanary();
                story.Command(Commands.Abort, "no");
                story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
                break;
            case "Promoted":
                story.Approve();
                story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
                break;
        }

        var done = story.Done.Count(a => a is not RemoveCommands);
        string[] commands = [Commands.Abort, Commands.PromoteNow, Commands.Resume];
        foreach (var command in commands)
        {
            story.Command(command, "panic");
        }

        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(phase == "Pending" ? "AwaitingApproval" : phase, story.Phase.ToString());
        Assert.Equal(done, story.Done.Count(a => a is not RemoveCommands));
        Assert.Equal(commands.Length, story.Trail.Count(r => r.Action == "CommandIgnored"));
    }

    [Fact]
    public void A_rating_is_amended_in_mid_run_with_history_and_without_a_new_run()
    {
        story.Edit(s => s with { Advisory = new Advisory { Severity = "Medium", DisclosedAt = "2026-11-23T02:00:00Z" } });
        story.StartCanary();
        story.Edit(s => s with { Advisory = s.Advisory! with { Severity = "Critical", Exploited = true } });
        story.Reconcile();
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        Assert.Single(story.Status.Approvals!);
        Assert.Equal(new DateTimeOffset(2026, 11, 24, 2, 0, 0, TimeSpan.Zero), story.Status.Timings!.RemediateBy);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var record = Assert.Single(story.Trail, r => r.Action == "RatingAmended");
        Assert.Contains("severity Medium became Critical, exploited none became True", record.Detail, StringComparison.Ordinal);
        Assert.Equal(1, story.Status.Run);
    }
}

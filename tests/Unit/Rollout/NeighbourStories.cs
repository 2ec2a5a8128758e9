using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Patches that build on each other, or replace each other.</summary>
public sealed class NeighbourStories
{
    private readonly Story story = new();

    [Fact]
    public void A_patch_waits_until_the_one_that_it_requires_is_promoted_and_names_it()
    {
        story.Edit(s => s with { Requires = ["apsb22-12"] });
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("RequiredPatchMissing", story.Condition(ConditionTypes.Ready).Reason);
        story.Neighbours["apsb22-12"] = new NeighbourObservation(PatchPhase.Progressing, []);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("WaitingForRequired", story.Condition(ConditionTypes.Ready).Reason);
        Assert.Contains("apsb22-12", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
        story.Neighbours["apsb22-12"] = new NeighbourObservation(PatchPhase.Promoted, []);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Two_that_require_each_other_are_told_so()
    {
        story.Edit(s => s with { Requires = ["other"] });
        story.Neighbours["other"] = new NeighbourObservation(PatchPhase.AwaitingApproval, ["cve-2025-54236"]);
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("RequiresEachOther", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void A_promoted_successor_of_what_is_required_is_as_good_as_it()
    {
        story.Edit(s => s with { Requires = ["base"] });
        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Superseded, []);
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.AwaitingApproval, "RequiredPatchSuperseded"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains("take base out of spec.requires", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Superseded, [], "base-2");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_required_and_taken_back_after_the_start_is_told_once_and_the_patch_goes_on(bool promoted)
    {
        story.Edit(s => s with { Requires = ["base"] });
        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Promoted, []);
        story.StartCanary();
        Assert.Equal("True", story.Condition(ConditionTypes.RequiredPromoted).Status);
        if (promoted)
        {
            story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        }

        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Reverting, []);
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Reverted, []);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(("False", "RequiredPatchReverted"), (story.Condition(ConditionTypes.RequiredPromoted).Status, story.Condition(ConditionTypes.RequiredPromoted).Reason));
        Assert.Single(story.Trail, r => r.Action == "RequiredPatchReverted");
        story.Neighbours["base"] = new NeighbourObservation(PatchPhase.Promoted, []);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal("True", story.Condition(ConditionTypes.RequiredPromoted).Status);
    }

    [Theory]
    [InlineData(PatchPhase.Promoted)]
    [InlineData(PatchPhase.Superseded)]
    public void A_revert_waits_for_the_patch_that_is_at_work_on_the_workload_and_names_it(PatchPhase phase)
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        if (phase is PatchPhase.Superseded)
        {
            story.SupersededBy = "next";
            story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        }

        story.HeldBy = "next";
        story.Command(Commands.Revert, "orders fail");
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((phase, Story.New), (story.Phase, story.Web.Image));
        var ignored = Assert.Single(story.Trail, r => r.Action == "CommandIgnored");
        Assert.Contains("EmergencyPatch next is at work on Deployment magento-web", ignored.Detail, StringComparison.Ordinal);
        Assert.Contains("patchoperator.io/abort", ignored.Detail, StringComparison.Ordinal);

        story.HeldBy = null;
        story.Command(Commands.Revert, "orders fail");
        story.RunUntil(() => story.Phase is PatchPhase.Reverted or PatchPhase.Superseded && story.Web.Image == Story.Old, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void The_watch_of_a_promoted_patch_takes_nothing_back_while_another_is_at_work()
    {
        story.Edit(s => s with { Revert = new RevertSpec { WatchAfterPromotion = new Duration("30m") } });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.HeldBy = "next";
        story.CanaryErrorRate = 0.5;
        story.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
    }

    [Fact]
    public void What_is_superseded_ends_before_its_successor_starts_and_not_before_that_is_approved()
    {
        story.Edit(s => s with { Supersedes = ["first-try"] });
        story.Neighbours["first-try"] = new NeighbourObservation(PatchPhase.Progressing, []);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Null(story.Status.Superseding);
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(["first-try"], story.Status.Superseding);
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
        story.Neighbours["first-try"] = new NeighbourObservation(PatchPhase.Superseded, []);
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        Assert.Null(story.Status.Superseding);
    }

    [Fact]
    public void A_promoted_patch_is_not_asked_to_end_before_its_successor_has_started()
    {
        story.Edit(s => s with { Supersedes = ["first-try"] });
        story.Neighbours["first-try"] = new NeighbourObservation(PatchPhase.Promoted, []);
        story.HeldBy = "another";
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.AwaitingApproval, "WaitingForPatch", null), (story.Phase, story.Condition(ConditionTypes.Ready).Reason, story.Status.Superseding));
        story.HeldBy = null;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.DoesNotContain(story.Trail, r => r.Detail!.Contains("first-try", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_is_superseded_ends_when_nothing_else_is_in_the_way_and_its_canary_is_no_obstacle()
    {
        story.Edit(s => s with { Supersedes = ["first-try"] });
        story.Neighbours["first-try"] = new NeighbourObservation(PatchPhase.Progressing, []);
        story.HeldBy = "first-try";
        story.Web.Canary = new CanaryObservation { IsOurs = false, Replicas = 1, Images = new Dictionary<string, string>() };
        story.CanaryReading = new TrackReading.Failed("connection refused", Terminal: false);
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        Assert.Null(story.Status.Superseding);
        story.CanaryReading = null;
        story.Approve();
        story.RunUntil(() => story.Status.Superseding is ["first-try"], TimeSpan.FromMinutes(1));
        story.Neighbours["first-try"] = new NeighbourObservation(PatchPhase.Superseded, []);
        (story.HeldBy, story.Web.Canary) = (null, null);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void A_running_patch_that_is_superseded_is_taken_back_first()
    {
        story.StartCanary();
        story.SupersededBy = "second-try";
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
        Assert.Equal(Story.Old, story.Web.Image);
        Assert.Contains("second-try", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_patch_that_waits_or_was_promoted_ends_as_superseded_and_its_images_stay(bool promoted)
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        if (promoted)
        {
            story.Approve();
            story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        }

        story.SupersededBy = "second-try";
        story.Reconcile();
        Assert.Equal(PatchPhase.Superseded, story.Phase);
        Assert.Equal(promoted ? Story.New : Story.Old, story.Web.Image);
        var records = story.Trail.Count();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(records, story.Trail.Count());
    }
}

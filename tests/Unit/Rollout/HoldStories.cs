using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>After the promotion, under someone who syncs from Git.</summary>
public sealed class HoldStories
{
    private const string Argo = "argocd-controller";

    private readonly Story story = new();

    private IEnumerable<SetStableImages> Sets => story.Done.OfType<SetStableImages>();

    [Fact]
    public void The_vulnerable_image_is_replaced_at_once_and_the_trail_says_who_brought_it_back()
    {
        Promote();
        story.Web.SetByOthers(Story.Old, Argo);
        story.Reconcile();
        Assert.Equal(Story.New, story.Web.Image);
        Assert.Equal(("False", "DriftDetected"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains(Argo, Assert.Single(story.Trail, r => r.Action == "DriftDetected").Detail, StringComparison.Ordinal);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(("True", "HoldingImages"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
    }

    [Fact]
    public void A_workload_that_is_made_anew_with_the_vulnerable_image_gets_the_patched_one_again()
    {
        Promote();
        story.Web.Stable = story.Web.Stable! with { Uid = "made-anew", Images = new Dictionary<string, string> { ["php"] = Story.Old }, MarkedBy = null, OwnsImages = false };
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
        Assert.Equal(["WorkloadMadeAnew", "DriftDetected"], story.Trail.Select(r => r.Action).TakeLast(2));
        Assert.Equal(("True", "HoldingImages"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));

        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(5));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void A_workload_that_is_gone_is_nobodys_newer_release()
    {
        Promote();
        var stable = story.Web.Stable;
        story.Web.Stable = null;
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(PatchPhase.Promoted, story.Phase);
        story.Web.Stable = stable! with { Uid = "made-anew", Images = new Dictionary<string, string> { ["php"] = Story.Third } };
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(PatchPhase.Superseded, story.Phase);
    }

    [Fact]
    public void Whoever_syncs_all_the_time_is_answered_once_a_second_at_most_and_named()
    {
        Promote();
        var before = Sets.Count();
        for (var i = 0; i < 600; i++)
        {
            story.Web.SetByOthers(Story.Old, Argo);
            story.Reconcile();
            story.Wait(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(Sets.Count() - before, 50, 61);
        Assert.Equal(("True", "FightOverImages"), (story.Condition(ConditionTypes.Stalled).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains("ignoreDifferences", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        Assert.InRange(story.Trail.Count(r => r.Action == "DriftDetected"), 1, 7);
        Assert.Null(AuditChain.FindFault([.. story.Trail]));
        story.RunFor(TimeSpan.FromMinutes(15));
        Assert.Equal("False", story.Condition(ConditionTypes.Stalled).Status);
    }

    [Fact]
    public void Once_Git_names_the_patched_image_it_is_adopted_and_nothing_is_ours_any_more()
    {
        Promote();
        Assert.Equal("cve-2025-54236", story.Stable!.MarkedBy);
        story.Web.SetByOthers(Story.New, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.Promoted, "Adopted"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Single(story.Trail, r => r.Action == "Adopted" && r.Detail!.Contains(Argo, StringComparison.Ordinal));
        Assert.Null(story.Stable!.MarkedBy);

        // From here on Git decides; what it says is reported, and not undone.
        var sets = Sets.Count();
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(sets, Sets.Count());
        Assert.Equal("DriftDetected", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Theory]
    [InlineData("UntilAdopted")]
    [InlineData("None")]
    public void A_third_image_is_a_newer_release_and_is_not_fought(string hold)
    {
        Promote(hold);
        story.Web.SetByOthers(Story.Third, Argo);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Superseded, Story.Third), (story.Phase, story.Web.Image));
        Assert.Null(story.Stable!.MarkedBy);
        Assert.Single(Sets);
    }

    [Fact]
    public void Without_a_hold_the_mark_goes_with_the_promotion_and_drift_is_only_reported()
    {
        Promote("None");
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Null(story.Stable!.MarkedBy);
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Promoted, Story.Old), (story.Phase, story.Web.Image));
        Assert.Equal("DriftDetected", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void While_another_patch_runs_on_the_workload_its_images_say_nothing()
    {
        Promote();
        story.HeldBy = "next";
        story.Web.SetByOthers(Story.Third);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(PatchPhase.Promoted, story.Phase);

        // It was taken back: the hold goes on as if nothing had been.
        story.HeldBy = null;
        story.Web.SetByOthers(Story.New);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal("HoldingImages", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void A_held_patch_is_reverted_by_command_and_let_go()
    {
        Promote();
        story.Command(Commands.Revert, "orders are missing");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.Old, null), (story.Web.Image, story.Stable!.MarkedBy));
    }

    [Fact]
    public void Deleting_a_promoted_patch_leaves_the_patched_image_and_no_mark()
    {
        Promote();
        story.Delete();
        story.RunUntil(() => story.LastPlan!.IsReleased, TimeSpan.FromSeconds(30));
        Assert.Equal((Story.New, null), (story.Web.Image, story.Stable!.MarkedBy));
    }

    [Fact]
    public void A_deleted_patch_is_not_let_go_while_a_workload_that_it_marked_cannot_be_read()
    {
        Promote();
        story.Web.IsUnread = true;
        story.Delete();
        story.RunFor(TimeSpan.FromMinutes(3));
        Assert.False(story.LastPlan!.IsReleased);
        story.Web.IsUnread = false;
        story.RunUntil(() => story.LastPlan.IsReleased, TimeSpan.FromSeconds(30));
        Assert.Equal((Story.New, null), (story.Web.Image, story.Stable!.MarkedBy));
    }

    [Fact]
    public void A_cron_job_that_was_set_back_is_set_right_without_running_twice()
    {
        var cron = new StoryWorkload(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));
        story.World.Add(cron);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        Promote();
        cron.SetByOthers(Story.Old, Argo);
        cron.Set(new JobObservation("magento-cron-7", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((Story.New, true), (cron.Image, cron.Stable!.IsSuspended));
        cron.Set();
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.False(cron.Stable!.IsSuspended);

        // What its user suspends now is the user's.
        cron.Stable = cron.Stable with { IsSuspended = true };
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.True(cron.Stable.IsSuspended);
    }

    [Fact]
    public void A_patch_whose_successor_is_taken_back_holds_its_images_again()
    {
        Promote();
        story.SupersededBy = "later";
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Third }, MarkedBy = "later" };
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromSeconds(5));
        story.RunFor(TimeSpan.FromMinutes(1));

        // The revert of the later one, which gives the mark back.
        story.SupersededBy = null;
        story.Stable = story.Stable with { Images = new Dictionary<string, string> { ["php"] = Story.New }, MarkedBy = "cve-2025-54236" };
        var records = story.Trail.Count();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Promoted, "cve-2025-54236", records + 1), (story.Phase, story.Stable.MarkedBy, story.Trail.Count()));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.New, story.Web.Image);
    }

    [Fact]
    public void A_patch_that_gave_way_to_a_newer_image_stays_superseded_when_its_own_comes_back()
    {
        Promote();
        story.Web.SetByOthers(Story.Third, Argo);
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromSeconds(5));
        story.Web.SetByOthers(Story.New, Argo);
        story.Stable = story.Stable! with { MarkedBy = "cve-2025-54236" };
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Superseded, null), (story.Phase, story.Stable!.MarkedBy));
    }

    [Fact]
    public void A_revert_gives_the_images_back_to_the_patch_that_held_them_before()
    {
        story.Stable = story.Stable! with { MarkedBy = "earlier" };
        story.StartCanary();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "no");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.Old, "earlier"), (story.Web.Image, story.Stable!.MarkedBy));
        Assert.Single(story.Done, a => a is ReleaseImages);
    }

    [Fact]
    public void An_ended_patch_leaves_another_patchs_mark_alone()
    {
        story.StartCanary();
        story.Command(Commands.Abort, "no");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.Stable = story.Stable! with { MarkedBy = "later" };
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("later", story.Stable.MarkedBy);
    }

    [Fact]
    public void A_second_revision_that_was_taken_back_leaves_no_mark_of_the_first()
    {
        Promote();
        Name(Story.Third);
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.Third, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "no");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.New, null), (story.Web.Image, story.Stable!.MarkedBy));
        Assert.Single(story.Done, a => a is ReleaseImages);
        story.Delete();
        story.Reconcile();
        Assert.True(story.LastPlan!.IsReleased);
    }

    [Fact]
    public void While_an_edit_waits_for_its_approval_what_was_promoted_is_held()
    {
        Promote();
        Name(Story.Third);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.AwaitingApproval, Story.New, "ApprovalMissing"), (story.Phase, story.Web.Image, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains(Argo, Assert.Single(story.Trail, r => r.Action == "DriftDetected").Detail, StringComparison.Ordinal);

        // Brought back in the same moment as the last approval: the run waits for what it is to go back to.
        story.Wait(TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.Command(Commands.Approve, "CHG-2");
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.New, story.Status.Workloads!.Single().PreviousImages!.Single().Image);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Third, story.Web.Image);
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.Third, story.Web.Image);
    }

    [Fact]
    public void What_was_promoted_is_held_while_an_edit_stands_blocked_or_is_edited_again_and_not_after_it_is_rejected()
    {
        Promote();
        Name("registry.example.com/magento:latest");
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.New, story.Web.Image);
        Name(Story.Third);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Edit(s => s with { Supersedes = ["none"] });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.New, story.Web.Image);
        story.Command(Commands.Reject, "no");
        story.RunUntil(PatchPhase.Rejected, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.New, null), (story.Web.Image, story.Stable!.MarkedBy));
    }

    [Fact]
    public void A_newer_release_or_an_adoption_ends_the_hold_of_an_edit_that_waits()
    {
        Promote();
        Name(Story.Third);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.New, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Single(story.Trail, r => r.Action == "Adopted");
        Assert.Null(story.Stable!.MarkedBy);
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void What_was_not_held_is_not_held_by_an_edit_either()
    {
        Promote("None");
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" }, Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Story.Third }] }] });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void An_edit_that_takes_a_workload_out_lets_that_one_go_and_keeps_what_is_known_of_the_others()
    {
        var api = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-api"));
        story.World.Add(api);
        var web = story.Patch.Spec.Workloads![0];
        story.Edit(s => s with { Workloads = [new WorkloadSpec { Name = "api", Deployment = "magento-api", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }, web] });
        Promote();
        story.Edit(s => s with { Workloads = [web] });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        story.RunUntil(() => story.Condition(ConditionTypes.Ready).Reason == "HoldingImages", TimeSpan.FromMinutes(1));
        Assert.Equal((Story.New, null, Story.New, "cve-2025-54236"), (api.Image, api.Stable!.MarkedBy, story.Web.Image, story.Stable!.MarkedBy));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Story.New, story.Web.Image);
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal((Story.New, Story.Old), (api.Image, story.Web.Image));
    }

    [Fact]
    public void Containers_in_another_order_are_the_same_patch()
    {
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Old, ["nginx"] = Story.Old } };
        ContainerImage[] containers = [new ContainerImage { Name = "php", Image = Story.New }, new ContainerImage { Name = "nginx", Image = Story.New }];
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = containers }] });
        Promote();
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [containers[1], containers[0]] }] });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal([Story.Old, Story.Old], story.Stable!.Images.Values);
    }

    [Fact]
    public void The_same_digest_from_another_registry_is_the_same_patch_and_keeps_its_way_back()
    {
        Promote();
        Name("mirror.example.net/" + Story.New);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void A_patch_whose_images_are_there_already_holds_nothing_and_says_so()
    {
        story.Web.SetByOthers(Story.New, Argo);
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        Assert.Contains("holds none of them", story.Trail.Last().Detail, StringComparison.Ordinal);
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.Old, "DriftDetected"), (story.Web.Image, story.Condition(ConditionTypes.Ready).Reason));
    }

    [Fact]
    public void A_revert_against_a_Git_that_names_the_patched_image_goes_on_less_and_less_often_and_names_Git()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "no");
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromMinutes(1));
        var before = Sets.Count();
        for (var i = 0; i < 18_000; i++)
        {
            story.Web.SetByOthers(Story.New, Argo);
            story.Reconcile();
            story.Wait(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(Sets.Count() - before, 8, 25);
        Assert.Equal(("True", "RevertNeedsGit"), (story.Condition(ConditionTypes.Stalled).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains("Name the previous ones in Git", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);

        // The sync is stopped.
        story.StableRollsOut = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Old, story.Web.Image);
    }

    [Fact]
    public void A_write_that_does_not_go_through_in_a_revert_is_no_one_s_coming_back()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "no");
        story.Refused = action => action is SetStableImages;
        story.RunFor(TimeSpan.FromSeconds(30));
        story.Refused = _ => false;
        story.StableRollsOut = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(story.Trail, r => r.Action == "DriftDetected");
    }

    private void Name(string image) => story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = image }] }] });

    private void Promote(string hold = "UntilAdopted")
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = hold } });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Wait(TimeSpan.FromMinutes(1));
    }
}

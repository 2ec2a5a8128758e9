using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>A second patch follows a first, and Git knows of neither: the image from before the first comes back, and is nobody's newer decision.</summary>
public sealed class LineageStories
{
    private const string Oldest = "registry.example.com/magento@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    private const string Older = "registry.example.com/magento@sha256:9999999999999999999999999999999999999999999999999999999999999999";

    private readonly Story story = new();

    public LineageStories()
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
        story.Promotions.Add(Promotion(from: Older, to: Story.Old));
    }

    [Fact]
    public void In_the_steps_what_the_first_patch_gave_is_put_back_and_no_step_begins_meanwhile()
    {
        story.StartCanary();
        var step = story.Status.Step!.Index;
        story.Web.SetByOthers(Older, "argocd-controller");
        var plan = story.Reconcile();
        Assert.Equal((PatchPhase.Progressing, "DriftDetected"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal((Older, Story.Old), plan.Actions.OfType<SetStableImages>().Select(a => (a.Expected.Single().Image, a.Wanted.Single().Image)).Single());
        Assert.Equal(Story.Old, story.Web.Image);
        Assert.Contains("set back by argocd-controller to images that an earlier patch replaced", Assert.Single(story.Trail, r => r.Action == "DriftDetected").Detail, StringComparison.Ordinal);
        Assert.Contains("by argocd-controller", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        Assert.Equal(step, story.Status.Step!.Index);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Old, story.Status.Workloads!.Single().PreviousImages!.Single().Image);
    }

    [Fact]
    public void What_cannot_be_put_back_holds_every_step_and_takes_the_run_back_at_the_deadline()
    {
        story.StartCanary();
        story.Web.SetByOthers(Older);
        story.ActionProblem = "Forbidden: deployments.apps \"magento-web\" is locked";
        story.Refused = a => a is SetStableImages;
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Status.Step!.Index));
        Assert.Contains("is locked", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(3));
        Assert.Equal("StableSetBack", story.Status.Revert!.Reason);
        Assert.Null(story.Canary);
    }

    [Fact]
    public void In_the_promotion_it_is_replaced_by_the_patched_image_like_the_one_before()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Web.SetByOthers(Older);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.Promoting, Story.New), (story.Phase, story.Web.Image));
        story.StableRollsOut = true;
        story.Stable = story.Stable! with { IsRolledOut = true };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void After_the_promotion_it_is_drift_and_held_off()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Web.SetByOthers(Older);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
        Assert.Single(story.Trail, r => r.Action == "DriftDetected");
    }

    [Fact]
    public void A_run_that_is_taken_back_leaves_it_to_the_first_patch_and_waits_for_nothing()
    {
        story.StartCanary();
        story.Refused = a => a is SetStableImages;
        story.Web.SetByOthers(Older);
        story.Stable = story.Stable! with { IsRolledOut = false };
        story.Command(Commands.Abort, "enough");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal("Aborted", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_third_image_is_still_a_newer_decision()
    {
        story.StartCanary();
        story.Web.SetByOthers(Story.Third, "flux");
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Third, story.Web.Image);
        Assert.Contains("by flux during the run", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Once_Git_has_adopted_the_first_patch_who_goes_back_before_it_means_it()
    {
        story.Promotions[0] = story.Promotions[0] with { AdoptedAt = story.Now, AdoptedBy = "argocd-controller" };
        story.StartCanary();
        story.Web.SetByOthers(Older);
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Equal(Older, story.Web.Image);
    }

    [Fact]
    public void The_chain_goes_back_through_all_patches_that_stand_and_no_further()
    {
        story.Promotions.Add(Promotion(from: Oldest, to: Older));
        story.Promotions.Add(Promotion(from: Story.Third, to: Oldest) with { RestoreStartedAt = story.Now });
        story.Promotions.Add(Promotion(from: Story.Third, to: "registry.example.com/magento:other"));
        story.StartCanary();
        Assert.Equal([Older, Oldest], story.Status.Workloads!.Single().EarlierImages!.Select(i => i.Image));
    }

    [Fact]
    public void A_patch_that_runs_again_with_a_newer_image_knows_what_its_own_last_run_replaced()
    {
        story.Promotions.Clear();
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Story.Third }] }] });
        story.StartCanary();
        Assert.Equal([Story.Old], story.Status.Workloads!.Single().EarlierImages!.Select(i => i.Image));
        story.Web.SetByOthers(Story.Old);
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromSeconds(5));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.Third, story.Web.Image);
    }

    /// <summary>How a run may end before its promotion and begin again.</summary>
    public static TheoryData<string> Reruns => ["an edit in the steps", "an edit while it waits", "abort and retry", "abort in the promotion and retry", "two aborts and retries", "blocked in between"];

    [Theory]
    [MemberData(nameof(Reruns))]
    public void What_its_own_promotion_replaced_is_known_to_every_run_after_it(string rerun)
    {
        story.Promotions.Clear();
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Name(Story.Third);
        RunAgain(rerun);
        Assert.Equal([Story.Old], story.Status.Workloads!.Single().EarlierImages!.Select(i => i.Image));
        Assert.Null(story.Status.Lineage);
        story.Web.SetByOthers(Story.Old);
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromSeconds(5));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
        Assert.Equal(Story.Third, story.Web.Image);
    }

    [Theory]
    [MemberData(nameof(Reruns))]
    public void What_a_patch_that_was_deleted_meanwhile_replaced_is_known_too(string rerun)
    {
        story.StartCanary();
        story.Promotions.Clear();
        RunAgain(rerun);
        Assert.Equal([Older], story.Status.Workloads!.Single().EarlierImages!.Select(i => i.Image));
        story.Web.SetByOthers(Older);
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromSeconds(5));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
    }

    [Fact]
    public void A_promotion_that_was_taken_back_leaves_what_was_known_before_it()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Promotions.Clear();
        story.Command(Commands.Revert, "orders fail");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Retry();
        Assert.Equal([Older], story.Status.Workloads!.Single().EarlierImages!.Select(i => i.Image));
    }

    [Fact]
    public void An_image_that_somebody_else_chose_between_two_runs_has_no_such_past()
    {
        story.StartCanary();
        story.Promotions.Clear();
        story.Command(Commands.Abort, "not now");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Third);
        Retry();
        Assert.Null(story.Status.Workloads!.Single().EarlierImages);
        story.Web.SetByOthers(Older);
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void What_gave_way_to_a_newer_image_knows_nothing_of_before_it()
    {
        story.StartCanary();
        story.Promotions.Clear();
        story.Web.SetByOthers(Story.Third);
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old);
        Retry();
        Assert.Null(story.Status.Workloads!.Single().EarlierImages);
    }

    [Fact]
    public void What_Git_adopted_between_two_runs_is_no_sync_any_more()
    {
        story.StartCanary();
        story.Command(Commands.Abort, "not now");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.Promotions[0] = story.Promotions[0] with { AdoptedAt = story.Now, AdoptedBy = "argocd-controller" };
        Retry();
        Assert.Null(story.Status.Workloads!.Single().EarlierImages);
        story.Web.SetByOthers(Older);
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_CronJob_that_is_set_back_begins_no_Job_until_those_of_the_older_code_have_ended()
    {
        var cron = new StoryWorkload(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));
        story.World.Add(cron);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        story.Promotions.Add(Promotion(from: Older, to: Story.Old) with { Name = "cron", Deployment = null, CronJob = "magento-cron" });
        story.StartCanary();
        cron.SetByOthers(Older);
        cron.Set(new JobObservation("cron-1", new Dictionary<string, string> { ["php"] = Older }));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Progressing, 0, Story.Old, true), (story.Phase, story.Status.Step!.Index, cron.Image, cron.Stable!.IsSuspended));
        cron.Set();
        story.RunUntil(() => !cron.Stable!.IsSuspended, TimeSpan.FromMinutes(1));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_CronJob_that_is_set_back_is_given_back_when_the_run_is_edited_or_begun_anew_meanwhile(bool edit)
    {
        var cron = new StoryWorkload(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));
        story.World.Add(cron);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        story.Promotions.Add(Promotion(from: Older, to: Story.Old) with { Name = "cron", Deployment = null, CronJob = "magento-cron" });
        story.StartCanary();
        story.Promotions.Clear();
        cron.SetByOthers(Older);
        cron.Set(new JobObservation("cron-1", new Dictionary<string, string> { ["php"] = Older }));
        story.RunUntil(() => cron.Stable!.IsSuspended, TimeSpan.FromSeconds(5));
        if (edit)
        {
            story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("30s") }] } });
        }
        else
        {
            End("not now");
            story.Command(Commands.Retry, "now");
        }

        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Pending, true), (story.Phase, cron.Stable!.IsSuspended));
        cron.Set();
        story.StartCanary();
        Assert.False(cron.Stable!.IsSuspended);
        Assert.All(story.Status.Workloads!, w => Assert.Equal([Older], w.EarlierImages!.Select(i => i.Image)));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.False(cron.Stable!.IsSuspended);
    }

    private void RunAgain(string how)
    {
        switch (how)
        {
            case "an edit in the steps":
                Begin();
                story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("30s") }] } });
                story.StartCanary();
                break;
            case "an edit while it waits":
                End("not now");
                story.Command(Commands.Retry, "now");
                story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
                story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("30s") }] } });
                story.StartCanary();
                break;
            case "abort in the promotion and retry":
                Begin();
                story.StableRollsOut = false;
                story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(10));
                story.RunFor(TimeSpan.FromSeconds(2));
                story.StableRollsOut = true;
                End("not now");
                story.Stable = story.Stable! with { IsRolledOut = true };
                Retry();
                break;
            case "two aborts and retries":
                End("not now");
                Retry();
                End("nor now");
                Retry();
                break;
            case "blocked in between":
                End("not now");
                var stable = story.Stable;
                story.Stable = null;
                story.Command(Commands.Retry, "now");
                story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
                story.Stable = stable;
                story.StartCanary();
                break;
            default:
                End("not now");
                Retry();
                break;
        }
    }

    private void End(string why)
    {
        Begin();
        story.Command(Commands.Abort, why);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    private void Begin()
    {
        if (!story.Phase.IsRunning())
        {
            story.StartCanary();
        }
    }

    private void Retry()
    {
        story.Command(Commands.Retry, "now");
        story.RunUntil(PatchPhase.Pending, TimeSpan.FromSeconds(5));
        story.StartCanary();
    }

    private void Name(string image) => story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = image }] }] });

    private static WorkloadStatus Promotion(string from, string to) => new()
    {
        Name = "web",
        Deployment = "magento-web",
        PreviousImages = [new ImageRecord { Container = "php", Image = from }],
        PatchedImages = [new ImageRecord { Container = "php", Image = to }],
        PatchedAt = new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero),
    };
}

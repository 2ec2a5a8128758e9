using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Web, consumers, cron and a StatefulSet as one unit: all or nothing, in order, and no code runs twice.</summary>
public sealed class UnitStories
{
    private readonly Story story = new();
    private readonly StoryWorkload consumers = new(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));
    private readonly StoryWorkload cron = new(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));
    private readonly StoryWorkload indexer = new(new WorkloadRef(WorkloadKind.StatefulSet, "magento-indexer"));

    public UnitStories()
    {
        story.World.AddRange([consumers, cron, indexer]);
        story.Edit(s => s with
        {
            Workloads =
            [
                new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = Php },
                new WorkloadSpec { Name = "cron", Role = "Cron", CronJob = "magento-cron", Containers = Php },
                .. s.Workloads!,
                new WorkloadSpec { Name = "indexer", Role = "Worker", StatefulSet = "magento-indexer", Containers = Php },
            ],
        });
    }

    private static IReadOnlyList<ContainerImage> Php => [new ContainerImage { Name = "php", Image = Story.New }];

    private IEnumerable<string> ImagesSet => story.Done.OfType<SetStableImages>().Select(s => s.Workload.Name);

    [Fact]
    public void A_canary_that_serves_is_measured_while_another_does_not()
    {
        var graphql = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-graphql")) { PodsBecomeReady = false };
        story.World.Add(graphql);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "graphql", Role = "Web", Deployment = "magento-graphql", Containers = Php }] });
        story.Approve();
        story.RunUntil(() => story.Status.Step?.TakingSince is not null, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal((PatchPhase.Progressing, 0, null), (story.Phase, story.Status.Step!.Index, story.Status.Step.ServingSince));
        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(15));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void Web_goes_first_then_cron_then_workers_and_only_Web_has_a_canary()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(["magento-web", "magento-cron", "magento-consumers", "magento-indexer"], ImagesSet);
        Assert.All(story.World, w => Assert.Equal(Story.New, w.Image));
        Assert.Equal(["magento-web"], story.Done.OfType<EnsureCanary>().Select(e => e.Deployment).Distinct());
        Assert.Equal(4, story.Trail.Count(r => r.Action == "WorkloadPatched"));
        Assert.Null(AuditChain.FindFault([.. story.Trail]));
        Assert.Null(story.Canary);
    }

    [Fact]
    public void The_order_of_promotion_is_the_specs_and_a_revert_goes_the_other_way()
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Order = ["Worker", "Cron", "Web"] } });
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => ImagesSet.Contains("magento-web"), TimeSpan.FromMinutes(10));
        Assert.Equal(["magento-consumers", "magento-indexer", "magento-cron", "magento-web"], ImagesSet);
        story.StableRollsOut = true;
        story.Command(Commands.Abort, "second thoughts");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal(["magento-web", "magento-cron", "magento-consumers", "magento-indexer"], ImagesSet.Skip(4));
        Assert.All(story.World, w => Assert.Equal(Story.Old, w.Image));
    }

    [Fact]
    public void A_worker_that_cannot_follow_takes_all_of_them_back()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        Assert.Equal(Story.New, story.Web.Image);
        consumers.Stable = consumers.Stable! with { RolloutFailure = "ProgressDeadlineExceeded: stuck" };
        consumers.StableRollsOut = true;
        story.Reconcile();
        Assert.Equal((PatchPhase.Reverting, "PromotionFailed"), (story.Phase, story.Status.Revert!.Reason));
        Assert.Contains("stuck", story.Status.Revert.Message, StringComparison.Ordinal);
        Assert.Contains(story.LastPlan!.Actions, a => a is WithdrawCanaryTraffic);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.All(story.World, w => Assert.Equal(Story.Old, w.Image));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Fact]
    public void A_worker_that_is_merely_slow_fails_at_the_deadline()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        var since = story.Now;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromMinutes(11));
        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(9.9), TimeSpan.FromMinutes(10.1));
    }

    [Fact]
    public void A_worker_in_a_crash_loop_is_not_patched_in_the_moments_in_which_it_runs()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        var since = story.Now;
        for (var runs = true; story.Phase is PatchPhase.Promoting && story.Now - since < TimeSpan.FromMinutes(20); runs = !runs)
        {
            SetConsumers(runs, hasCrashed: true);
            story.RunFor(TimeSpan.FromSeconds(runs ? 5 : 40));
        }

        SetConsumers(runs: true, hasCrashed: false);
        consumers.StablePods.Clear();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("PromotionFailed", story.Status.Revert!.Reason);
        Assert.InRange(story.Now - since, TimeSpan.FromMinutes(9.5), TimeSpan.FromMinutes(12));
        Assert.All(story.World, w => Assert.Equal(Story.Old, w.Image));
    }

    [Fact]
    public void A_worker_that_crashed_once_and_stays_up_is_patched_a_minute_later()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        SetConsumers(runs: false, hasCrashed: true);
        story.RunFor(TimeSpan.FromSeconds(30));
        SetConsumers(runs: true, hasCrashed: true);
        story.Reconcile();
        Assert.Contains("have yet to show that they stay up", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        var since = story.Now;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
        Assert.InRange(story.Now - since, TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(65));
    }

    [Fact]
    public void Consumers_that_end_with_their_messages_and_begin_again_are_no_crash_loop()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        var since = story.Now;
        for (var runs = true; story.Phase is PatchPhase.Promoting && story.Now - since < TimeSpan.FromMinutes(20); runs = !runs)
        {
            SetConsumers(runs, hasCrashed: false);
            story.RunFor(TimeSpan.FromSeconds(4));
        }

        Assert.Equal(PatchPhase.Promoted, story.Phase);
        Assert.InRange(story.Now - since, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void What_shows_at_the_deadline_that_it_stays_up_has_the_time_to_do_so()
    {
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        story.RunFor(story.Status.Timings!.RolloutDeadline!.Value - story.Now - TimeSpan.FromSeconds(3));
        SetConsumers(runs: true, hasCrashed: false);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void S13_consumers_of_the_old_code_must_really_be_gone()
    {
        consumers.StablePods.Add(Pod("consumer-old", Story.Old) with { IsTerminating = true });
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Promoting, story.Phase);
        Assert.Contains("1 of the old code still ending", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        consumers.StablePods.Clear();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_consumer_on_a_dead_node_is_waited_for_until_its_grace_period_is_long_over()
    {
        consumers.StablePods.Add(Pod("consumer-lost", Story.Old) with { Ready = false, IsTerminating = true, DueGoneAt = story.Now + TimeSpan.FromMinutes(6) });
        story.Approve();
        story.RunUntil(() => story.Phase is PatchPhase.Promoted, TimeSpan.FromMinutes(20));
        Assert.True(story.Now >= consumers.StablePods[0].DueGoneAt + TimeSpan.FromMinutes(2));
        consumers.StablePods[0] = Pod("consumer-lost", Story.New) with { Ready = false, IsTerminating = true, DueGoneAt = story.Now + TimeSpan.FromMinutes(1) };
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(4));
    }

    [Fact]
    public void A_consumer_that_was_evicted_runs_nothing_and_is_not_waited_for_forwards_or_backwards()
    {
        consumers.StablePods.Add(Pod("consumer-evicted", Story.Old) with { Ready = false, HasEnded = true });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        consumers.StablePods[0] = Pod("consumer-evicted", Story.New) with { Ready = false, HasEnded = true };
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void S13_cron_begins_no_Job_while_one_of_the_old_code_runs()
    {
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Approve();
        story.RunUntil(() => cron.Image == Story.New, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.True(cron.Stable!.IsSuspended);
        Assert.Contains("Job magento-cron-1", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);

        // Whoever lets it run in between is put right.
        cron.Stable = cron.Stable with { IsSuspended = false };
        story.Reconcile();
        Assert.True(cron.Stable.IsSuspended);

        cron.Set();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        Assert.False(cron.Stable.IsSuspended);
    }

    [Fact]
    public void S13_that_no_Job_and_no_old_consumer_is_seen_means_nothing_while_none_can_be_seen()
    {
        story.Approve();
        cron.PodsAreKnown = false;
        story.RunUntil(() => cron.Image == Story.New, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.True(cron.Stable!.IsSuspended);
        cron.PodsAreKnown = true;
        consumers.PodsAreKnown = false;
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Promoting, story.Phase);
        consumers.PodsAreKnown = true;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_Job_that_never_ends_takes_all_back_at_the_deadline_and_cron_goes_on_with_the_old_code()
    {
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Approve();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(20));
        Assert.Contains("magento-cron-1", story.Status.Revert!.Message, StringComparison.Ordinal);
        Assert.All(story.World, w => Assert.Equal(Story.Old, w.Image));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Fact]
    public void A_CronJob_that_its_user_had_suspended_stays_so()
    {
        cron.Stable = cron.Stable! with { IsSuspended = true };
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.True(cron.Stable!.IsSuspended);
        Assert.DoesNotContain(story.Done, a => a is SuspendCronJob);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_CronJob_that_is_deleted_or_made_anew_while_it_is_kept_suspended_is_owed_nothing(bool madeAnew)
    {
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Approve();
        story.RunUntil(() => cron.Stable!.IsSuspended, TimeSpan.FromMinutes(10));
        cron.Stable = madeAnew ? cron.Stable! with { Uid = "another", IsSuspended = true, ActiveJobs = [] } : null;
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(2));
        Assert.All(story.Status.Workloads!, w => Assert.Null(w.WasSuspended));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(madeAnew, cron.Stable?.IsSuspended ?? false);
    }

    [Fact]
    public void A_CronJob_that_is_deleted_while_its_images_are_put_right_is_owed_nothing()
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        cron.SetByOthers(Story.Old, "argocd-controller");
        story.RunUntil(() => cron.Stable!.IsSuspended, TimeSpan.FromMinutes(1));
        cron.Stable = null;
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.All(story.Status.Workloads!, w => Assert.Null(w.WasSuspended));
    }

    [Fact]
    public void What_its_user_suspends_while_the_write_is_refused_stays_suspended()
    {
        story.Refused = action => action is SetStableImages { Workload.Kind: WorkloadKind.CronJob };
        story.Approve();
        story.RunUntil(() => ImagesSet.Contains("magento-cron"), TimeSpan.FromMinutes(10));
        cron.Stable = cron.Stable! with { IsSuspended = true };
        story.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal(Story.Old, cron.Image);
        story.Refused = _ => false;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
        Assert.True(cron.Stable.IsSuspended);
    }

    [Fact]
    public void What_its_user_resumes_while_an_old_Job_runs_is_resumed_when_that_has_ended()
    {
        cron.Stable = cron.Stable! with { IsSuspended = true };
        cron.Set(new JobObservation("by-hand", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Approve();
        story.RunUntil(() => cron.Image == Story.New, TimeSpan.FromMinutes(10));
        cron.Stable = cron.Stable with { IsSuspended = false };
        story.RunFor(TimeSpan.FromSeconds(30));
        Assert.True(cron.Stable.IsSuspended);
        cron.Set();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
        Assert.False(cron.Stable.IsSuspended);
    }

    [Fact]
    public void A_patched_Job_that_could_not_begin_is_ended_in_a_revert_and_one_that_runs_is_waited_for_by_name()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var patched = new Dictionary<string, string> { ["php"] = Story.New, ["proxy"] = "envoy:1" };
        cron.Set(
            new JobObservation("pulling", patched) { Begun = ["proxy"] },
            new JobObservation("running", patched) { Begun = ["php"] },
            new JobObservation("unseen", patched),
            new JobObservation("previous", new Dictionary<string, string> { ["php"] = Story.Old }) { Begun = [] });
        story.Command(Commands.Revert, "the wrong digest");
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(11));
        Assert.Equal(["running", "unseen", "previous"], cron.Stable!.ActiveJobs.Select(j => j.Name));
        story.Reconcile();
        Assert.Contains("CronJob magento-cron is kept suspended until Job running, unseen of other code has ended.", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        cron.Set();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Fact]
    public void A_role_that_does_not_come_back_keeps_the_others_waiting_for_a_moment_only()
    {
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Edit(s => s with { Promotion = new PromotionSpec { Order = ["Web", "Worker", "Cron"] } });
        story.Approve();
        story.RunUntil(() => cron.Image == Story.New, TimeSpan.FromMinutes(10));
        cron.Set(new JobObservation("magento-cron-2", new Dictionary<string, string> { ["php"] = Story.New }));
        story.Command(Commands.Abort, "now");
        story.Reconcile();
        var since = story.Now;
        story.RunUntil(() => story.Web.Image == Story.Old && consumers.Image == Story.Old, TimeSpan.FromMinutes(1));
        Assert.InRange(story.Now - since, TimeSpan.Zero, story.Policy.RevertStageLimit + TimeSpan.FromSeconds(1));
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(11));
        Assert.True(cron.Stable!.IsSuspended);
        cron.Set();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.False(cron.Stable!.IsSuspended);
    }

    [Fact]
    public void A_StatefulSets_broken_pod_is_replaced_in_a_revert_since_nobody_else_would()
    {
        indexer.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => indexer.Image == Story.New, TimeSpan.FromMinutes(10));
        indexer.StablePods.Add(Pod("magento-indexer-3", Story.New) with { Ready = false });
        story.Command(Commands.Abort, "indexer does not start");
        story.RunUntil(() => story.Done.Any(a => a is ReplacePods { Pods: ["magento-indexer-3"] }), TimeSpan.FromMinutes(1));
        indexer.Stable = indexer.Stable! with { IsRolledOut = true };
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Every_canary_must_serve_and_one_that_fails_takes_all_back()
    {
        var admin = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-admin")) { PodsBecomeReady = false };
        story.World.Add(admin);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "admin", Deployment = "magento-admin", Containers = Php }] });
        story.Approve();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(11));
        Assert.Contains("magento-admin", story.Status.Revert!.Message, StringComparison.Ordinal);
        Assert.All([story.Canary, admin.Canary], Assert.Null);
    }

    [Fact]
    public void A_worker_gets_a_canary_if_it_is_asked_for()
    {
        story.Edit(s => s with { Workloads = [.. s.Workloads!.Select(w => w.Name == "consumers" ? w with { Canary = new CanaryOverlay { Enabled = true } } : w)] });
        story.StartCanary();
        Assert.NotNull(consumers.Canary);
        Assert.Null(cron.Canary);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Null(consumers.Canary);
    }

    [Fact]
    public void What_cannot_roll_out_is_found_before_the_start()
    {
        indexer.Stable = indexer.Stable! with { Obstacle = "its updateStrategy is OnDelete" };
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.AwaitingApproval, "StableCannotRollOut"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
    }

    [Fact]
    public void A_workload_that_cannot_be_read_is_not_gone_and_keeps_no_bad_canary_alive()
    {
        story.StartCanary();
        cron.IsUnread = true;
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Status.Step!.Index));
        Assert.Equal("WorkloadUnread", story.Condition(ConditionTypes.Ready).Reason);
        story.CanaryErrorRate = 0.5;
        story.RunUntil(() => story.CanaryPods.Count == 0, TimeSpan.FromMinutes(1));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void What_cannot_be_read_is_waited_for_until_the_deadline()
    {
        story.StartCanary();
        cron.IsUnread = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(12));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("CronJob magento-cron could not be read", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revert_gives_back_what_can_be_read_and_ends_when_the_rest_can()
    {
        story.Approve();
        story.RunUntil(() => ImagesSet.Contains("magento-indexer"), TimeSpan.FromMinutes(10));
        cron.IsUnread = true;
        story.Command(Commands.Abort, "second thoughts");
        story.RunFor(TimeSpan.FromMinutes(3));
        Assert.Equal((Story.Old, Story.New), (story.Web.Image, cron.Image));
        Assert.Equal(PatchPhase.Reverting, story.Phase);
        cron.IsUnread = false;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal(Story.Old, cron.Image);
    }

    [Fact]
    public void A_patch_that_keeps_a_CronJob_suspended_is_not_let_go_while_that_cannot_be_read()
    {
        cron.Set(new JobObservation("magento-cron-1", new Dictionary<string, string> { ["php"] = Story.Old }));
        story.Approve();
        story.RunUntil(() => cron.Stable!.IsSuspended, TimeSpan.FromMinutes(10));
        story.Web.SetByOthers(Story.Third, "argocd-controller");
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        cron.IsUnread = true;
        cron.Set();
        story.Delete();
        story.RunFor(TimeSpan.FromMinutes(3));
        Assert.False(story.LastPlan!.IsReleased);
        cron.IsUnread = false;
        story.RunUntil(() => story.LastPlan.IsReleased, TimeSpan.FromMinutes(1));
        Assert.False(cron.Stable!.IsSuspended);
    }

    private static PodObservation Pod(string name, string image) =>
        new() { Name = name, Ip = "10.0.1.1", Ready = true, InRotation = false, Images = new Dictionary<string, string> { ["php"] = image } };

    private void SetConsumers(bool runs, bool hasCrashed)
    {
        consumers.Stable = consumers.Stable! with { IsRolledOut = runs, ReadyReplicas = runs ? consumers.Stable!.Replicas : 0 };
        consumers.StablePods.Clear();
        consumers.StablePods.Add(Pod("consumer-new", Story.New) with { Ready = runs, HasCrashed = hasCrashed });
    }
}

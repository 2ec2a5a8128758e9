using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The main job and its ways out, as stories about a simulated world.</summary>
public sealed class RolloutStories
{
    private readonly Story story = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Proof_that_the_canary_is_fine_ends_a_hold_only_where_the_step_allows_it(bool passEarly)
    {
        story.Edit(spec => spec with { Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("1h"), PassEarly = passEarly }] } });
        story.Approve();
        var begun = story.Now;

        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromHours(2));

        Assert.InRange((story.Now - begun).TotalMinutes, passEarly ? 0.5 : 60, passEarly ? 15 : 70);
    }

    [Fact]
    public void A_healthy_patch_waits_for_approval_walks_the_steps_is_promoted_and_leaves_no_canary()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Empty(story.Done);
        Assert.Equal("False", story.Condition(ConditionTypes.Approved).Status);

        var begun = story.Now;
        story.Command(Commands.Approve, "CHG-20871");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));

        Assert.Equal(["Pending", "AwaitingApproval", "Progressing", "Promoting", "Promoted"], story.Phases.Prepend("Pending").Distinct());
        Assert.Equal(Story.New, story.Stable!.Images["php"]);
        Assert.Null(story.Canary);
        Assert.True(story.Now - begun >= TimeSpan.FromSeconds(90), "both holds must have passed");
        Assert.Equal("True", story.Condition(ConditionTypes.Ready).Status);
        Assert.Equal("ApprovedUnverified", story.Condition(ConditionTypes.Approved).Reason);
        Assert.Null(AuditChain.FindFault([.. story.Trail]));
        Assert.Equal(["Accepted", "ApprovalRecorded", "CanaryStarted", "StepStarted", "StepPassed", "StepStarted", "AnalysisPassed", "Promoted"], story.Trail.Select(r => r.Action));
    }

    [Fact]
    public void A_bad_canary_loses_its_traffic_first_then_its_pods_and_the_evidence_is_kept()
    {
        story.CanaryErrorRate = 0.2;
        story.Approve();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(5));

        Assert.Null(story.Canary);
        Assert.Equal(Story.Old, story.Stable!.Images["php"]);
        var order = story.Done.Select(a => a.GetType().Name).Where(n => n is nameof(WithdrawCanaryTraffic) or nameof(DeleteCanary)).Distinct();
        Assert.Equal([nameof(WithdrawCanaryTraffic), nameof(DeleteCanary)], order);
        var revert = story.Status.Revert!;
        Assert.Equal(("AnalysisFailed", "http-errors"), (revert.Reason, revert.Metric));
        Assert.NotNull(revert.Value);
        Assert.NotNull(revert.Limit);
        Assert.NotNull(revert.Query);
        Assert.Equal(0, story.Status.Step!.ActualWeight);
        Assert.DoesNotContain(story.Done, a => a is SetStableImages);
    }

    [Fact]
    public void The_plan_that_finds_the_canary_bad_already_takes_its_traffic()
    {
        story.StartCanary();
        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromMinutes(2));
        Assert.Contains(story.LastPlan!.Actions, a => a is WithdrawCanaryTraffic);
    }

    [Fact]
    public void Too_little_traffic_is_news_only_when_it_lasts_and_then_once()
    {
        story.CanaryReading = new TrackReading.Counts(0, 10);
        story.StartCanary();
        story.RunFor(TimeSpan.FromSeconds(50));
        Assert.Empty(story.Notices);
        story.RunFor(TimeSpan.FromSeconds(60));
        Assert.Single(story.Notices, n => n is { Reason: "TooFewRequests", IsWarning: true });
    }

    [Fact]
    public void Pods_that_never_become_ready_are_taken_back_at_the_deadline_with_the_nodes_words()
    {
        story.PodsBecomeReady = false;
        story.Approve();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(11));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("ImagePullBackOff", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stable_that_cannot_roll_out_leaves_the_healthy_canary_serving()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(30));
        story.RunFor(TimeSpan.FromMinutes(30));
        Assert.All(story.CanaryPods, p => Assert.True(p is { Ready: true, InRotation: true }));
        Assert.Equal("True", story.Condition(ConditionTypes.Stalled).Status);

        story.Stable = story.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_newer_image_of_someone_else_supersedes_the_run()
    {
        story.StartCanary();
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Third } };
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Equal(Story.Third, story.Stable!.Images["php"]);
        Assert.Null(story.Canary);
    }

    [Fact]
    public void Suspend_keeps_the_weight_and_still_reverts_a_bad_canary()
    {
        story.StartCanary();
        story.Edit(s => s with { Suspend = true });
        story.RunUntil(PatchPhase.Paused, TimeSpan.FromSeconds(10));
        story.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Paused, 0), (story.Phase, story.Status.Step!.Index));
        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Reject_before_the_start_touches_nothing_and_retry_begins_again_without_the_old_approval()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Reject, "not tonight");
        story.RunUntil(PatchPhase.Rejected, TimeSpan.FromSeconds(10));
        story.RunFor(TimeSpan.FromMinutes(5));
        story.Command(Commands.Retry, "now it is fine");
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromSeconds(10));
        Assert.Null(story.Status.Approvals);
        Assert.DoesNotContain(story.Done, a => a is not RemoveCommands);
    }

    [Fact]
    public void A_command_is_acted_on_once_even_while_its_annotation_stays()
    {
        story.HeldBy = "other";
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Single(story.Trail, r => r.Action == "ApprovalRecorded");
    }

    [Fact]
    public void An_abort_when_nothing_runs_changes_nothing()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Abort, "panic");
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        Assert.Single(story.Trail, r => r.Action == "CommandIgnored");
    }

    [Fact]
    public void A_rejected_query_or_an_unreachable_source_blocks_before_anything_is_touched_and_recovers()
    {
        story.CanaryReading = new TrackReading.Failed("1:5: parse error: unexpected end of input.", Terminal: true);
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromSeconds(10));
        Assert.Equal("QueryRejected", story.Condition(ConditionTypes.Accepted).Reason);
        var records = story.Trail.Count();
        story.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal(records, story.Trail.Count());
        Assert.Empty(story.Done);
        story.CanaryReading = null;
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_missing_Deployment_and_an_unknown_container_are_named()
    {
        var stable = story.Stable!;
        story.Stable = null;
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromSeconds(10));
        Assert.Equal("DeploymentNotFound", story.Condition(ConditionTypes.Accepted).Reason);

        story.Stable = stable with { Images = new Dictionary<string, string> { ["nginx"] = Story.Old } };
        story.Reconcile();
        Assert.Equal("ContainerNotFound", story.Condition(ConditionTypes.Accepted).Reason);
        Assert.Contains("nginx", story.Condition(ConditionTypes.Accepted).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_advisorys_deadline_is_said_once_when_it_passes()
    {
        story.Edit(s => s with { Advisory = new Advisory { Severity = "Critical", DisclosedAt = "2026-11-22T04:00:00Z" } });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Equal("False", story.Condition(ConditionTypes.Overdue).Status);
        story.RunFor(TimeSpan.FromHours(5), TimeSpan.FromMinutes(30));
        Assert.Equal("True", story.Condition(ConditionTypes.Overdue).Status);
        Assert.Single(story.Trail, r => r.Action == "Overdue");
    }

    [Fact]
    public void A_change_of_stables_template_makes_the_canary_anew()
    {
        story.StartCanary();
        var before = story.Canary!.Source;
        story.Stable = story.Stable! with { TemplateDigest = "template-2" };
        story.Reconcile();
        Assert.NotEqual(before, story.Canary!.Source);
    }
}

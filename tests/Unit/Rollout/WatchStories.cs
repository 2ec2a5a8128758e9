using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>After the promotion the same metrics watch the patched workloads for a while.</summary>
public sealed class WatchStories
{
    private readonly Story story = new();

    [Fact]
    public void A_patch_that_turns_bad_after_the_promotion_is_taken_back_with_the_evidence()
    {
        Promote();
        story.CanaryErrorRate = 0.2;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal(Story.Old, story.Web.Image);
        var revert = story.Status.Revert!;
        Assert.Equal(("WatchFailed", "http-errors", "http_requests_total{status=~\"5..\"}"), (revert.Reason, revert.Metric, revert.Query));
        Assert.Contains("against 0 %", revert.Message, StringComparison.Ordinal);
        Assert.Equal("Failed", story.Status.Watch!.Outcome);
        Assert.Single(story.Trail, r => r.Action == "WatchFailed");
        Assert.Equal(("False", "WatchFailed"), (story.Condition(ConditionTypes.Watched).Status, story.Condition(ConditionTypes.Watched).Reason));
        Assert.Null(AuditChain.FindFault([.. story.Trail]));
    }

    [Fact]
    public void A_healthy_patch_is_watched_to_the_end_and_is_ready_from_then_on()
    {
        Promote();
        Assert.Equal(("Unknown", "Watching"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal("True", story.Condition(ConditionTypes.Reconciling).Status);
        Assert.Equal("True", story.Condition(ConditionTypes.Promoted).Status);
        var until = story.Status.Watch!.Until;
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(31));
        Assert.Equal((PatchPhase.Promoted, "Passed", until), (story.Phase, story.Status.Watch!.Outcome, story.Status.Watch.EndedAt));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(("True", "Promoted"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal("True", story.Condition(ConditionTypes.Watched).Status);
        Assert.Equal("False", story.Condition(ConditionTypes.Reconciling).Status);
        Assert.Contains("against 0 %", Assert.Single(story.Trail, r => r.Action == "WatchPassed").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_never_ready_for_a_moment_between_the_promotion_and_the_watch()
    {
        Begin();
        story.Approve();
        story.RunUntil(
            () =>
            {
                var isOver = story.Status.Watch?.EndedAt is not null;
                Assert.Equal(isOver, story.Condition(ConditionTypes.Ready).Status == "True");
                return isOver;
            },
            TimeSpan.FromMinutes(45));
    }

    [Fact]
    public void A_short_burst_that_ends_takes_nothing_back_and_is_forgiven()
    {
        Promote();
        story.RunFor(TimeSpan.FromMinutes(2));
        story.CanaryErrorRate = 1;
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal("Suspected", story.Condition(ConditionTypes.Watched).Reason);
        story.CanaryErrorRate = 0;
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(31));
        Assert.Equal((PatchPhase.Promoted, "Passed"), (story.Phase, story.Status.Watch!.Outcome));
    }

    [Fact]
    public void What_turns_bad_late_is_not_hidden_by_what_was_good_before()
    {
        Promote();
        story.RunFor(TimeSpan.FromMinutes(20));
        story.CanaryErrorRate = 0.05;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromMinutes(3));
        Assert.Equal("WatchFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_difference_that_is_not_worth_catching_takes_nothing_back()
    {
        Promote(metric => metric with { MaxRate = null });
        story.CanaryErrorRate = 0.008;
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(31));
        Assert.Equal((PatchPhase.Promoted, "Passed"), (story.Phase, story.Status.Watch!.Outcome));
    }

    [Fact]
    public void A_ceiling_that_stable_broke_before_is_not_held_against_the_patch()
    {
        story.StableErrorRate = 0.031;
        story.CanaryErrorRate = 0.015;
        Promote(metric => metric with { CompareWith = "Stable", MaxRate = "2%" });
        story.CanaryErrorRate = 0.03;
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(31));
        Assert.Equal((PatchPhase.Promoted, "Inconclusive"), (story.Phase, story.Status.Watch!.Outcome));
        Assert.Contains(story.Notices, n => n.Reason == "BadBeforeToo");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_metrics_outage_holds_alerts_and_takes_nothing_back_whatever_onError_says(bool isError)
    {
        Promote(metric => metric with { OnError = "Fail", OnNoData = "Fail" });
        story.StableReading = isError ? new TrackReading.Failed("connection refused", Terminal: false) : new TrackReading.NoData("no series");
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(31));
        Assert.Equal((PatchPhase.Promoted, "Inconclusive"), (story.Phase, story.Status.Watch!.Outcome));
        Assert.Single(story.Notices, n => n.IsWarning && n.Reason == (isError ? "MetricsUnavailable" : "NoData"));
        Assert.Contains("could not tell", Assert.Single(story.Trail, r => r.Action == "WatchInconclusive").Detail, StringComparison.Ordinal);
        Assert.Equal(("Unknown", "WatchInconclusive"), (story.Condition(ConditionTypes.Watched).Status, story.Condition(ConditionTypes.Watched).Reason));
        Assert.Equal(Story.New, story.Web.Image);
    }

    [Fact]
    public void An_operator_that_was_away_ends_the_watch_at_its_time_and_does_not_begin_it_anew()
    {
        Promote();
        story.RunFor(TimeSpan.FromMinutes(5));
        var watch = story.Status.Watch!;
        story.Wait(TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((watch.StartedAt, watch.Until), (story.Status.Watch!.StartedAt, story.Status.Watch.Until));
        story.Wait(TimeSpan.FromHours(1));
        story.Reconcile();
        Assert.Equal((PatchPhase.Promoted, watch.Until), (story.Phase, story.Status.Watch.Until));
        Assert.NotNull(story.Status.Watch.EndedAt);
        story.RunFor(TimeSpan.FromMinutes(10));
        Assert.Single(story.Trail, r => r.Action is "WatchPassed" or "WatchInconclusive");
    }

    [Fact]
    public void Where_Git_names_the_patched_images_a_person_is_asked_to_revert_there()
    {
        Promote(hold: "UntilAdopted");
        story.Web.SetByOthers(Story.New, "argocd-controller");
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Single(story.Trail, r => r.Action == "Adopted");
        story.CanaryErrorRate = 0.2;
        story.RunUntil(() => story.Status.Watch!.EndedAt is not null, TimeSpan.FromMinutes(2));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
        Assert.Equal(("False", "RevertNeedsGit"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal("True", story.Condition(ConditionTypes.Stalled).Status);
        Assert.Contains("argocd-controller", Assert.Single(story.Trail, r => r.Action == "WatchFailed").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_held_patch_that_fails_its_watch_is_taken_back_and_no_longer_held()
    {
        Promote(hold: "UntilAdopted");
        Assert.Equal("Watching", story.Condition(ConditionTypes.Ready).Reason);
        story.CanaryErrorRate = 0.2;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.Old), (story.Phase, story.Web.Image));
    }

    [Fact]
    public void What_is_answered_while_another_patch_runs_is_not_held_against_this_one()
    {
        Promote();
        story.HeldBy = "cve-2025-11111";
        story.CanaryErrorRate = 0.5;
        story.RunFor(TimeSpan.FromMinutes(5));
        story.HeldBy = null;
        story.CanaryErrorRate = 0;
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Promoted, story.Phase);
        Assert.Equal("Pass", Assert.Single(story.Status.Watch!.Metrics!).Verdict);
    }

    [Fact]
    public void A_revert_that_someone_asks_for_ends_the_watch()
    {
        Promote();
        story.Command(Commands.Revert, "second thoughts");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("Interrupted", story.Status.Watch!.Outcome);
    }

    [Fact]
    public void Without_a_watch_nothing_is_measured_after_the_promotion()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Null(story.Status.Watch);
        Assert.DoesNotContain(story.Status.Conditions!, c => c.Type == ConditionTypes.Watched);
        Assert.Equal("True", story.Condition(ConditionTypes.Ready).Status);
    }

    private void Begin(Func<MetricSpec, MetricSpec>? metric = null, string hold = "None") => story.Edit(s => s with
    {
        Revert = new RevertSpec { WatchAfterPromotion = new Duration("30m") },
        Promotion = new PromotionSpec { Hold = hold },
        Analysis = s.Analysis! with { Metrics = [.. s.Analysis.Metrics!.Select(m => metric?.Invoke(m) ?? m)] },
    });

    private void Promote(Func<MetricSpec, MetricSpec>? metric = null, string hold = "None")
    {
        Begin(metric, hold);
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.RunFor(TimeSpan.FromSeconds(10));
    }
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>When the weights of routes move, and what happens when they do not, or someone else moves them.</summary>
public sealed class RoutedStories
{
    [Fact]
    public void A_healthy_run_leaves_nothing_of_itself()
    {
        var story = Routed();
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
        Assert.Equal([25, 50], story.Done.OfType<EnsureRoutes>().Select(e => e.Weight).OfType<int>());
        Assert.Equal((null, false), (story.Web.Route!.Weight, story.Web.Route.ServiceExists));
        Assert.Equal([1, 2], story.Done.OfType<EnsureCanary>().Select(e => e.Replicas).Distinct());
    }

    [Fact]
    public void The_weight_waits_for_the_pods_and_pods_for_no_weight()
    {
        var story = Routed();
        story.Web.PodsBecomeReady = false;
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(2));
        Assert.Null(story.Web.Route!.Weight);
        Assert.Equal(0, story.Web.Route.Writes);
    }

    [Fact]
    public void The_first_weight_gives_what_sends_the_requests_time_to_learn_of_the_endpoints()
    {
        var story = Routed();
        story.Approve();
        story.RunUntil(() => story.Status.Step?.ReachableSince is not null, TimeSpan.FromMinutes(1));
        Assert.Equal("SettlingEndpoints", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        SetReady(story, false);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Null(story.Status.Step!.ReachableSince);
        Assert.Null(story.Web.Route!.Weight);

        SetReady(story, true);
        var back = story.Now;
        story.RunUntil(() => story.Web.Route.Weight is not null, TimeSpan.FromMinutes(1));
        Assert.InRange(story.Now - back, story.Policy.EndpointSettle, story.Policy.EndpointSettle + TimeSpan.FromMilliseconds(500));
        Assert.Null(story.Status.Step!.ReachableSince);
    }

    [Fact]
    public void Endpoints_that_have_had_requests_are_known_and_later_weights_do_not_wait()
    {
        var story = Routed();
        story.StartCanary();
        var seen = false;
        story.RunUntil(() => (seen |= story.Status.Step?.ReachableSince is not null) || story.Web.Route!.Weight == 50, TimeSpan.FromMinutes(10));
        Assert.False(seen);
    }

    [Fact]
    public void No_step_counts_before_the_gateway_has_followed_and_the_deadline_runs()
    {
        var story = Routed();
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.Web.Route!.GatewayFollows = false;
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal(25, story.Web.Route.Weight);
        Assert.Null(story.Status.Step!.ServingSince);
        Assert.Equal("WaitingForGateway", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(3));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("has not reported that it follows", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_canary_that_goes_bad_at_the_weight_before_is_taken_back_while_the_next_step_waits_for_its_pods()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.PodsBecomeReady = false;
        story.RunUntil(() => story.Status.Step!.Index == 1, TimeSpan.FromMinutes(2));
        SetReady(story, false);
        story.CanaryPods[0] = story.CanaryPods[0] with { Ready = true };
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((25, null, nameof(Domain.Analysis.Verdict.Pass)), (story.Web.Route!.Weight, story.Status.Step!.ServingSince, story.Status.Analysis![0].Verdict));
        Assert.Equal((PatchPhase.Progressing, 1), (story.Phase, story.Status.Step!.Index));

        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(10));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_step_passes_on_what_was_counted_at_its_own_weight_alone()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.PodsBecomeReady = false;
        story.RunUntil(() => story.Status.Step!.Index == 1, TimeSpan.FromMinutes(2));
        SetReady(story, false);
        story.CanaryPods[0] = story.CanaryPods[0] with { Ready = true };
        story.RunFor(TimeSpan.FromMinutes(5));
        SetReady(story, true);
        story.CanaryRequestsPerSecond = 0.5;
        var inPlace = story.Now;
        story.RunUntil(() => story.Status.Step?.ServingSince is not null, TimeSpan.FromSeconds(2));
        Assert.All(story.Status.Analysis!, m => Assert.Equal((nameof(Domain.Analysis.Verdict.Hold), null), (m.Verdict, m.SampledAt)));
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(3));
        Assert.InRange(story.Now - inPlace, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(110));
    }

    [Fact]
    public void What_one_of_two_gateways_sends_is_measured_before_the_other_has_followed()
    {
        var story = Routed();
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.Web.Route!.GatewayFollows = false;
        story.CanaryErrorRate = 0.5;
        story.RunUntil(PatchPhase.Reverting, TimeSpan.FromSeconds(30));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void That_nothing_is_counted_yet_is_no_reason_to_go_back_before_the_weight_is_in_place()
    {
        var story = Routed();
        story.Edit(spec => spec with { Analysis = spec.Analysis! with { Metrics = [.. spec.Analysis!.Metrics!.Select(m => m with { OnNoData = "Fail" })] } });
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        (story.Web.Route!.GatewayFollows, story.CanaryRequestsPerSecond) = (false, 0);
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.Web.Route.GatewayFollows = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(3));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void An_edit_is_put_back_in_the_same_decision_told_once_and_does_not_count_for_the_hold()
    {
        var story = Routed();
        story.StartCanary();
        var notBefore = story.Status.Step!.NotBefore!.Value;
        story.Web.Route!.Weight = 90;
        story.Web.Route.CanBeWritten = false;
        story.Reconcile();
        Assert.Equal("TrafficEdited", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        story.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal(0, story.Status.Step!.Index);
        story.Web.Route.CanBeWritten = true;
        story.RunUntil(() => story.Status.Step!.Routing!.OffSince is null, TimeSpan.FromSeconds(5));
        Assert.Equal(25, story.Web.Route.Weight);
        Assert.True(story.Status.Step!.NotBefore - notBefore >= TimeSpan.FromMinutes(2));
        Assert.Single(story.Trail, r => r.Action == "TrafficEdited");
    }

    [Fact]
    public void Who_edits_the_weights_is_named_where_it_is_known()
    {
        var story = Routed();
        story.StartCanary();
        (story.Web.Route!.Weight, story.Web.Route.ChangedBy, story.Web.Route.CanBeWritten) = (90, "kubectl-edit", false);
        story.Reconcile();
        const string told = "was changed by kubectl-edit: the canary has 90 % instead of 25 %";
        Assert.Contains(told, Assert.Single(story.Trail, r => r.Action == "TrafficEdited").Detail, StringComparison.Ordinal);
        Assert.Contains(told, story.Condition(ConditionTypes.TrafficAtWeight).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_keeps_editing_is_named_once_and_answered_ever_more_slowly()
    {
        var story = Routed();
        story.Edit(spec => spec with { Canary = spec.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("2h") }], ProgressDeadline = new Duration("1h") } });
        story.StartCanary();
        var writes = story.Web.Route!.Writes;
        for (var second = 0; second < 600; second++)
        {
            story.Web.Route.Weight = null;
            story.RunFor(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, story.Trail.Count(r => r.Action == "TrafficEdited"));
        Assert.Single(story.Trail, r => r.Action == "TrafficContested");
        Assert.InRange(story.Web.Route.Writes - writes, 10, 25);
        Assert.Equal(PatchPhase.Progressing, story.Phase);
    }

    [Fact]
    public void Edits_before_the_gateway_has_reported_are_told_and_answered_ever_more_slowly_too()
    {
        var story = Routed();
        story.Edit(spec => spec with { Canary = spec.Canary! with { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("2h") }], ProgressDeadline = new Duration("1h") } });
        story.Web.Route!.ChangedBy = "argocd-controller";
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.Web.Route.GatewayFollows = false;
        story.RunUntil(() => story.Condition(ConditionTypes.TrafficAtWeight).Reason == "WaitingForGateway", TimeSpan.FromMinutes(1));
        var writes = story.Web.Route.Writes;
        for (var second = 0; second < 600; second++)
        {
            story.Web.Route.Weight = null;
            story.RunFor(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, story.Trail.Count(r => r.Action == "TrafficEdited"));
        Assert.Contains("argocd-controller", story.Trail.First(r => r.Action == "TrafficEdited").Detail, StringComparison.Ordinal);
        Assert.Single(story.Trail, r => r.Action == "TrafficContested");
        Assert.InRange(story.Web.Route.Writes - writes, 10, 25);
    }

    [Fact]
    public void A_weight_that_cannot_be_divided_so_finely_lets_no_step_pass_and_says_what_to_change()
    {
        var story = Routed();
        story.StartCanary();
        (story.Web.Route!.TooCoarse, story.Web.Route.Share) = ("rule 1 is too small", 0);
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Status.Step!.Index));
        Assert.Equal("WeightTooCoarse", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        Assert.Contains("rule 1 is too small", story.Condition(ConditionTypes.TrafficAtWeight).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(story.Trail, r => r.Action == "RouteLeadsElsewhere");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(3));
    }

    [Fact]
    public void No_step_passes_while_the_canary_gets_more_than_it_asks_for()
    {
        var story = Routed();
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.Web.Route!.Share = 60;
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Status.Step!.Index));
        Assert.Contains("60 % instead of 25 %", story.Condition(ConditionTypes.TrafficAtWeight).Message, StringComparison.Ordinal);
        Assert.Equal("False", story.Condition(ConditionTypes.TrafficAtWeight).Status);
    }

    [Fact]
    public void An_edit_of_what_the_route_was_before_is_stored_before_the_route_is_changed()
    {
        var story = Routed();
        story.StartCanary();
        Assert.Equal(1, story.Status.Workloads![0].Routes![0].Backends![0].Weight);
        (story.Web.Route!.Weight, story.Web.Route.Before) = (null, 40);
        var plan = story.Reconcile();
        Assert.Equal(40, plan.Status.Workloads![0].Routes![0].Backends![0].Weight);
        Assert.Equal(40, plan.Actions.OfType<EnsureRoutes>().Single().Routes[0].Backends![0].Weight);
    }

    [Fact]
    public void A_revert_takes_the_traffic_in_the_very_decision_and_the_pods_when_it_is_proven()
    {
        var story = Routed();
        story.StartCanary();
        story.Command(Commands.Abort, "now");
        var plan = story.Reconcile();
        Assert.Contains(plan.Actions, a => a is WithdrawCanaryTraffic);
        Assert.DoesNotContain(plan.Actions, a => a is DeleteCanary or DeleteRouting);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(story.Trail, r => r.Action == "WithdrawalNotProven");
        Assert.False(story.Web.Route!.ServiceExists);
    }

    [Fact]
    public void A_gateway_that_does_not_follow_keeps_no_pod_alive()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.Route!.GatewayFollows = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(() => story.Web.Canary is null, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(2));
        Assert.Single(story.Trail, r => r.Action == "WithdrawalNotProven");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_revert_does_not_end_while_nobody_can_see_whether_a_route_still_names_the_canary()
    {
        var story = Routed();
        story.StartCanary();
        (story.Web.Route!.CanBeWritten, story.TrafficIsKnown) = (false, false);
        story.Command(Commands.Abort, "now");
        story.RunUntil(() => story.Web.Canary is null, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(2));
        story.RunFor(TimeSpan.FromHours(1));
        Assert.Equal((PatchPhase.Degraded, "RevertStuck"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
        (story.Web.Route.CanBeWritten, story.TrafficIsKnown) = (true, true);
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.Equal(((int?)null, false), (story.Web.Route.Weight, story.Web.Route.ServiceExists));
    }

    [Fact]
    public void A_route_that_cannot_be_written_keeps_no_pod_alive_and_the_Service_that_it_names()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.Route!.CanBeWritten = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(() => story.Web.Canary is null, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(2));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.Reverting, true, false), (story.Phase, story.Web.Route.ServiceExists, story.Web.Route.ServiceLeadsToCanary));
        story.Web.Route.CanBeWritten = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        Assert.False(story.Web.Route.ServiceExists);
    }

    [Fact]
    public void Routes_that_cannot_be_read_keep_no_pod_alive()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.TrafficIsKnown = false;
        story.Command(Commands.Abort, "now");
        story.RunUntil(() => story.Web.Canary is null, story.Policy.WithdrawalProof + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void While_stable_rolls_out_the_weight_is_kept()
    {
        var story = Routed();
        story.Web.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(20));
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(20));
        story.Web.Route!.Weight = 0;
        story.Reconcile();
        Assert.Equal(50, story.Web.Route.Weight);
    }

    [Fact]
    public void A_canary_that_is_scaled_away_while_stable_rolls_out_is_brought_back()
    {
        var story = Routed();
        story.Web.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(40));
        story.Web.Canary = story.Web.Canary! with { Replicas = 0 };
        story.CanaryPods.Clear();
        story.Reconcile();
        Assert.Equal(2, story.Web.Canary.Replicas);
        story.Web.Canary = story.Web.Canary with { Replicas = 3 };
        story.Reconcile();
        Assert.Equal(3, story.Web.Canary.Replicas);
    }

    [Fact]
    public void The_canary_gets_all_requests_while_stable_has_no_pod_for_them_and_gives_them_back()
    {
        var story = Routed();
        (story.Web.StableRollsOut, story.Web.StableIsRecreated) = (false, true);
        story.Approve();
        story.RunUntil(PatchPhase.Promoting, TimeSpan.FromMinutes(20));
        story.RunUntil(() => story.Web.Route!.Weight == 100, TimeSpan.FromSeconds(2));
        story.RunUntil(() => story.Condition(ConditionTypes.TrafficAtWeight).Reason == "CanaryStandsIn", TimeSpan.FromSeconds(2));
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(20));
        Assert.Equal((100, 4), (story.Web.Route!.Weight, story.Web.Canary!.Replicas));
        story.Web.Route.Weight = 50;
        story.Reconcile();
        Assert.Equal(100, story.Web.Route.Weight);
        Assert.Single(story.Trail, r => r.Action == "CanaryStandsIn");

        story.Stable = story.Stable! with { ReadyReplicas = 1 };
        story.RunUntil(() => story.Web.Route.Weight == 50, TimeSpan.FromSeconds(2));
        Assert.Null(story.Status.Workloads![0].StandsInSince);
        Assert.Single(story.Trail, r => r.Action == "StableServesAgain");
        Assert.Single(story.Trail, r => r.Action == "TrafficEdited");
        story.Stable = story.Stable with { ReadyReplicas = 4, IsRolledOut = true };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(2));
        Assert.Equal((null, false), (story.Web.Route.Weight, story.Web.Route.ServiceExists));
    }

    [Fact]
    public void A_revert_takes_all_requests_from_a_canary_that_stands_in()
    {
        var story = Routed();
        (story.Web.StableRollsOut, story.Web.StableIsRecreated) = (false, true);
        story.Approve();
        story.RunUntil(() => story.Web.Route!.Weight == 100, TimeSpan.FromMinutes(20));
        (story.Web.StableRollsOut, story.Web.StableIsRecreated) = (true, false);
        story.Command(Commands.Abort, "now");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal((null, false), (story.Web.Route!.Weight, story.Web.Route.ServiceExists));
    }

    [Fact]
    public void A_route_that_leads_elsewhere_in_mid_run_is_told_and_nothing_counts_until_the_deadline()
    {
        var story = Routed();
        story.StartCanary();
        story.Web.Route!.LeadsToWorkload = false;
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal((PatchPhase.Progressing, 0, "RouteLeadsElsewhere"), (story.Phase, story.Status.Step!.Index, story.Condition(ConditionTypes.TrafficAtWeight).Reason));
        Assert.Single(story.Trail, r => r.Action == "RouteLeadsElsewhere");
        story.Web.Route.LeadsToWorkload = true;
        story.RunUntil(() => story.Status.Step?.Index == 1, TimeSpan.FromMinutes(1));
        story.Web.Route.LeadsToWorkload = false;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(11));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
        Assert.Contains("leads no request to", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_in_which_the_route_was_gone_does_not_count_for_the_hold()
    {
        var story = Routed();
        story.StartCanary();
        var notBefore = story.Status.Step!.NotBefore!.Value;
        (story.Web.Route!.Exists, story.Web.Route.Weight) = (false, null);
        story.RunFor(TimeSpan.FromMinutes(3));
        Assert.Equal("RouteNotFound", story.Condition(ConditionTypes.TrafficAtWeight).Reason);
        story.Web.Route.Exists = true;
        story.RunUntil(() => story.Status.Step!.Routing!.OffSince is null, TimeSpan.FromSeconds(5));
        Assert.Equal((25, 0), (story.Web.Route.Weight, story.Status.Step!.Index));
        Assert.InRange(story.Status.Step.NotBefore!.Value - notBefore, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3.1));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
    }

    [Fact]
    public void The_time_in_which_the_weight_comes_back_to_a_canary_that_was_down_does_not_count_for_the_hold()
    {
        var story = Routed();
        story.StartCanary();
        SetReady(story, false);
        story.RunUntil(() => story.Web.Route!.Weight == 0, TimeSpan.FromMilliseconds(200));
        story.Web.Route!.CanBeWritten = false;
        SetReady(story, true, story.Now);
        story.RunUntil(() => story.Status.Workloads![0].CanaryDownSince is null, TimeSpan.FromSeconds(5));
        var notBefore = story.Status.Step!.NotBefore!.Value;
        story.RunFor(TimeSpan.FromMinutes(2));
        (story.Web.Route.CanBeWritten, story.Web.Route.GatewayFollows) = (true, false);
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((25, 0), (story.Web.Route.Weight, story.Status.Step.Index));
        story.Web.Route.GatewayFollows = true;
        story.RunUntil(() => story.Status.Step!.NotBefore > notBefore, TimeSpan.FromSeconds(2));
        Assert.InRange(story.Status.Step.NotBefore!.Value - notBefore, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3.1));
        Assert.DoesNotContain(story.Trail, r => r.Action is "TrafficEdited");
    }

    [Fact]
    public void At_weight_nought_the_hold_alone_decides()
    {
        var story = Routed();
        story.Edit(spec => spec with
        {
            Canary = spec.Canary! with
            {
                Preview = new PreviewSpec { Header = new PreviewMatch { Name = "X-Preview", Value = "yes" } },
                Steps = [new CanaryStepSpec { Weight = 0, Hold = new Duration("1m") }, new CanaryStepSpec { Weight = 25 }],
            },
        });
        story.CanaryRequestsPerSecond = 0;
        story.StartCanary();
        Assert.Equal(0, story.Web.Route!.Weight);
        story.RunUntil(() => story.Status.Step!.Index == 1, TimeSpan.FromSeconds(70));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Progressing, 1), (story.Phase, story.Status.Step!.Index));
    }

    [Fact]
    public void Promote_now_at_weight_nought_goes_on_to_the_step_that_has_traffic()
    {
        var story = Routed();
        story.Edit(spec => spec with
        {
            Canary = spec.Canary! with
            {
                Preview = new PreviewSpec { Header = new PreviewMatch { Name = "X-Preview", Value = "yes" } },
                Steps = [new CanaryStepSpec { Weight = 0, Hold = new Duration("1h") }, new CanaryStepSpec { Weight = 25, Hold = new Duration("1h") }],
            },
        });
        story.CanaryRequestsPerSecond = 0;
        story.StartCanary();
        story.Command(Commands.PromoteNow, "it looks good in the preview");
        story.RunUntil(() => story.Status.Step!.Index == 1, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.CanaryRequestsPerSecond = 20;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void A_canary_without_a_pod_that_answers_gets_no_requests_until_one_is_back_and_none_of_that_time_counts()
    {
        var story = Routed();
        story.StartCanary();
        var notBefore = story.Status.Step!.NotBefore!.Value;
        SetReady(story, false);
        story.RunUntil(() => story.Web.Route!.Weight == 0, TimeSpan.FromMilliseconds(200));
        story.RunFor(TimeSpan.FromMinutes(3));
        Assert.Equal((PatchPhase.Progressing, 0, "CanaryDown"), (story.Phase, story.Status.Step!.Index, story.Condition(ConditionTypes.TrafficAtWeight).Reason));
        Assert.Single(story.Trail, r => r.Action == "CanaryDown");

        SetReady(story, true, story.Now);
        story.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, story.Web.Route!.Weight);
        story.RunUntil(() => story.Web.Route.Weight == 25, TimeSpan.FromSeconds(2));
        Assert.InRange(story.Status.Step!.NotBefore!.Value - notBefore, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3.1));
        Assert.Single(story.Trail, r => r.Action == "CanaryServesAgain");
        Assert.DoesNotContain(story.Trail, r => r.Action is "TrafficEdited" or "RouteLeadsElsewhere");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
    }

    [Theory]
    [InlineData(true, PatchPhase.Promoted)]
    [InlineData(false, PatchPhase.Reverted)]
    public void An_operator_that_was_away_beyond_the_deadline_takes_no_canary_back_whose_pods_came_up_meanwhile(bool cameUp, PatchPhase end)
    {
        var story = Routed();
        story.PodsBecomeReady = cameUp;
        story.Approve();
        story.RunUntil(() => story.Web.Canary is not null, TimeSpan.FromMinutes(1));
        story.Pass(TimeSpan.FromMinutes(15));
        story.LookingSince = story.Now;
        story.RunUntil(end, cameUp ? TimeSpan.FromMinutes(20) : TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_canary_that_does_not_come_back_gets_no_requests_and_ends_at_the_deadline()
    {
        var story = Routed();
        story.StartCanary();
        SetReady(story, false);
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal((PatchPhase.Progressing, 0), (story.Phase, story.Web.Route!.Weight));
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("ProgressDeadlineExceeded", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_canary_without_pods_gets_no_requests_while_the_run_is_paused()
    {
        var story = Routed();
        story.StartCanary();
        story.Command(Commands.Suspend, "let us look");
        story.RunUntil(PatchPhase.Paused, TimeSpan.FromMinutes(1));
        SetReady(story, false);
        story.RunUntil(() => story.Web.Route!.Weight == 0, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_canary_that_goes_down_beside_stable_that_cannot_roll_out_leaves_all_requests_to_stable_and_takes_all_back()
    {
        var story = Routed();
        story.Web.StableRollsOut = false;
        story.Approve();
        story.RunUntil(PatchPhase.Degraded, TimeSpan.FromMinutes(40));
        SetReady(story, false);
        story.RunUntil(() => story.Web.Route!.Weight == 0, TimeSpan.FromMilliseconds(200));
        Assert.DoesNotContain("keeps serving", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        story.RunFor(TimeSpan.FromMinutes(9));
        Assert.Equal(PatchPhase.Degraded, story.Phase);
        story.Web.StableRollsOut = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("PromotionFailed", story.Status.Revert!.Reason);
        Assert.Equal((Story.Old, false), (story.Web.Image, story.Web.Route!.ServiceExists));
    }

    [Fact]
    public void No_canary_stands_in_for_stable_that_does_not_stand_itself()
    {
        var story = Routed();
        story.Web.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(20));
        SetReady(story, false);
        story.Web.StableRollsOut = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(15));
        Assert.Equal("PromotionFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void An_edit_of_the_steps_in_mid_run_puts_the_route_back_first_and_the_new_run_saves_what_it_was()
    {
        var story = Routed();
        story.Web.Route!.Before = 7;
        story.StartCanary();
        Assert.Equal(25, story.Web.Route.Weight);
        story.Edit(spec => spec with { Canary = spec.Canary! with { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("30s") }] } });
        PutBack(story);
        Assert.Equal((1, 2), (story.Done.OfType<EnsureRoutes>().Count(e => e.Weight is not null), story.Status.Run));

        story.Command(Commands.Approve, "again");
        story.RunUntil(() => story.Web.Route.Weight == 50, TimeSpan.FromMinutes(1));
        var saved = story.Done.OfType<EnsureRoutes>().Last().Routes.Single().Backends!.Single();
        Assert.Equal(("web", 7), (saved.Service, saved.Weight));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal((7, null, false), (story.Web.Route.Before, story.Web.Route.Weight, story.Web.Route.ServiceExists));
    }

    [Fact]
    public void An_edit_that_leaves_the_traffic_to_the_number_of_pods_puts_the_route_back_before_the_new_run_begins()
    {
        var story = Routed();
        story.Web.Route!.Before = 7;
        story.StartCanary();
        Assert.Equal(25, story.Web.Route.Weight);
        story.Edit(spec => spec with { Canary = spec.Canary! with { Traffic = new TrafficSpec { ReplicaRatio = new ReplicaRatioSpec() } } });
        PutBack(story);

        var (writes, known) = (story.Web.Route.Writes, story.Done.Count);
        story.Command(Commands.Approve, "again");
        story.RunUntil(() => story.Status.Step?.ServingSince is not null, TimeSpan.FromMinutes(1));
        Assert.Equal((20, null), (story.Status.Step!.ActualWeight, story.Status.Workloads!.Single().Routes));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal((writes, 7, null), (story.Web.Route.Writes, story.Web.Route.Before, story.Web.Route.Weight));
        Assert.DoesNotContain(story.Done.Skip(known), a => a is EnsureRoutes or DeleteRouting or WithdrawCanaryTraffic { Routes.Count: > 0 });
    }

    /// <summary>The plan after the edit takes the traffic with what was saved, and nothing else; the pods and the new run come when that is proven.</summary>
    private static void PutBack(Story story)
    {
        var plan = story.Reconcile();
        Assert.Equal(7, Assert.Single(plan.Actions.OfType<WithdrawCanaryTraffic>()).Routes!.Single().Backends!.Single().Weight);
        Assert.DoesNotContain(plan.Actions, a => a is DeleteCanary or DeleteRouting or EnsureCanary or EnsureRoutes);
        Assert.Equal((7, null), (story.Web.Route!.Before, story.Web.Route.Weight));
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Equal((7, null, false), (story.Web.Route.Before, story.Web.Route.Weight, story.Web.Route.ServiceExists));
        Assert.Null(story.Canary);
    }

    private static void SetReady(Story story, bool ready, DateTimeOffset? at = null)
    {
        for (var i = 0; i < story.CanaryPods.Count; i++)
        {
            story.CanaryPods[i] = story.CanaryPods[i] with { Ready = ready, ContainersReadyAt = at ?? story.CanaryPods[i].ContainersReadyAt };
        }
    }

    internal static Story Routed()
    {
        var story = new Story();
        story.Web.Route = new StoryRoute();
        story.Edit(spec => spec with { Canary = spec.Canary! with { Traffic = new TrafficSpec { HttpRoute = new NamedReference { Name = "shop" } } } });
        return story;
    }
}

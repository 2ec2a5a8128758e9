using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>Commands that wait together, as after an outage of the operator: what was given later is what people want.</summary>
public sealed class OrderStories
{
    private static readonly CanarySpec TwoSteps = new() { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("30s") }, new CanaryStepSpec { Weight = 50, Hold = new Duration("10m"), Approval = true }] };

    [Fact]
    public void An_approval_that_was_withdrawn_before_anybody_took_it_in_starts_nothing()
    {
        var crowd = new Crowd();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.Pass(TimeSpan.FromSeconds(1));
        crowd.Say(Crowd.Alice, Commands.Revoke, "not yet");
        crowd.Story.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal((PatchPhase.AwaitingApproval, "ApprovalMissing"), (crowd.Story.Phase, crowd.Condition(ConditionTypes.Ready).Reason));
        Assert.Contains(("ApprovalRevoked", "alice@example.com"), crowd.Trail);
    }

    [Fact]
    public void Approved_again_after_the_withdrawal_it_starts()
    {
        var crowd = new Crowd();
        foreach (var command in (string[])[Commands.Approve, Commands.Revoke, Commands.Approve])
        {
            crowd.Say(Crowd.Alice, command);
            crowd.Story.Pass(TimeSpan.FromSeconds(1));
        }

        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Whoever_approves_and_aborts_at_once_keeps_it_from_starting()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.Pass(TimeSpan.FromSeconds(1));
        crowd.Say(Crowd.Bob, Commands.Abort, "wrong store");
        crowd.Settle();
        Assert.Equal((PatchPhase.Rejected, "Aborted"), (crowd.Story.Phase, crowd.Condition(ConditionTypes.Ready).Reason));
        Assert.DoesNotContain(crowd.Story.Done, action => action is EnsureCanary);
    }

    [Fact]
    public void An_abort_that_came_before_the_approval_was_of_nothing()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Bob, Commands.Abort, "just in case");
        crowd.Story.Pass(TimeSpan.FromSeconds(1));
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        Assert.Equal(PatchPhase.Progressing, crowd.Story.Phase);
        Assert.Contains(("CommandIgnored", "bob@example.com"), crowd.Trail);
        Assert.Contains(crowd.Story.Trail, r => r.Action == "CommandIgnored" && r.Detail!.EndsWith("Reason given: just in case", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_ignored_is_on_record_with_the_reason_that_each_person_gave()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Bob, Commands.Revoke, "bob's doubts");
        crowd.Say(Crowd.Carol, Commands.Retry, "carol's hope");
        crowd.Say(Crowd.Bob, Commands.Resume, "bob's haste");
        crowd.Say(Crowd.Carol, Commands.Review, "carol's view");
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        crowd.Say(Crowd.Bob, Commands.Approve, "bob's late yes");
        crowd.Settle();
        var ignored = crowd.Story.Trail.Where(r => r.Action == "CommandIgnored").Select(r => $"{r.Actor}: {r.Detail}").ToArray();
        Assert.Equal(5, ignored.Length);
        Assert.All((string[])["bob's doubts", "carol's hope", "bob's haste", "carol's view", "bob's late yes"], reason =>
            Assert.Single(ignored, line => line.EndsWith(reason, StringComparison.Ordinal) && line.StartsWith(reason[..3], StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Commands.Resume, Commands.Suspend, PatchPhase.Paused)]
    [InlineData(Commands.Suspend, Commands.Resume, PatchPhase.Progressing)]
    public void A_run_is_frozen_or_goes_on_as_the_last_of_them_said(string first, string second, PatchPhase phase)
    {
        var crowd = new Crowd(change: spec => spec with { Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("1h") }] } });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        if (first == Commands.Resume)
        {
            crowd.Say(Crowd.Bob, Commands.Suspend, "a look first");
            crowd.Settle();
        }

        crowd.Say(Crowd.Bob, first);
        crowd.Story.Pass(TimeSpan.FromSeconds(1));
        crowd.Say(Crowd.Bob, second);
        crowd.Settle();
        Assert.Equal(phase, crowd.Story.Phase);
    }

    [Fact]
    public void An_approval_of_a_step_that_is_withdrawn_while_the_step_runs_holds_it_until_somebody_stands_for_it()
    {
        var crowd = InStepTwo(new ApprovalSpec());
        crowd.Say(Crowd.Bob, Commands.Revoke, "orders look odd");
        crowd.Story.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Paused, 1), (crowd.Story.Phase, crowd.Story.Status.Step!.Index));
        crowd.Say(Crowd.Carol, Commands.Approve, "they were tests");
        crowd.Story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(20));
        Assert.Contains(crowd.Story.Status.Approvals!, a => (a.By, a.Step) == ("carol@example.com", 1));
    }

    [Fact]
    public void An_approval_of_a_step_that_is_withdrawn_while_the_step_runs_takes_it_back_where_the_spec_says_so()
    {
        var crowd = InStepTwo(new ApprovalSpec { OnRevoke = "Revert" });
        crowd.Say(Crowd.Bob, Commands.Revoke, "orders look odd");
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("ApprovalRevoked", crowd.Story.Status.Revert!.Reason);
    }

    [Fact]
    public void People_at_a_gate_in_mid_run_are_escalated_to_though_measurements_take_longer_than_a_look()
    {
        var crowd = new Crowd(new ApprovalSpec { Escalation = [new EscalationTier { After = new Duration("15m"), Notify = ["oncall"] }] }, spec => spec with { Canary = TwoSteps });
        crowd.Story.MeasurementsTakeARound = true;
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Condition(ConditionTypes.Ready).Reason == "ApprovalMissing" && crowd.Story.Phase is PatchPhase.Progressing, TimeSpan.FromMinutes(5));
        var since = crowd.Condition(ConditionTypes.Ready).LastTransitionTime;
        crowd.Story.RunFor(TimeSpan.FromMinutes(16));
        Assert.Single(crowd.Story.Trail, r => r.Action == "Escalated");
        Assert.Equal(since, crowd.Condition(ConditionTypes.Ready).LastTransitionTime);
        Assert.DoesNotContain(crowd.Story.Trail, r => r.Action == "EscalationEnded");
    }

    [Fact]
    public void A_glass_that_is_broken_twice_owes_two_reviews()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Story.HeldBy = "another";
        crowd.Say(Crowd.Bob, Commands.BreakGlass, "now");
        crowd.Settle();
        crowd.Say(Crowd.Carol, Commands.BreakGlass, "now, really");
        crowd.Settle();
        crowd.Say(Crowd.Bob, Commands.Review, "Carol was right");
        crowd.Settle();
        Assert.Equal("ReviewMissing", crowd.Condition(ConditionTypes.Stalled).Reason);
        Assert.Contains("bob@example.com started it", crowd.Condition(ConditionTypes.Stalled).Message, StringComparison.Ordinal);
        crowd.Say(Crowd.Bob, Commands.Review, isAllowed: false);
        crowd.Say(Crowd.Alice, Commands.Review, "Bob too");
        crowd.Settle();
        Assert.NotEqual("ReviewMissing", crowd.Condition(ConditionTypes.Stalled).Reason);
    }

    [Fact]
    public void Who_moves_a_deadline_is_on_record_and_voids_nothing()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        crowd.Edit(Crowd.Carol, spec => spec with { Suspend = true, Advisory = new Advisory { Id = "APSB25-88", RemediateBy = "2027-01-01T00:00:00Z" } });
        crowd.Settle();
        crowd.Edit(Crowd.Carol, spec => spec with { Suspend = false, Advisory = spec.Advisory! with { RemediateBy = "2027-02-01T00:00:00Z" } });
        crowd.Settle();
        var amended = Assert.Single(crowd.Story.Trail, r => r.Action == "SpecAmended");
        Assert.Equal(("carol@example.com", "remediateBy 2027-01-01T00:00:00Z became 2027-02-01T00:00:00Z, suspend became false."), (amended.Actor, amended.Detail));
    }

    private static Crowd InStepTwo(ApprovalSpec approval)
    {
        var crowd = new Crowd(approval, spec => spec with { Canary = TwoSteps });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Say(Crowd.Bob, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step is { Index: 1, ReadyAt: not null }, TimeSpan.FromMinutes(5));
        return crowd;
    }
}

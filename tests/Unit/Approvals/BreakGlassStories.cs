using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>A start without approvals: at once, loud, and not over before somebody else has looked at it.</summary>
public sealed class BreakGlassStories
{
    [Fact]
    public void It_starts_at_once_and_is_not_ready_before_another_person_has_reviewed_it()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Dana, Commands.BreakGlass, "cards are being skimmed");
        crowd.Story.Reconcile();
        Assert.Equal(PatchPhase.Progressing, crowd.Story.Phase);
        Assert.Equal(("False", "GlassBroken"), (crowd.Condition(ConditionTypes.Approved).Status, crowd.Condition(ConditionTypes.Approved).Reason));
        Assert.Equal(("True", "ReviewMissing"), (crowd.Condition(ConditionTypes.Stalled).Status, crowd.Condition(ConditionTypes.Stalled).Reason));
        crowd.Story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var since = crowd.Condition(ConditionTypes.Ready).LastTransitionTime;
        crowd.Story.RunFor(TimeSpan.FromHours(1));
        Assert.Equal(("False", "ReviewMissing", since), (crowd.Condition(ConditionTypes.Ready).Status, crowd.Condition(ConditionTypes.Ready).Reason, crowd.Condition(ConditionTypes.Ready).LastTransitionTime));
        Assert.Equal("True", crowd.Condition(ConditionTypes.Promoted).Status);

        crowd.Say(Crowd.Dana, Commands.Review, isAllowed: false);
        crowd.Settle();
        Assert.Equal("ReviewMissing", crowd.Condition(ConditionTypes.Ready).Reason);
        crowd.Say(Crowd.Alice, Commands.Review, "the right thing to do");
        crowd.Settle();
        Assert.Equal(("True", "Promoted"), (crowd.Condition(ConditionTypes.Ready).Status, crowd.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal("False", crowd.Condition(ConditionTypes.Stalled).Status);
        Assert.Equal("alice@example.com", crowd.Story.Status.BreakGlass!.Review!.By);
        Assert.Subset(crowd.Trail.ToHashSet(), new HashSet<(string, string)> { ("GlassBroken", "dana@example.com"), ("Reviewed", "alice@example.com") });
    }

    [Fact]
    public void Who_broke_it_does_not_review_it_under_another_name_either()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Bob, Commands.BreakGlass, "now");
        crowd.Settle();
        crowd.Say(Crowd.Bob, Commands.Review, isAllowed: false);
        crowd.Say(Crowd.Bob with { Username = "bob-admin" }, Commands.Review, isAllowed: false);
        crowd.Say(Crowd.Alice, Commands.Review, isAllowed: true);
    }

    [Fact]
    public void Without_the_verb_or_a_reason_nothing_breaks()
    {
        var crowd = new Crowd();
        crowd.Accept();
        Assert.Equal(422, crowd.Say(Crowd.Alice, Commands.BreakGlass, "  ").Decision.Refusal!.Code);
        crowd.Rights[Verbs.BreakGlass] = false;
        crowd.Say(Crowd.Alice, Commands.BreakGlass, isAllowed: false);
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
    }

    [Fact]
    public void It_is_for_one_version_of_the_spec_and_one_run()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.BreakGlass, "now");
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Story.CanaryErrorRate = 0.5;
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(5));
        crowd.Say(Crowd.Alice, Commands.Retry, "once more");
        crowd.Story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((PatchPhase.AwaitingApproval, "ApprovalMissing"), (crowd.Story.Phase, crowd.Condition(ConditionTypes.Ready).Reason));
        Assert.Equal("ReviewMissing", crowd.Condition(ConditionTypes.Stalled).Reason);
    }

    [Fact]
    public void It_opens_no_gate_but_those_for_people()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Story.HeldBy = "another";
        crowd.Say(Crowd.Alice, Commands.BreakGlass, "now");
        crowd.Settle();
        Assert.Equal("WaitingForPatch", crowd.Condition(ConditionTypes.Ready).Reason);
    }
}

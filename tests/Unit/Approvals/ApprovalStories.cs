using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.Tests.Unit.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>Who may let a patch start, go on or stop, told through the webhook's rules and the decider's.</summary>
public sealed class ApprovalStories
{
    private static readonly ApprovalSpec Two = new() { Required = 2, Accountable = ["group:security-leads"] };

    [Fact]
    public void Two_different_people_of_whom_one_is_accountable_let_it_start()
    {
        var crowd = new Crowd(Two);
        crowd.Accept();
        crowd.Say(Crowd.Carol, Commands.Approve);
        crowd.Settle();
        Assert.Equal("ApprovalMissing", crowd.Condition(ConditionTypes.Approved).Reason);
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        var approvals = crowd.Story.Status.Approvals!;
        Assert.Equal([("carol@example.com", true), ("alice@example.com", true)], approvals.Select(a => (a.By, a.Verified)));
        Assert.Equal(["verb approve", "accountable group:security-leads"], approvals[1].Rights!);
        Assert.Equal("Approved", crowd.Condition(ConditionTypes.Approved).Reason);
        Assert.Empty(crowd.Story.Facts);
        Assert.Null(AuditChain.FindFault([.. crowd.Story.Trail]));
    }

    [Fact]
    public void Two_approvals_without_anyone_accountable_are_not_enough_and_the_message_says_who_is_missing()
    {
        var crowd = new Crowd(Two);
        crowd.Accept();
        crowd.Say(Crowd.Carol, Commands.Approve);
        crowd.Say(new AuthenticatedUser("erin@example.com", "uid-erin", []), Commands.Approve);
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Contains("accountable (group:security-leads)", crowd.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_person_counts_once_however_often_and_under_whatever_account_they_approve()
    {
        var crowd = new Crowd(Two);
        crowd.Accept();
        crowd.Say(Crowd.Bob, Commands.Approve);
        crowd.Say(Crowd.Bob, Commands.Approve, "again");
        crowd.Settle();
        crowd.Say(Crowd.Bob with { Username = "bob-admin" }, Commands.Approve, "the same uid");
        crowd.Say(new AuthenticatedUser("bоb@example.com", "uid-other", ["security-leads"]), Commands.Approve, "a Cyrillic o");
        crowd.Say(new AuthenticatedUser("Bob@Example.com", "uid-third", []), Commands.Approve, "capitals");
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Contains("1 more of 2", crowd.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_created_the_patch_does_not_approve_it_nor_through_a_group()
    {
        var crowd = new Crowd(Two, creator: Crowd.Alice);
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve, isAllowed: false);
        crowd.Say(Crowd.Alice with { Username = "alice-admin", Groups = ["security-leads", "payments"] }, Commands.Approve, isAllowed: false);
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
        Assert.Contains(("AttemptDenied", "alice@example.com"), crowd.Trail);
    }

    [Theory]
    [InlineData("dana@example.com", false)]
    [InlineData("Dana@Example.com", false)]
    [InlineData("oidc:dana@example.com", false)]
    [InlineData("https://idp.example.com#dana@example.com", false)]
    [InlineData("dana", false)]
    [InlineData("CORP\\dana", false)]
    [InlineData("dаna@example.com", false)]
    [InlineData("dana@other.example", true)]
    [InlineData("danab", true)]
    public void Whoever_the_spec_says_asked_for_it_does_not_approve_it(string username, bool may)
    {
        var robot = new AuthenticatedUser("system:serviceaccount:argocd:argocd-application-controller", "uid-argo", []);
        var crowd = new Crowd(change: spec => spec with { Change = new ChangeOrigin { RequestedBy = "dana@example.com" } }, creator: robot);
        crowd.Accept();
        crowd.Say(new AuthenticatedUser(username, null, ["security-leads"]), Commands.Approve, may);
    }

    [Fact]
    public void Nobody_of_a_group_that_asked_approves()
    {
        var crowd = new Crowd(change: spec => spec with { Change = new ChangeOrigin { RequestedBy = "group:payments" } });
        crowd.Accept();
        crowd.Say(Crowd.Carol, Commands.Approve, isAllowed: false);
        crowd.Say(Crowd.Alice, Commands.Approve, isAllowed: true);
    }

    [Fact]
    public void Whoever_edits_the_spec_asks_for_what_it_says_then_and_voids_what_was_approved()
    {
        var crowd = new Crowd(Two);
        crowd.Accept();
        crowd.Say(Crowd.Carol, Commands.Approve);
        crowd.Settle();
        crowd.Edit(Crowd.Bob, spec => spec with { Workloads = [spec.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Story.Third }] }] });
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
        crowd.Say(Crowd.Bob, Commands.Approve, isAllowed: false);
        crowd.Say(Crowd.Carol, Commands.Approve, isAllowed: true);
        crowd.Say(Crowd.Alice, Commands.Approve, isAllowed: true);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void An_edit_there_and_back_brings_no_approval_back()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Suspend);
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        Assert.Single(crowd.Story.Status.Approvals!);
        crowd.Edit(Crowd.Dana, spec => spec with { Platform = "Other" });
        crowd.Settle();
        crowd.Edit(Crowd.Dana, spec => spec with { Platform = null });
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
    }

    [Fact]
    public void An_approval_that_was_on_its_way_during_an_edit_is_void()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Edit(Crowd.Dana, spec => spec with { Platform = "Other" });
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Contains(("ApprovalVoid", "alice@example.com"), crowd.Trail);
    }

    [Fact]
    public void Without_the_verb_it_is_refused_and_the_attempt_is_on_record()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Rights[Verbs.Approve] = false;
        var decided = crowd.Say(Crowd.Alice, Commands.Approve);
        Assert.Equal(403, decided.Decision.Refusal!.Code);
        Assert.Contains("verb approve", decided.Decision.Refusal.Message, StringComparison.Ordinal);
        crowd.Settle();
        Assert.Contains(("AttemptDenied", "alice@example.com"), crowd.Trail);
        Assert.Null(crowd.Story.Status.Approvals);
    }

    [Fact]
    public void An_approval_runs_out_before_the_start_and_not_in_mid_run()
    {
        var crowd = new Crowd(new ApprovalSpec { ExpiresAfter = new Duration("10m") });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Suspend);
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        crowd.Story.RunFor(TimeSpan.FromMinutes(11));
        crowd.Say(Crowd.Alice, Commands.Resume);
        crowd.Settle();
        Assert.Equal("ApprovalMissing", crowd.Condition(ConditionTypes.Ready).Reason);
        crowd.Say(Crowd.Bob, Commands.Approve);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        crowd.Say(Crowd.Alice, Commands.Suspend);
        crowd.Story.RunFor(TimeSpan.FromMinutes(11));
        crowd.Say(Crowd.Alice, Commands.Resume);
        crowd.Story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void An_approval_that_is_withdrawn_before_the_start_starts_nothing()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Revoke, "second thoughts");
        crowd.Say(Crowd.Bob, Commands.Approve);
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Equal(["bob@example.com"], crowd.Story.Status.Approvals!.Select(a => a.By));
    }

    [Fact]
    public void Nobody_withdraws_the_approval_of_another()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Say(Crowd.Carol, Commands.Revoke);
        crowd.Settle();
        Assert.Equal(["alice@example.com"], crowd.Story.Status.Approvals!.Select(a => a.By));
    }

    [Fact]
    public void Withdrawn_in_mid_run_it_holds_the_weight_until_someone_approves_again()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Say(Crowd.Alice, Commands.Revoke, "orders look odd");
        crowd.Story.RunFor(TimeSpan.FromMinutes(20));
        Assert.Equal((PatchPhase.Paused, 0), (crowd.Story.Phase, crowd.Story.Status.Step!.Index));
        Assert.Contains("orders look odd", crowd.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        Assert.Equal("False", crowd.Condition(ConditionTypes.Approved).Status);
        crowd.Say(Crowd.Bob, Commands.Approve, "they were tests");
        crowd.Story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Withdrawn_in_mid_run_it_takes_the_run_back_where_the_spec_says_so()
    {
        var crowd = new Crowd(new ApprovalSpec { OnRevoke = "Revert" });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Say(Crowd.Alice, Commands.Revoke, "orders look odd");
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("ApprovalRevoked", crowd.Story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_step_that_wants_people_waits_for_them_at_the_weight_before_it()
    {
        var crowd = new Crowd(change: spec => spec with { Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25 }, new CanaryStepSpec { Weight = 50, Approval = true }] } });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Story.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal((PatchPhase.Progressing, 0), (crowd.Story.Phase, crowd.Story.Status.Step!.Index));
        Assert.Equal("ApprovalMissing", crowd.Condition(ConditionTypes.Ready).Reason);
        crowd.Say(Crowd.Dana, Commands.Approve, isAllowed: false);
        crowd.Say(Crowd.Bob, Commands.PromoteNow, "skip it");
        crowd.Story.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal(0, crowd.Story.Status.Step!.Index);
        crowd.Say(Crowd.Bob, Commands.Approve, "looks good");
        crowd.Story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal([(null, "alice@example.com"), (1, "bob@example.com")], crowd.Story.Status.Approvals!.Select(a => (a.Step, a.By)));
    }

    [Fact]
    public void A_bad_canary_goes_back_at_a_gate_without_asking_anyone()
    {
        var crowd = new Crowd(change: spec => spec with { Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25 }, new CanaryStepSpec { Weight = 50, Approval = true }] } });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(() => crowd.Story.Status.Step?.ReadyAt is not null, TimeSpan.FromMinutes(1));
        crowd.Story.RunFor(TimeSpan.FromMinutes(5));
        crowd.Story.CanaryErrorRate = 0.5;
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Only_who_carries_it_out_drives_it_on_where_the_spec_names_them()
    {
        var crowd = new Crowd(new ApprovalSpec { Responsible = ["user:dana@example.com", "serviceaccount:ops/robot"], Accountable = ["group:security-leads"] });
        crowd.Accept();
        crowd.Say(Crowd.Carol, Commands.Resume, isAllowed: false);
        crowd.Say(Crowd.Dana, Commands.Resume, isAllowed: true);
        crowd.Say(Crowd.Alice, Commands.Resume, isAllowed: true);
        crowd.Say(new AuthenticatedUser("system:serviceaccount:ops:robot", null, []), Commands.Resume, isAllowed: true);
        crowd.Say(new AuthenticatedUser("system:serviceaccount:other:robot", null, []), Commands.Resume, isAllowed: false);
        crowd.Say(Crowd.Carol, Commands.Suspend, isAllowed: true);
    }

    [Fact]
    public void A_patch_that_nobody_is_known_to_have_asked_for_does_not_start()
    {
        var crowd = new Crowd(stamped: false);
        crowd.Accept();
        crowd.Settle();
        Assert.Equal("RequesterUnknown", crowd.Condition(ConditionTypes.Ready).Reason);
        crowd.Say(Crowd.Alice, Commands.Approve, isAllowed: false);
        crowd.Edit(Crowd.Dana, spec => spec with { Platform = "Other" });
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Approve, isAllowed: true);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
    }
}

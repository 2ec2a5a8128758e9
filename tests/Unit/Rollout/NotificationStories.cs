using System.Globalization;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Notifications;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Validation;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Who is told what, and when.</summary>
public sealed class NotificationStories
{
    private readonly Story story = new() { Policy = new OperatorPolicy { Notifications = new NotificationPolicy { Receivers = ["team", "expert", "oncall", "ciso", "soc"], Always = ["soc"] } } };

    private IEnumerable<NotificationStatus> Outbox => story.Status.Notifications ?? [];

    public NotificationStories() => story.Edit(s => s with
    {
        Approval = new ApprovalSpec
        {
            Informed = ["team"],
            Consulted = ["expert"],
            Escalation = [new EscalationTier { After = new Duration("15m"), Notify = ["oncall"] }, new EscalationTier { After = new Duration("45m"), Notify = ["ciso", "oncall"] }],
        },
    });

    [Fact]
    public void What_a_restored_trail_tells_of_was_told_long_ago_and_what_comes_then_is_told()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        var trail = story.Trail.ToArray();

        // As a backup brings it back: without status, and with the workload as it was.
        var restored = new Story { Policy = story.Policy, Patch = story.Patch with { Status = null } };
        restored.Audit = new AuditObservation(new AuditVerdict { Faults = [], Notes = [], Records = trail, SealedThrough = trail.Length, UnknownKeys = [] }, "key");
        restored.Reconcile();
        var told = restored.Status.Notifications ?? [];
        Assert.DoesNotContain(told, n => n.Reason is "Promoted" or "CanaryStarted");
        Assert.All(told, n => Assert.True(long.Parse(n.Id.Split('/')[1], CultureInfo.InvariantCulture) > trail[^1].Sequence, n.Id));
        restored.Audit = null;
        restored.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Single(restored.Status.Notifications!, n => n.Reason == "Accepted");
    }

    [Fact]
    public void Who_is_consulted_hears_of_the_question_and_who_is_informed_of_every_phase()
    {
        story.Approve();
        var question = Assert.Single(Outbox, n => n.Reason == "Accepted");
        Assert.Equal(["team", "expert"], question.To);
        Assert.Contains("waits for 1 approval: kubectl annotate epatch", question.Message, StringComparison.Ordinal);
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(["Accepted", "CanaryStarted", "Promoted"], Outbox.Where(n => n.To.Contains("team")).Select(n => n.Reason));
        Assert.DoesNotContain(Outbox, n => n.Reason != "Accepted" && n.To.Contains("expert"));
        Assert.DoesNotContain(Outbox, n => n.To.Contains("soc"));
        Assert.Equal(Outbox.Count(), Outbox.Select(n => n.Id).Distinct().Count());
    }

    [Fact]
    public void A_warning_reaches_those_who_always_hear_of_warnings()
    {
        story.StartCanary();
        story.Command(Commands.Abort, "no");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal(["Critical", "Warning"], Outbox.Where(n => n.To.Contains("soc")).Select(n => n.Severity));
    }

    [Fact]
    public void While_approvals_stay_away_one_tier_after_the_other_is_told_at_times_that_do_not_move()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Reconcile();
        var escalation = story.Status.Escalation!;
        Assert.Equal([escalation.Since.AddMinutes(15), escalation.Since.AddMinutes(45)], escalation.Tiers.Select(t => t.Due));
        story.RunFor(TimeSpan.FromMinutes(14));
        Assert.DoesNotContain(Outbox, n => n.Reason == "Escalated");

        // The operator is away when the first is due, and both are when it is back; neither begins anew.
        story.Wait(TimeSpan.FromMinutes(5));
        story.Reconcile();
        Assert.Equal(["oncall"], Assert.Single(Outbox, n => n.Reason == "Escalated").To);
        story.Wait(TimeSpan.FromMinutes(60));
        story.Reconcile();
        Assert.Equal(2, story.Trail.Count(r => r.Action == "Escalated"));
        Assert.Equal([escalation.Tiers[0].Due, escalation.Tiers[1].Due], story.Status.Escalation!.Tiers.Select(t => t.Due));
        story.RunFor(TimeSpan.FromHours(3));
        Assert.Equal(2, story.Trail.Count(r => r.Action == "Escalated"));
    }

    [Fact]
    public void The_plan_wakes_for_the_next_tier()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Reconcile();
        Assert.True(story.Reconcile().WakeUpAt <= story.Status.Escalation!.Tiers[0].Due);
    }

    [Fact]
    public void An_approval_ends_the_escalation_for_those_who_were_told()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(20));
        story.Command(Commands.Approve, "CHG-20871");
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        var ended = Assert.Single(Outbox, n => n.Reason == "EscalationEnded");
        Assert.Equal(("oncall", true, "approval"), (Assert.Single(ended.To), ended.Resolves, ended.Incident));
        Assert.Null(story.Status.Escalation);
        story.RunFor(TimeSpan.FromHours(1));
        Assert.Single(story.Trail, r => r.Action == "Escalated");
    }

    [Fact]
    public void The_deadline_that_passes_escalates_to_everyone_once_and_ends_with_the_promotion()
    {
        story.Edit(s => s with { Advisory = new Advisory { RemediateBy = story.Now.AddMinutes(5).ToString("o") } });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(6));
        var overdue = Assert.Single(Outbox, n => n.Reason == "Overdue");
        Assert.Equal(["ciso", "oncall", "soc", "team"], overdue.To.Order());
        Assert.Equal(("Critical", "overdue"), (overdue.Severity, overdue.Incident));
        story.RunFor(TimeSpan.FromMinutes(6));
        Assert.Single(Outbox, n => n.Reason == "Overdue");
        story.Command(Commands.Approve, "CHG-20871");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(("overdue", true), Outbox.Where(n => n.Reason == "OverdueEnded").Select(n => (n.Incident, n.Resolves)).Single());
    }

    [Fact]
    public void What_arrived_leaves_the_outbox_and_what_was_given_up_is_recorded_once()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        var accepted = Assert.Single(Outbox);
        story.Delivered.Add(new DeliveryOutcome(accepted.Id, "team", null));
        story.Reconcile();
        Assert.Equal(["expert"], Assert.Single(Outbox).To);
        story.Delivered.Add(new DeliveryOutcome(accepted.Id, "expert", "HTTP 410"));
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Empty(Outbox);
        var failed = Assert.Single(story.Trail, r => r.Action == "NotificationFailed");
        Assert.Contains("expert was not told of Accepted", failed.Detail, StringComparison.Ordinal);
        Assert.Contains("HTTP 410", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_receiver_that_is_away_for_long_does_not_fill_the_status_and_what_is_critical_stays()
    {
        story.Edit(s => s with { Advisory = new Advisory { RemediateBy = story.Now.AddMinutes(5).ToString("o") } });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromMinutes(6));
        for (var i = 0; i < 60; i++)
        {
            story.Edit(s => s with { Canary = s.Canary! with { ProgressDeadline = new Duration($"{i + 20}m") } });
            story.RunFor(TimeSpan.FromSeconds(5));
        }

        Assert.InRange(Outbox.Count(), 20, 40);
        Assert.Contains(Outbox, n => n.Reason == "Overdue");
        Assert.Contains(story.Notices, n => n.Reason == "NotificationDropped");
    }

    [Fact]
    public void A_name_that_the_operator_does_not_know_is_refused_with_those_that_it_knows()
    {
        var options = new ValidationOptions { Receivers = ["team", "oncall"] };
        var problems = SpecValidator.Validate(story.Patch, options).Where(p => p.Path.StartsWith("spec.approval", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["spec.approval.consulted[0]", "spec.approval.escalation[1].notify[0]"], problems.Select(p => p.Path));
        Assert.Contains("'expert' is none of this operator's receivers (oncall, team)", problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("notifications.receivers", problems[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain(SpecValidator.Validate(story.Patch, new ValidationOptions()), p => p.Path.StartsWith("spec.approval", StringComparison.Ordinal));
    }
}

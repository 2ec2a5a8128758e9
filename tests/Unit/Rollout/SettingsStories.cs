using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Validation;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The operator's settings change, or its rules become stricter, while a patch runs or holds: what was accepted once goes on as it was.</summary>
public sealed class SettingsStories
{
    private const string Argo = "argocd-controller";

    private readonly Story story = new();

    public SettingsStories()
    {
        story.Policy = With(new ValidationOptions { Receivers = ["slack"], ImagePolicy = ImagePolicy.AllowTags, Authenticates = false });
        story.Edit(s => s with { Approval = new ApprovalSpec { Informed = ["slack"] }, Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
    }

    [Fact]
    public void A_held_patch_keeps_its_images_when_a_receiver_is_gone_and_says_what_to_change()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        RemoveReceiver();
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((Story.New, "cve-2025-54236"), (story.Web.Image, story.Stable!.MarkedBy));
        Assert.Equal(("True", "HoldingImages"), (story.Condition(ConditionTypes.Ready).Status, story.Condition(ConditionTypes.Ready).Reason));
        Refused("notifications.receivers");
        Assert.Equal("Approved", story.Condition(ConditionTypes.Approved).Reason[..8]);
    }

    [Fact]
    public void A_run_goes_on_being_measured_and_is_promoted()
    {
        story.StartCanary();
        RemoveReceiver();
        story.RunUntil(() => story.Status.Analysis is not null, TimeSpan.FromMinutes(1));
        Refused("slack");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Refused("slack");
    }

    [Fact]
    public void A_bad_canary_is_taken_back_all_the_same()
    {
        story.StartCanary();
        RemoveReceiver();
        story.CanaryErrorRate = 0.3;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal("AnalysisFailed", story.Status.Revert!.Reason);
    }

    [Fact]
    public void A_run_that_is_frozen_stays_so_and_goes_on_when_it_is_told_to()
    {
        story.StartCanary();
        story.Command(Commands.Suspend, "lunch");
        story.RunUntil(PatchPhase.Paused, TimeSpan.FromMinutes(1));
        RemoveReceiver();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.Paused, story.Phase);
        story.Command(Commands.Resume, "done");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void A_promotion_goes_on_with_its_canary_under_guard()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        RemoveReceiver();
        story.CanaryErrorRate = 0.3;
        story.RunUntil(() => story.Status.Revert?.Reason == "AnalysisFailed", TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void Before_the_start_the_patch_is_blocked_and_goes_on_when_the_settings_are_mended()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        var before = story.Policy;
        RemoveReceiver();
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        story.Policy = before;
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Images_by_tag_that_are_no_longer_allowed_run_on()
    {
        const string tagged = "registry.example.com/magento:2.4.8-p3";
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = tagged }] }] });
        story.StartCanary();
        story.Policy = With(new ValidationOptions { Receivers = ["slack"], ImagePolicy = ImagePolicy.RequireDigest });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(tagged, story.Web.Image);
        Refused("no digest");
    }

    [Fact]
    public void Rules_that_have_become_stricter_do_not_end_a_run_that_can_be_judged()
    {
        story.StartCanary();
        Amend(s => s with { Analysis = s.Analysis! with { Metrics = [s.Analysis.Metrics![0] with { MinRequests = 0 }] } });
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Refused("minRequests");
    }

    [Fact]
    public void A_run_whose_evidence_cannot_be_read_any_more_is_taken_back_with_clear_words()
    {
        story.StartCanary();
        Amend(s => s with { Analysis = s.Analysis! with { Metrics = [s.Analysis.Metrics![0] with { MaxRate = "two percent" }] } });
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
        Assert.Equal((Story.Old, "SpecNotReadable"), (story.Web.Image, story.Status.Revert!.Reason));
        Assert.Contains("two percent", story.Status.Revert.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hold_needs_no_metrics_to_go_on()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Amend(s => s with { Analysis = null });
        story.Wait(TimeSpan.FromMinutes(1));
        story.Web.SetByOthers(Story.Old, Argo);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal((PatchPhase.Promoted, Story.New), (story.Phase, story.Web.Image));
    }

    [Fact]
    public void Nobody_unknown_opens_a_step_once_people_are_no_longer_authenticated()
    {
        story.StartCanary();
        Amend(s => s with { Canary = s.Canary! with { Steps = [s.Canary.Steps![0], s.Canary.Steps[1] with { Approval = true }] } });
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Command(Commands.Approve, "me");
        story.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal((PatchPhase.Progressing, 0, "ApprovalMissing"), (story.Phase, story.Status.Step!.Index, story.Condition(ConditionTypes.Ready).Reason));
        Refused("admission.enabled");
    }

    private static OperatorPolicy With(ValidationOptions options) => new() { Validation = options };

    private void RemoveReceiver() => story.Policy = With(story.Policy.Validation with { Receivers = [] });

    /// <summary>The spec is what it was, and the rules have become others: in the test it is the other way round, with the digest that goes with it.</summary>
    private void Amend(Func<EmergencyPatchSpec, EmergencyPatchSpec> change)
    {
        story.Patch = story.Patch with { Spec = change(story.Patch.Spec) };
        var digest = SpecDigest.Of(story.Patch.Spec);
        story.Patch = story.Patch with { Status = story.Status with { SpecDigest = digest, Approvals = [.. (story.Status.Approvals ?? []).Select(a => a with { SpecDigest = digest })] } };
    }

    private void Refused(string because)
    {
        var accepted = story.Condition(ConditionTypes.Accepted);
        Assert.Equal("False", accepted.Status);
        Assert.Contains(because, accepted.Message, StringComparison.Ordinal);
        Assert.Single(story.Trail, r => r.Action == "SpecNoLongerAccepted");
    }
}

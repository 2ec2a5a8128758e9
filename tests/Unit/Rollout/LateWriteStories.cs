using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>A leader that was cut off sent something before its term ended, and the API server gets it after its successor has ended the run.</summary>
public sealed class LateWriteStories
{
    private readonly Story story = new();

    [Fact]
    public void A_canary_that_comes_after_the_end_loses_its_traffic_and_goes()
    {
        Abort(inPromotion: false);
        var done = story.Done.Count;
        Arrive<EnsureCanary>();
        story.RunUntil(() => story.Canary is null, TimeSpan.FromSeconds(5));
        var order = story.Done.Skip(done).Where(a => a is WithdrawCanaryTraffic or DeleteCanary).ToArray();
        Assert.Equal((typeof(WithdrawCanaryTraffic), typeof(DeleteCanary)), (order[0].GetType(), order[^1].GetType()));
        IsOver();
    }

    [Fact]
    public void Images_that_come_after_the_end_are_taken_back_and_the_evidence_stays()
    {
        Abort(inPromotion: true);
        Arrive<SetStableImages>();
        Assert.Equal((Story.New, "cve-2025-54236"), (story.Web.Image, story.Stable!.MarkedBy));
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromSeconds(5));
        IsOver();
        Assert.Contains("now", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_gave_way_to_its_successor_in_mid_run_takes_it_back_too_and_stays_superseded()
    {
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.SupersededBy = "second-try";
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Arrive<SetStableImages>();
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromSeconds(5));
        IsOver(PatchPhase.Superseded);
    }

    [Fact]
    public void Nothing_is_touched_while_another_patch_is_at_work_on_the_workload()
    {
        Abort(inPromotion: true);
        story.HeldBy = "next";
        Arrive<SetStableImages>();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.New, "cve-2025-54236"), (story.Phase, story.Web.Image, story.Stable!.MarkedBy));
        story.HeldBy = null;
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromSeconds(5));
        IsOver();
    }

    [Fact]
    public void Whose_choice_an_image_is_must_be_known_first()
    {
        Abort(inPromotion: true);
        Arrive<SetStableImages>();
        story.Stable = story.Stable! with { OwnsImages = null };
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((PatchPhase.Reverted, Story.New, "cve-2025-54236"), (story.Phase, story.Web.Image, story.Stable.MarkedBy));
        story.Stable = story.Stable with { OwnsImages = true };
        story.RunUntil(() => story.Web.Image == Story.Old, TimeSpan.FromSeconds(5));
        IsOver();
    }

    [Fact]
    public void An_undo_of_the_revert_brings_the_mark_along_and_is_somebody_elses_choice()
    {
        Abort(inPromotion: true);
        story.Web.SetByOthers(Story.New, "kubectl-rollout");
        story.Stable = story.Stable! with { MarkedBy = "cve-2025-54236", OwnsImages = false };
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.New, null), (story.Phase, story.Web.Image, story.Stable.MarkedBy));
        Assert.DoesNotContain(story.Trail, r => r.Action == "LateWrite");
    }

    [Fact]
    public void Images_that_another_patch_has_promoted_meanwhile_are_that_one_s()
    {
        Abort(inPromotion: true);
        Arrive<SetStableImages>();
        story.Promotions.Add(story.Status.Workloads!.Single() with { PatchedAt = story.Now, RestoreStartedAt = null });
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.New, null), (story.Phase, story.Web.Image, story.Stable!.MarkedBy));
    }

    [Fact]
    public void A_mark_that_cannot_be_let_go_is_no_late_write()
    {
        story.Refused = a => a is ReleaseImages;
        Abort(inPromotion: true);
        var records = story.Trail.Count();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Reverted, Story.Old, records), (story.Phase, story.Web.Image, story.Trail.Count()));
    }

    [Fact]
    public void What_was_promoted_and_gave_way_keeps_its_images()
    {
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.SupersededBy = "second-try";
        story.Refused = a => a is ReleaseImages;
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        story.Stable = story.Stable! with { MarkedBy = "cve-2025-54236" };
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((PatchPhase.Superseded, Story.New), (story.Phase, story.Web.Image));
    }

    private void Abort(bool inPromotion)
    {
        story.StartCanary();
        story.RunUntil(() => !inPromotion || story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.Command(Commands.Abort, "now");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(5));
    }

    /// <summary>The first of its kind that the run asked for, once more.</summary>
    private void Arrive<TAction>()
        where TAction : PlanAction => story.Web.Do(story.Done.OfType<TAction>().First(), story.Now);

    private void IsOver(PatchPhase phase = PatchPhase.Reverted)
    {
        story.RunUntil(phase, TimeSpan.FromSeconds(5));
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal((phase, Story.Old, null, null), (story.Phase, story.Web.Image, story.Stable!.MarkedBy, story.Canary));
        Assert.Equal(["LateWrite"], story.Trail.Where(r => r.To == nameof(PatchPhase.Reverting)).Skip(1).Select(r => r.Action));
    }
}

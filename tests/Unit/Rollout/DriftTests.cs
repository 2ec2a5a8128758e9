using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>When it is worth a request to learn who changed something, and that it is asked at no other time.</summary>
public sealed class DriftTests
{
    private static readonly DateTimeOffset Then = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(Story.Old, false, false, false)]
    [InlineData(Story.New, false, false, true)]
    [InlineData(Story.Third, false, false, true)]
    [InlineData(Story.Old, true, false, false)]
    [InlineData(Story.New, true, false, false)]
    [InlineData(Story.Third, true, false, true)]
    [InlineData(Story.Old, true, true, true)]
    [InlineData(Story.New, true, true, false)]
    public void An_image_is_drift_where_the_run_would_have_another(string image, bool promotionHasBegun, bool isPatched, bool isDrift)
    {
        var workload = Workload with { PromotionStartedAt = promotionHasBegun ? Then : null, PatchedAt = isPatched ? Then : null };
        Assert.Equal(isDrift ? ["php"] : [], Drift.Containers(workload, Stable(image)));
        Assert.Empty(Drift.Containers(workload, Stable(image) with { Uid = "another" }));
    }

    [Theory]
    [InlineData(3, true, true, true)]
    [InlineData(1, true, true, false)]
    [InlineData(3, false, true, false)]
    [InlineData(3, true, false, false)]
    public void A_canary_is_scaled_by_others_when_it_had_its_number_already(int replicas, bool wasInPlace, bool isOurs, bool isDrift)
    {
        var workload = Workload with { Scale = new ScaleStatus { Replicas = 1, InPlaceAt = wasInPlace ? Then : null } };
        Assert.Equal(isDrift, Drift.IsScaled(workload, new CanaryObservation { IsOurs = isOurs, Replicas = replicas, Images = new Dictionary<string, string>() }));
    }

    [Fact]
    public void A_healthy_run_asks_for_no_names_and_neither_does_one_that_is_taken_back()
    {
        var story = RoutedStories.Routed();
        story.Approve();
        story.RunUntil(() => IsAsked(story), TimeSpan.FromMinutes(20), orUntil: () => story.Phase is PatchPhase.Promoted);
        Assert.Equal(PatchPhase.Promoted, story.Phase);

        var reverted = RoutedStories.Routed();
        reverted.StartCanary();
        reverted.Web.Route!.Weight = 90;
        Assert.True(IsAsked(reverted));
        reverted.Web.Route.CanBeWritten = false;
        reverted.Command(Commands.Abort, "enough");
        reverted.RunUntil(() => IsAsked(reverted), TimeSpan.FromMinutes(20), orUntil: () => reverted.Phase is PatchPhase.Reverted or PatchPhase.Degraded);
        Assert.False(IsAsked(reverted));
    }

    private static WorkloadStatus Workload => new()
    {
        Name = "web",
        Deployment = "magento-web",
        StableUid = "uid",
        PreviousImages = [new ImageRecord { Container = "php", Image = Story.Old }],
        PatchedImages = [new ImageRecord { Container = "php", Image = Story.New }],
    };

    private static StableObservation Stable(string image) => new()
    {
        Uid = "uid",
        Replicas = 4,
        ReadyReplicas = 4,
        IsRolledOut = true,
        TemplateDigest = "template-1",
        Images = new Dictionary<string, string> { ["php"] = image, ["nginx"] = "nginx:1" },
    };

    /// <summary>Whether the next look would ask the API server for a name.</summary>
    private static bool IsAsked(Story story)
    {
        var schedule = Schedule.Of(story.Patch, PatchIntent.From(story.Patch, story.Policy), story.Policy, story.Now);
        var seen = story.Web.Observe(schedule.Workloads is [var scheduled, ..] ? scheduled.Routing : null);
        var workload = story.Status.Workloads?.SingleOrDefault();
        return schedule.NameDrift
            && workload is not null
            && (Drift.Containers(workload, seen.Stable).Count > 0 || Drift.IsScaled(workload, seen.Canary) || Drift.Routes(story.Status, seen.Traffic).Count > 0 || Drift.IsTurned(story.Status, seen.Traffic));
    }
}

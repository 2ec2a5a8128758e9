using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The way back is open from everywhere, takes only what is ours, and leaves nothing behind.</summary>
public sealed class WayBackStories
{
    private readonly Story story = new();
    private readonly StoryWorkload cron = new(new WorkloadRef(WorkloadKind.CronJob, "magento-cron"));

    [Fact]
    public void A_container_that_someone_else_gave_a_third_image_keeps_it_and_the_others_go_back()
    {
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Old, ["nginx"] = Story.Old } };
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Story.New }, new ContainerImage { Name = "nginx", Image = Story.New }] }] });
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        story.StableRollsOut = true;
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.New, ["nginx"] = Story.Third } };
        story.RunUntil(PatchPhase.Superseded, TimeSpan.FromMinutes(1));
        Assert.Equal((Story.Old, Story.Third), (story.Web.Image, story.Stable!.Images["nginx"]));
    }
}

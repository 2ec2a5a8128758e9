using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Validation;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Others write images, too: webhooks that put a mirror in place of a registry, updaters, people.</summary>
public sealed class ImageStories
{
    private const string Tag = "registry.example.com/magento:2.4.8-p3";

    private readonly Story story = new();

    [Theory]
    [InlineData(Story.New, Story.New, true)]
    [InlineData(Story.New, Story.Third, false)]
    [InlineData("mirror.local/hub/magento@sha256:2222222222222222222222222222222222222222222222222222222222222222", Story.New, true)]
    [InlineData("registry.example.com/magento:2.4.8-p3@sha256:2222222222222222222222222222222222222222222222222222222222222222", Story.New, true)]
    [InlineData(Tag, Story.New, false)]
    [InlineData(Tag, "mirror.local/magento:2.4.8-p3", false)]
    [InlineData(Tag, Tag, true)]
    [InlineData(null, null, true)]
    [InlineData(null, Tag, false)]
    public void Of_the_same_content_is_what_has_the_same_digest(string? one, string? other, bool isSame) => Assert.Equal(isSame, ImageReference.IsSame(one, other));

    [Fact]
    public void A_container_that_runs_what_is_replaced_and_is_not_named_is_told_once()
    {
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = Story.Old, ["code"] = Story.Old, ["proxy"] = Story.Third } };
        story.StartCanary();
        story.RunFor(TimeSpan.FromSeconds(30));
        var told = Assert.Single(story.Trail, r => r.Action == "SameImageLeftOut");
        Assert.Contains("Container code of Deployment magento-web runs the image that the patch replaces in php.", told.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("proxy", told.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_webhook_puts_a_mirror_in_place_of_the_registry_the_patch_is_promoted_and_taken_back_as_anywhere()
    {
        story.Web.StoredAs = image => image.Replace("registry.example.com", "mirror.local/hub", StringComparison.Ordinal);
        story.Stable = story.Stable! with { Images = new Dictionary<string, string> { ["php"] = story.Web.StoredAs(Story.Old) } };
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Equal(story.Web.StoredAs(Story.New), story.Web.Image);
        story.RunFor(TimeSpan.FromMinutes(1));
        story.Command(Commands.Revert, "back");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(5));
        Assert.Equal(story.Web.StoredAs(Story.Old), story.Web.Image);
    }

    [Fact]
    public void A_Git_that_names_the_digest_beside_a_tag_has_adopted_it_and_brings_no_newer_release()
    {
        story.Edit(s => s with { Promotion = new PromotionSpec { Hold = "UntilAdopted" } });
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        story.Web.SetByOthers(Tag + Story.New[Story.New.IndexOf('@', StringComparison.Ordinal)..], "argocd-controller");
        story.Stable = story.Stable! with { NamedBy = "argocd-controller" };
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal((PatchPhase.Promoted, "Adopted"), (story.Phase, story.Condition(ConditionTypes.Ready).Reason));
    }

    [Fact]
    public void A_tag_that_a_webhook_rewrites_ends_the_run_before_stable_is_touched()
    {
        story.Policy = new OperatorPolicy { Validation = new ValidationOptions { ImagePolicy = ImagePolicy.AllowTags } };
        story.Edit(s => s with { Workloads = [s.Workloads![0] with { Containers = [new ContainerImage { Name = "php", Image = Tag }] }] });
        story.Web.StoredAs = image => image.Replace("registry.example.com", "mirror.local/hub", StringComparison.Ordinal);
        story.Approve();
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(10));
        Assert.Equal("ImageRewritten", story.Status.Revert!.Reason);
        Assert.Contains("has image mirror.local/hub/magento:2.4.8-p3 instead of " + Tag, story.Status.Revert.Message, StringComparison.Ordinal);
        Assert.Empty(story.Done.OfType<SetStableImages>());
    }

    [Fact]
    public void A_canary_that_someone_gives_another_image_is_put_back_and_measured_anew()
    {
        story.StartCanary();
        story.RunUntil(() => story.Status.Analysis is { Count: > 0 } && story.Now > story.Status.Step!.ServingSince + TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(2));
        var source = story.Canary!.Source;
        Edit(Story.Third, "kubectl-set");
        story.CanaryErrorRate = 1;
        story.Reconcile();
        var record = Assert.Single(story.Trail, r => r.Action == "CanaryEdited").Detail;
        Assert.Contains($"has image {Story.Third} instead of {Story.New}", record, StringComparison.Ordinal);
        Assert.Contains("set by kubectl-set", record, StringComparison.Ordinal);
        Assert.Equal((Story.New, false), (story.Canary!.Images["php"], story.Canary.Source == source));
        Assert.Null(story.Status.Step!.ServingSince);
        Assert.Null(story.Status.Analysis);
        story.CanaryErrorRate = 0;
        var at = story.Now;
        story.RunUntil(() => story.Status.Step!.Index == 1, TimeSpan.FromMinutes(10));
        Assert.True(story.Now >= at + TimeSpan.FromSeconds(30), "the hold begins anew");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
        Assert.Single(story.Trail, r => r.Action == "CanaryEdited");
    }

    [Fact]
    public void While_pods_of_the_other_image_run_nothing_is_measured()
    {
        story.StartCanary();
        Edit(Story.Third, null);
        story.Reconcile();
        var fresh = story.CanaryPods.ToArray();
        story.CanaryPods.Add(fresh[0] with { Name = "edited", IsCurrent = false });
        story.CanaryErrorRate = 1;
        story.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal((PatchPhase.Progressing, null), (story.Phase, story.Status.Step!.ServingSince));
        story.CanaryPods.RemoveAt(fresh.Length);
        story.CanaryErrorRate = 0;
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Who_keeps_changing_it_is_named_once_and_answered_ever_more_slowly_until_the_deadline()
    {
        story.StartCanary();
        for (var i = 0; i < 6; i++)
        {
            Edit(Story.Third, "keel");
            story.RunUntil(() => story.Canary!.Images["php"] == Story.New, TimeSpan.FromMinutes(1));
        }

        Assert.Equal((3, 1), (story.Trail.Count(r => r.Action == "CanaryEdited"), story.Trail.Count(r => r.Action == "CanaryContested")));
        story.Refused = a => a is EnsureCanary;
        Edit(Story.Third, "keel");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(15));
        Assert.Contains($"has image {Story.Third}", story.Status.Revert!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void While_stable_is_promoted_the_canary_keeps_its_image_too()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        Edit(Story.Third, null);
        story.CanaryErrorRate = 1;
        story.Reconcile();
        Assert.Equal((PatchPhase.Promoting, Story.New), (story.Phase, story.Canary!.Images["php"]));
        Assert.Single(story.Trail, r => r.Action == "CanaryEdited");
        story.CanaryErrorRate = 0;
        story.Stable = story.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
    }

    private void Edit(string image, string? by) =>
        story.Web.Canary = story.Canary! with { Images = new Dictionary<string, string> { ["php"] = image }, ImagesSetBy = by };
}

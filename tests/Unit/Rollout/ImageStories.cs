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

    [Fact]
    public void A_canary_whose_template_someone_changes_is_put_back_reported_once_and_measured_anew()
    {
        story.StartCanary();
        story.RunUntil(() => story.Status.Analysis is { Count: > 0 } && story.Now > story.Status.Step!.ServingSince + TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(2));
        var source = story.Canary!.Source;
        SetTemplate("other-env", "kubectl-set");
        story.CanaryErrorRate = 1;
        story.Reconcile();
        var record = Assert.Single(story.Trail, r => r.Action == "CanaryEdited").Detail;
        Assert.Contains("The pod template of Deployment magento-web-canary is another than the operator gave it. It was set by kubectl-set; ", record, StringComparison.Ordinal);
        Assert.Equal($"template of {source}-1", story.Canary!.TemplateDigest);
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
    public void A_paused_canary_is_resumed_and_measured_anew()
    {
        story.StartCanary();
        story.Web.Canary = story.Canary! with { IsPaused = true, TemplateSetBy = "kubectl-rollout" };
        story.Reconcile();
        var record = Assert.Single(story.Trail, r => r.Action == "CanaryEdited").Detail;
        Assert.Contains("Deployment magento-web-canary is paused. It was set by kubectl-rollout; ", record, StringComparison.Ordinal);
        Assert.Equal((false, null), (story.Canary!.IsPaused, story.Status.Step!.ServingSince));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Who_keeps_changing_the_template_is_named_once_and_no_step_passes_meanwhile()
    {
        story.StartCanary();
        for (var i = 0; i < 6; i++)
        {
            SetTemplate($"other-{i}", "reloader");
            story.RunUntil(() => !story.Canary!.TemplateDigest!.StartsWith("other", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        }

        Assert.Equal((3, 1), (story.Trail.Count(r => r.Action == "CanaryEdited"), story.Trail.Count(r => r.Action == "CanaryContested")));
        story.Refused = a => a is EnsureCanary;
        SetTemplate("other", "reloader");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(15));
        Assert.Empty(story.Done.OfType<SetStableImages>());
    }

    [Fact]
    public void A_template_that_is_changed_right_after_the_write_is_no_result_of_it()
    {
        story.Approve();
        story.RunUntil(() => story.Canary is not null, TimeSpan.FromMinutes(1));
        SetTemplate("other", null);
        story.RunUntil(() => story.Trail.Any(r => r.Action == "CanaryEdited"), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_template_that_a_webhook_makes_other_with_each_write_is_nobodys_edit(bool processRestarts)
    {
        var writes = 0;
        story.Web.StoredTemplate = ensure => $"injected at write {++writes} of {ensure.Source}";
        story.Approve();
        RunToPromotion(processRestarts);
        Assert.Equal(2, writes);
    }

    [Fact]
    public void Another_number_of_pods_is_no_edit_of_the_template()
    {
        var writes = 0;
        story.Web.StoredTemplate = _ => $"injected at write {++writes}";
        story.StartCanary();
        story.Stable = story.Stable! with { Replicas = 8, ReadyReplicas = 8 };
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Web.Canary = story.Canary! with { Replicas = 7, ScaledBy = "an-hpa" };
        story.RunFor(TimeSpan.FromSeconds(5));
        RunToPromotion(processRestarts: true);
        Assert.Single(story.Trail, r => r.Action == "TrafficEdited");
    }

    [Fact]
    public void Of_a_canary_from_before_an_upgrade_what_is_there_counts_as_ours()
    {
        story.StartCanary();
        SetTemplate("from before", null);
        story.Web.Canary = story.Canary! with { WrittenDigest = null };
        story.Patch = story.Patch with { Status = story.Status with { Workloads = [.. story.Status.Workloads!.Select(w => w with { CanaryImages = w.CanaryImages! with { TemplateDigest = null } })] } };
        RunToPromotion(processRestarts: true);
    }

    [Fact]
    public void While_stable_is_promoted_the_canary_keeps_its_template_too()
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
        SetTemplate("other", null);
        story.Reconcile();
        Assert.Equal(PatchPhase.Promoting, story.Phase);
        Assert.NotEqual("other", story.Canary!.TemplateDigest);
        Assert.Single(story.Trail, r => r.Action == "CanaryEdited");
        story.Stable = story.Stable! with { IsRolledOut = true, ReadyReplicas = 4 };
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(5));
        Assert.Single(story.Trail, r => r.Action == "CanaryEdited");
    }

    private void RunToPromotion(bool processRestarts)
    {
        story.RunUntil(
            () =>
            {
                if (processRestarts && story.Canary is { } canary)
                {
                    story.Web.Canary = canary with { WrittenDigest = null };
                }

                return story.Phase is PatchPhase.Promoted;
            },
            TimeSpan.FromMinutes(15));
        Assert.DoesNotContain(story.Trail, r => r.Action is "CanaryEdited" or "CanaryContested");
    }

    private void SetTemplate(string digest, string? by) => story.Web.Canary = story.Canary! with { TemplateDigest = digest, TemplateSetBy = by };

    private void Edit(string image, string? by) =>
        story.Web.Canary = story.Canary! with { Images = new Dictionary<string, string> { ["php"] = image }, ImagesSetBy = by };
}

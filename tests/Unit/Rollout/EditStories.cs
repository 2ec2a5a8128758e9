using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>The spec is edited in mid-run: weights to nothing first, counters from the beginning, approvals void, and a new run.</summary>
public sealed class EditStories
{
    private readonly Story story = new();

    [Fact]
    public void In_the_steps_the_canary_loses_its_traffic_before_anything_else_and_the_new_run_counts_from_the_beginning()
    {
        story.StartCanary();
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.NotNull(story.Status.Analysis);
        Edit();
        story.Reconcile();
        Assert.Contains(story.LastPlan!.Actions, a => a is WithdrawCanaryTraffic);
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
        Assert.Equal((null, null, null, 2), (story.Status.Analysis, story.Status.Step, story.Status.Approvals, story.Status.Run));
        story.Command(Commands.Approve, "again");
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void In_the_promotion_every_workload_gets_its_previous_images_first()
    {
        var consumers = new StoryWorkload(new WorkloadRef(WorkloadKind.Deployment, "magento-consumers"));
        story.World.Add(consumers);
        story.Edit(s => s with { Workloads = [.. s.Workloads!, new WorkloadSpec { Name = "consumers", Role = "Worker", Deployment = "magento-consumers", Containers = [new ContainerImage { Name = "php", Image = Story.New }] }] });
        consumers.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => consumers.Image == Story.New, TimeSpan.FromMinutes(10));
        consumers.StableRollsOut = true;
        Edit();
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(2));
        Assert.Equal((Story.Old, Story.Old), (story.Web.Image, consumers.Image));
        Assert.Null(story.Status.Approvals);
    }

    [Fact]
    public void In_a_revert_the_revert_is_finished_first()
    {
        story.StartCanary();
        story.Command(Commands.Abort, "no");
        story.Reconcile();
        Edit();
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
        Assert.Equal(2, story.Status.Run);
    }

    [Fact]
    public void A_spec_that_makes_no_sense_any_more_takes_the_run_back_and_is_named()
    {
        story.StartCanary();
        story.Edit(s => s with { Canary = new CanarySpec() });
        story.RunUntil(PatchPhase.Blocked, TimeSpan.FromMinutes(1));
        Assert.Null(story.Canary);
        Assert.Equal("SpecInvalid", story.Condition(ConditionTypes.Accepted).Reason);
    }

    private void Edit() => story.Edit(s => s with { Canary = s.Canary! with { Steps = [new CanaryStepSpec { Weight = 50 }] } });
}

using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>Who asked for what was done: the trail has the person whom the webhook authenticated, and their reason.</summary>
public sealed class ActorStories
{
    private const string Why = "ticket 4711";

    [Theory]
    [InlineData(Commands.Abort, "Aborted")]
    [InlineData(Commands.Revert, "RevertAsked")]
    [InlineData(Commands.Retry, "Retried")]
    [InlineData(Commands.Suspend, "SuspensionRecorded")]
    [InlineData(Commands.Resume, "ResumptionRecorded")]
    [InlineData(Commands.PromoteNow, "PromoteNowRecorded")]
    public void A_command_that_takes_effect_is_on_record_once_with_the_person_and_the_reason(string command, string action)
    {
        var crowd = Reach(command);
        crowd.Say(Crowd.Carol, command, Why);
        crowd.Story.RunFor(TimeSpan.FromMinutes(5));
        var record = Assert.Single(crowd.Story.Trail, r => r.Action == action);
        Assert.Equal("carol@example.com", record.Actor);
        Assert.Contains(Why, record.Detail, StringComparison.Ordinal);

        // Nobody else says it, and nothing else is said of her.
        Assert.Same(record, Assert.Single(crowd.Story.Trail, r => r.Actor == "carol@example.com"));
        Assert.Empty(crowd.Story.Facts);
    }

    /// <summary>Where the command means something, by what other people have done.</summary>
    private static Crowd Reach(string command)
    {
        var crowd = new Crowd();
        var (story, minute) = (crowd.Story, TimeSpan.FromMinutes(1));
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        story.RunUntil(() => story.Phase is PatchPhase.Progressing && story.Status.Step?.ReadyAt is not null, minute);
        switch (command)
        {
            case Commands.Revert:
                story.RunUntil(PatchPhase.Promoted, 10 * minute);
                break;
            case Commands.Retry:
                crowd.Say(Crowd.Bob, Commands.Abort);
                story.RunUntil(PatchPhase.Reverted, minute);
                break;
            case Commands.Resume:
                crowd.Say(Crowd.Bob, Commands.Suspend);
                story.RunUntil(PatchPhase.Paused, minute);
                break;
        }

        return crowd;
    }
}

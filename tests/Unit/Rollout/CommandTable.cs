using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>Every command in every phase: what comes of it, and that it is recorded once with who and why, or that nothing was done.</summary>
public sealed class CommandTable
{
    private const string Why = "ticket 4711";
    private const string Ignored = "CommandIgnored";

    /// <summary>A column a command: the record, and the phase that follows where it is another one.</summary>
    private static readonly string[] Columns = [Commands.Abort, Commands.Retry, Commands.Suspend, Commands.Resume, Commands.PromoteNow, Commands.Revert];

    private static readonly (string From, string[] Effects)[] Rows =
    [
        ("Blocked", ["-", "-", "SuspensionRecorded", "-", "-", "-"]),
        ("AwaitingApproval", ["-", "-", "SuspensionRecorded", "-", "-", "-"]),
        ("Progressing", ["Aborted>Reverting", "-", "SuspensionRecorded>Paused", "-", "PromoteNowRecorded", "RevertAsked>Reverting"]),
        ("Paused", ["Aborted>Reverting", "-", "SuspensionRecorded", "ResumptionRecorded>Progressing", "-", "RevertAsked>Reverting"]),
        ("Promoting", ["Aborted>Reverting", "-", "SuspensionRecorded", "-", "-", "RevertAsked>Reverting"]),
        ("Promoted", ["-", "-", "-", "-", "-", "RevertAsked>Reverting"]),
        ("Reverting", ["-", "-", "-", "-", "-", "-"]),
        ("Reverted", ["-", "Retried>Pending", "-", "-", "-", "-"]),
        ("Rejected", ["-", "Retried>Pending", "-", "-", "-", "-"]),
        ("Superseded", ["-", "Retried>Pending", "-", "-", "-", "-"]),
        ("Superseded, and its images are still there", ["-", "Retried>Pending", "-", "-", "-", "RevertAsked>Reverting"]),
        ("Degraded", ["Aborted>Reverting", "Retried>Promoting", "-", "-", "-", "RevertAsked>Reverting"]),
        ("Degraded on the way back", ["-", "-", "-", "-", "-", "-"]),
    ];

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var (from, effects) in Rows)
        {
            foreach (var (command, effect) in Columns.Zip(effects))
            {
                cells.Add(from, command, effect);
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Every_command_has_its_effect_or_none_and_the_trail_says_which(string from, string command, string effect)
    {
        var story = Reach(from);
        var (phase, known, done) = (story.Phase, story.Trail.Count(), story.Done.Count);
        var (action, then) = effect.Split('>') is [var a, var b] ? (a, b) : (effect, phase.ToString());
        story.Command(command, Why);
        story.Reconcile();
        Assert.Equal(then, story.Phase.ToString());
        var record = Assert.Single(story.Trail.Skip(known), r => r.Action == (action == "-" ? Ignored : action));
        Assert.Equal("unverified", record.Actor);
        Assert.StartsWith(action == "-" ? $"patchoperator.io/{command} was ignored: " : "", record.Detail, StringComparison.Ordinal);
        Assert.Contains(Why, record.Detail, StringComparison.Ordinal);
        Assert.Equal(then != phase.ToString() && record.To is not null, record.To == then && record.From == phase.ToString());

        // Taken away, acted on once, and not said again.
        Assert.Contains(story.Done.Skip(done).OfType<RemoveCommands>(), r => r.Handled.Any(h => h.Name == command && h.Value == Why));
        story.Reconcile();
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Single(story.Trail.Skip(known), r => r.Sequence == record.Sequence || (r.Action == record.Action && r.Detail == record.Detail));
        Assert.All(story.Trail.Skip(known), r => Assert.True(r.Sequence == record.Sequence || r.Actor != "unverified"));
        if (action == "-")
        {
            Assert.DoesNotContain(story.Done.Skip(done), a => a is EnsureCanary or DeleteCanary && phase is not (PatchPhase.Reverting or PatchPhase.Degraded));
        }
    }

    [Fact]
    public void The_table_has_every_phase_that_lasts()
    {
        // Pending lasts for one decision, and Validating and Closed are of features that are not there yet.
        var missing = Enum.GetNames<PatchPhase>().Except(Rows.Select(r => r.From.Split(' ', ',')[0]));
        Assert.Equal(["Closed", "Pending", "Validating"], missing.Order(StringComparer.Ordinal));
    }

    private static Story Reach(string from)
    {
        var story = new Story();
        var minute = TimeSpan.FromMinutes(1);
        switch (from)
        {
            case "Blocked":
                story.Stable = null;
                story.RunUntil(PatchPhase.Blocked, minute);
                break;
            case "AwaitingApproval":
                story.RunUntil(PatchPhase.AwaitingApproval, minute);
                break;
            case "Progressing":
                story.StartCanary();
                break;
            case "Paused":
                story.StartCanary();
                story.Command(Commands.Suspend, "lunch");
                story.RunUntil(PatchPhase.Paused, minute);
                break;
            case "Promoting":
                Promote(story);
                break;
            case "Promoted":
                story.Approve();
                story.RunUntil(PatchPhase.Promoted, 10 * minute);
                break;
            case "Reverting":
                Promote(story);
                story.Command(Commands.Abort, "no");
                story.RunUntil(PatchPhase.Reverting, minute);
                break;
            case "Reverted":
                story.StartCanary();
                story.Command(Commands.Abort, "no");
                story.RunUntil(PatchPhase.Reverted, minute);
                break;
            case "Rejected":
                story.RunUntil(PatchPhase.AwaitingApproval, minute);
                story.Command(Commands.Reject, "no");
                story.RunUntil(PatchPhase.Rejected, minute);
                break;
            case "Superseded":
                story.StartCanary();
                story.Web.SetByOthers(Story.Third);
                story.RunUntil(PatchPhase.Superseded, minute);
                break;
            case "Superseded, and its images are still there":
                story.Approve();
                story.RunUntil(PatchPhase.Promoted, 10 * minute);
                story.SupersededBy = "next";
                story.RunUntil(PatchPhase.Superseded, minute);
                story.SupersededBy = null;
                break;
            case "Degraded":
                Promote(story);
                story.RunUntil(PatchPhase.Degraded, 30 * minute);
                break;
            case "Degraded on the way back":
                Promote(story);
                story.Command(Commands.Abort, "no");
                story.RunUntil(PatchPhase.Degraded, 30 * minute);
                break;
        }

        // What the way here gave to do is done.
        story.Reconcile();
        return story;
    }

    private static void Promote(Story story)
    {
        story.StableRollsOut = false;
        story.Approve();
        story.RunUntil(() => story.Web.Image == Story.New, TimeSpan.FromMinutes(10));
    }
}

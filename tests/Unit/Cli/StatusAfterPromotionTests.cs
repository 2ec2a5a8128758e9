using PatchOperator.Cli.Cluster;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class StatusAfterPromotionTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_watch_shows_its_end_and_each_metric_beside_what_was_before()
    {
        var text = Describe(new EmergencyPatchStatus
        {
            Phase = "Promoted",
            Watch = new WatchStatus
            {
                StartedAt = At,
                Until = At.AddMinutes(30),
                Metrics = [new WatchedMetricStatus { Name = "http-errors", Verdict = "Pass", Reason = "WithinLimits", Message = "All is well.", Measured = "0.1%", Before = "0.2% (8/4000)", Limit = "1.9%" }],
            },
        });
        Assert.Contains("Watch     until 2026-11-23 03:30:00Z", text, StringComparison.Ordinal);
        Assert.Matches(@"http-errors\s+Pass\s+0\.1%\s+0\.2% \(8/4000\)\s+1\.9%\s+All is well\.", text);
    }

    [Fact]
    public void Who_is_told_next_and_who_was_not_told_yet_shows()
    {
        var text = Describe(new EmergencyPatchStatus
        {
            Phase = "AwaitingApproval",
            Escalation = new EscalationStatus
            {
                Since = At,
                Tiers = [new EscalationTierStatus { Due = At, Notify = ["oncall"], RaisedAt = At }, new EscalationTierStatus { Due = At.AddMinutes(45), Notify = ["ciso"] }],
            },
            Notifications = [new NotificationStatus { Id = "x", At = At, Reason = "Escalated", Severity = "Critical", Message = "", To = ["oncall"] }],
        });
        Assert.Contains("Escalates to ciso at 2026-11-23 03:45:00Z", text, StringComparison.Ordinal);
        Assert.Contains("Not told  oncall of Escalated", text, StringComparison.Ordinal);
    }

    private static string Describe(EmergencyPatchStatus status) =>
        StatusCommand.Describe(new EmergencyPatch { Metadata = new ObjectMeta { Name = "fix", Namespace = "shop" }, Spec = new EmergencyPatchSpec(), Status = status });
}

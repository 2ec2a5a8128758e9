using PatchOperator.Cli.Evidence;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

/// <summary>An exported resource whose status somebody edited: the trail is signed, and the tables of a report are not.</summary>
public sealed class StatusDoubtsTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);
    private static readonly EmergencyPatchStatus Honest = new()
    {
        Phase = "Promoted",
        Timings = new TimingStatus { PromotedAt = At.AddMinutes(3) },
        Approvals = [Approval("alice@example.com")],
        BreakGlass = new BreakGlassStatus { By = "bob@example.com", Reason = "now", At = At, SpecDigest = "v1:sha256:1", IsOpen = false, Fact = "{}", Review = new RequestStatus { By = "carol@example.com", Reason = "right", At = At } },
    };

    [Fact]
    public void What_happened_agrees_with_its_trail() => Assert.Equal([], StatusDoubts.Of(Honest, Trail()));

    [Fact]
    public void What_never_happened_does_not()
    {
        EmergencyPatchStatus[] edited =
        [
            Honest with { Phase = "Reverted" },
            Honest with { Approvals = [.. Honest.Approvals!, Approval("mallory@example.com")] },
            Honest with { Approvals = [Approval("alice@example.com") with { SpecDigest = "v1:sha256:2" }] },
            Honest with { Approvals = [Approval("dave@example.com") with { Verified = true }] },
            Honest with { Timings = new TimingStatus { PromotedAt = At.AddMinutes(-3) } },
            Honest with { BreakGlass = Honest.BreakGlass! with { By = "alice@example.com" } },
            Honest with { BreakGlass = Honest.BreakGlass! with { Review = new RequestStatus { By = "alice@example.com", Reason = "right", At = At } } },
        ];
        Assert.All(edited, status => Assert.Single(StatusDoubts.Of(status, Trail())));
    }

    [Fact]
    public void Without_the_trails_beginning_nothing_can_be_said() => Assert.Equal([], StatusDoubts.Of(Honest with { Phase = "Reverted" }, Trail(from: 2)));

    private static ApprovalStatus Approval(string by) => new() { By = by, Verified = true, Reason = "CHG-20871", At = At, ExpiresAt = At.AddDays(1), SpecDigest = "v1:sha256:1" };

    private static AuditVerdict Trail(int from = 1)
    {
        AuditStatus? audit = null;
        foreach (var (action, actor, to, detail, minutes) in ((string, string, string?, string, int)[])
        [
            ("ApprovalRecorded", "alice@example.com", null, "CHG-20871 (by verb approve)", 0),
            ("ApprovalRecorded", "dave@example.com", null, "CHG-20871 (nothing authenticated the approver)", 0),
            ("GlassBroken", "bob@example.com", null, "Starts without approvals: now.", 0),
            ("Promoted", "patch-operator", "Promoted", "All run it.", 3),
            ("Reviewed", "carol@example.com", null, "right", 4),
        ])
        {
            audit = AuditChain.Append(audit, new AuditEntry { At = At.AddMinutes(minutes), Actor = actor, Action = action, To = to, Detail = detail, SpecDigest = "v1:sha256:1" });
        }

        return AuditVerifier.Verify(
            new AuditEvidence { Namespace = "shop", Name = "fix", Uid = "uid-1", Annotation = AuditChain.Format([.. audit!.Recent!.Skip(from - 1)]), Status = audit, Archives = from > 1 ? null : [] }, null);
    }
}

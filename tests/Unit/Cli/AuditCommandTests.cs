using PatchOperator.Cli.Cluster;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class AuditCommandTests
{
    private static readonly AuditStatus Known = Enumerable.Range(1, 3).Aggregate((AuditStatus?)null, (status, index) => AuditChain.Append(status, new AuditEntry
    {
        At = new DateTimeOffset(2026, 11, 23, 9, index, 0, TimeSpan.Zero),
        Actor = "patch-operator",
        Action = $"Action{index}",
    }))!;

    private static readonly IReadOnlyList<AuditRecord> Trail = Known.Recent!;

    [Fact]
    public void A_whole_trail_holds()
    {
        var (text, holds) = Describe(Trail, Known with { Stored = 3 });
        Assert.True(holds);
        Assert.Contains("The hashes of all 3 records hold", text, StringComparison.Ordinal);
        Assert.Contains("2026-11-23 09:02:00Z   patch-operator   Action2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_was_changed_shows() =>
        Assert.False(Describe([Trail[0], Trail[1] with { Actor = "someone" }, Trail[2]], Known with { Stored = 3 }).Holds);

    [Fact]
    public void A_trail_whose_end_was_cut_off_shows() => Assert.False(Describe([Trail[0]], Known with { Stored = 3 }).Holds);

    [Fact]
    public void Records_that_are_still_on_their_way_are_not_missing() => Assert.True(Describe([Trail[0]], Known with { Stored = 1 }).Holds);

    [Fact]
    public void What_is_no_trail_at_all_shows() => Assert.False(AuditCommand.Describe(Patch("garbage", null)).Holds);

    private static (string Text, bool Holds) Describe(IReadOnlyList<AuditRecord> trail, AuditStatus status) => AuditCommand.Describe(Patch(AuditChain.Format(trail), status));

    private static EmergencyPatch Patch(string annotation, AuditStatus? status) => new()
    {
        Metadata = new ObjectMeta { Name = "p", Annotations = new Dictionary<string, string> { [Annotations.Audit] = annotation } },
        Status = new EmergencyPatchStatus { Audit = status },
    };
}

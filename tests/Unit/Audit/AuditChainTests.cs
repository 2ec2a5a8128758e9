using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Audit;

public sealed class AuditChainTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 23, 3, 0, 0, 123, TimeSpan.FromHours(2));

    [Fact]
    public void A_trail_that_was_stored_and_read_back_is_intact()
    {
        var trail = Trail();
        Assert.Null(AuditChain.FindFault(AuditChain.Parse(AuditChain.Format(trail))!));
    }

    [Fact]
    public void The_hash_of_a_record_is_pinned_since_stored_trails_depend_on_it() =>
        Assert.Equal("sha256:3745953fa097645277867b655c198ffc52019f4fd9d2d1825bece2e8babd40df", Trail()[0].Hash);

    [Fact]
    public void An_edited_record_shows()
    {
        var trail = Trail();
        trail[1] = trail[1] with { Detail = "something nicer" };
        Assert.Contains("record 2", AuditChain.FindFault(trail), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_was_edited_and_hashed_anew_shows_at_the_next()
    {
        var trail = Trail();
        var forged = trail[1] with { Detail = "something nicer" };
        trail[1] = forged with { Hash = AuditChain.HashOf(forged) };
        Assert.Contains("record 3", AuditChain.FindFault(trail), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_missing_record_shows(int which)
    {
        var trail = Trail();
        trail.RemoveAt(which);
        Assert.NotNull(AuditChain.FindFault(trail));
    }

    [Fact]
    public void Records_in_another_order_show()
    {
        var trail = Trail();
        (trail[1], trail[2]) = (trail[2], trail[1]);
        Assert.NotNull(AuditChain.FindFault(trail));
    }

    [Fact]
    public void An_annotation_that_is_no_trail_is_not_read_as_an_empty_one() => Assert.Null(AuditChain.Parse("{\"not\": \"a list\"}"));

    private static List<AuditRecord> Trail()
    {
        AuditStatus? status = null;
        foreach (var action in (string[])["Accepted", "ApprovalRecorded", "Größe <&> \"x\""])
        {
            status = AuditChain.Append(status, new AuditEntry { At = At, Actor = "patch-operator", Action = action, From = "Pending", To = "AwaitingApproval", Detail = action, SpecDigest = "v1:sha256:0" });
        }

        return [.. status!.Recent!];
    }
}

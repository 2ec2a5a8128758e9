using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Xunit;
using static PatchOperator.Tests.Unit.Audit.TrailUnderTest;

namespace PatchOperator.Tests.Unit.Audit;

public sealed class AuditVerifierTests
{
    [Fact]
    public void A_whole_trail_is_intact_and_under_its_signature()
    {
        var verdict = Verify(Whole());
        Assert.Equal([], verdict.Faults);
        Assert.Equal((5L, Key.Public.Id), (verdict.SealedThrough, verdict.KeyId));
    }

    [Fact]
    public void A_chain_that_was_rewritten_from_an_edit_to_its_end_shows_by_the_signature()
    {
        var whole = Whole();
        var forged = Rewritten(whole.Status!, 2, r => r with { Actor = "someone-else" });
        Assert.Null(AuditChain.FindFault(forged));
        Assert.NotEmpty(Verify(whole with { Annotation = AuditChain.Format(forged), Status = whole.Status! with { Recent = forged, Head = forged[^1].Hash } }).Faults);
    }

    [Fact]
    public void Without_anything_outside_of_the_namespace_a_forger_still_needs_the_key()
    {
        var whole = Whole();
        var forged = Rewritten(whole.Status!, 2, r => r with { Actor = "someone-else" });
        var status = whole.Status! with { Recent = forged, Head = forged[^1].Hash };
        var seal = Seal(status, OtherKey) with { KeyId = Key.Public.Id };
        var verdict = Verify(whole with { Annotation = AuditChain.Format(forged), Seal = AuditSeals.Format(seal), Status = status with { Seal = seal }, Mark = null });
        Assert.Contains(verdict.Faults, fault => fault.Contains("signature", StringComparison.Ordinal));
    }

    [Fact]
    public void A_signature_of_a_key_that_nobody_knows_proves_nothing()
    {
        var whole = Whole();
        var seal = Seal(whole.Status!, OtherKey);
        var verdict = Verify(whole with { Seal = AuditSeals.Format(seal), Status = whole.Status! with { Seal = seal }, Mark = null });
        Assert.Equal((0L, OtherKey.Public.Id), (verdict.SealedThrough, Assert.Single(verdict.UnknownKeys)));
    }

    [Fact]
    public void After_a_rotation_an_older_seal_still_verifies_with_the_older_key()
    {
        var whole = Whole();
        var both = new Signing.KeyRing([OtherKey.Public, Key.Public]);
        Assert.Equal(5, AuditVerifier.Verify(whole, both.Check).SealedThrough);
    }

    [Fact]
    public void A_trail_that_was_cut_in_the_annotation_shows_and_the_records_are_still_known()
    {
        var whole = Whole();
        var verdict = Verify(whole with { Annotation = AuditChain.Format([.. whole.Status!.Recent!.Take(2)]) });
        Assert.Contains("its end was removed", Assert.Single(verdict.Faults), StringComparison.Ordinal);
        Assert.Equal(5, verdict.Records.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_older_state_of_everything_in_the_namespace_shows_by_the_mark_outside_of_it(bool withMark)
    {
        var whole = Whole();
        var older = Whole(3) with { Mark = withMark ? whole.Mark : null };
        Assert.Equal(withMark, !Verify(older).IsIntact);
    }

    [Fact]
    public void Records_that_were_added_without_the_key_show()
    {
        var whole = Whole();
        var longer = AuditChain.Append(whole.Status, new AuditEntry { At = whole.Status!.Recent![^1].At, Actor = "mallory", Action = "ApprovalRecorded" });
        var verdict = Verify(whole with { Annotation = AuditChain.Format(longer.Recent!), Status = longer with { Stored = 6 } });
        Assert.Contains("have no signature", Assert.Single(verdict.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Signatures_that_were_all_removed_show()
    {
        var whole = Whole();
        Assert.Contains(Verify(whole with { Seal = null, Status = whole.Status! with { Seal = null } }).Faults, fault => fault.Contains("signatures were removed", StringComparison.Ordinal));
    }

    [Fact]
    public void The_trail_of_another_patch_does_not_count_for_this_one()
    {
        var whole = Whole();
        var foreign = Seal(whole.Status!, name: "harmless");
        Assert.NotEmpty(Verify(whole with { Seal = AuditSeals.Format(foreign), Status = whole.Status! with { Seal = foreign } }).Faults);
    }

    [Fact]
    public void Records_in_status_that_differ_from_the_trail_show()
    {
        var whole = Whole();
        AuditRecord[] edited = [.. whole.Status!.Recent!.Select(r => r.Sequence == 4 ? r with { Detail = "nicer" } : r)];
        Assert.Contains(Verify(whole with { Status = whole.Status with { Recent = edited } }).Faults, fault => fault.Contains("record 4", StringComparison.Ordinal));
    }

    [Fact]
    public void A_status_that_was_set_back_shows()
    {
        var whole = Whole();
        Assert.NotEmpty(Verify(whole with { Status = Status(2) with { Stored = 2, Seal = Seal(Status(2)) } }).Faults);
    }

    [Fact]
    public void Parts_in_ConfigMaps_join_whatever_their_order_and_where_they_overlap()
    {
        var evidence = Split(out var first, out var second);
        Assert.Equal([], Verify(evidence with { Archives = [second, first] }).Faults);
        Assert.Equal(9, Verify(evidence with { Archives = [second, first] }).Records.Count);
    }

    [Fact]
    public void A_ConfigMap_that_is_missing_shows()
    {
        var evidence = Split(out var first, out var second);
        Assert.NotEmpty(Verify(evidence with { Archives = [first] }).Faults);
        Assert.NotEmpty(Verify(evidence with { Archives = [second] }).Faults);
        Assert.NotEmpty(Verify(evidence with { Archives = [] }).Faults);
    }

    [Fact]
    public void A_ConfigMap_that_was_replaced_by_something_else_shows()
    {
        var evidence = Split(out var first, out var second);
        var forged = first with { Records = [.. first.Records!.Select(r => r.Sequence == 2 ? r with { Actor = "x" } : r)] };
        Assert.NotEmpty(Verify(evidence with { Archives = [forged, second] }).Faults);
        Assert.NotEmpty(Verify(evidence with { Archives = [first with { Records = null }, second] }).Faults);
    }

    [Fact]
    public void What_somebody_put_beside_a_whole_trail_does_not_break_it_and_is_named()
    {
        var evidence = Split(out var first, out var second);
        var junk = new AuditArchive("junk", null);
        var forged = new AuditArchive("forged", [.. second.Records!.Select(r => r with { Actor = "x" })]);
        var copy = new AuditArchive("copy", [.. first.Records!.Take(2)]);
        var verdict = Verify(evidence with { Archives = [junk, forged, second, copy, first] });
        Assert.Equal([], verdict.Faults);
        Assert.Equal(9, verdict.Records.Count);
        Assert.Equal(["forged", "junk"], verdict.Notes.Select(n => n.Split(' ')[1]));
    }

    [Fact]
    public void Where_the_ConfigMaps_could_not_be_read_the_rest_is_checked_and_it_is_said()
    {
        var verdict = Verify(Split(out _, out _) with { Archives = null });
        Assert.Equal([], verdict.Faults);
        Assert.Contains("were not read", Assert.Single(verdict.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trail_that_a_replace_dropped_is_taken_from_status_and_is_no_fault()
    {
        var verdict = Verify(Whole() with { Annotation = null, Seal = null });
        Assert.Equal([], verdict.Faults);
        Assert.Equal(5, verdict.Records.Count);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("[null]")]
    [InlineData("{}")]
    [InlineData("[{}]")]
    public void An_annotation_that_is_no_trail_shows(string annotation) => Assert.NotEmpty(Verify(Whole() with { Annotation = annotation }).Faults);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_character_of_a_seal_matters(bool ofStatus)
    {
        var whole = Whole();
        var seal = whole.Status!.Seal!;
        AuditSeal[] forged = [seal with { Sequence = 4 }, seal with { Hash = whole.Status.Recent![3].Hash }, seal with { Uid = "other" }, seal with { At = seal.At.AddSeconds(1) }, seal with { Signature = "AAAA" }, seal with { Signature = "?" }];
        Assert.All(forged, each => Assert.NotEmpty(Verify(ofStatus ? whole with { Status = whole.Status with { Seal = each } } : whole with { Seal = AuditSeals.Format(each) }).Faults));
    }

    private static AuditEvidence Split(out AuditArchive first, out AuditArchive second)
    {
        var whole = Whole(9);
        var records = whole.Status!.Recent!;
        first = new AuditArchive("b", [.. records.Take(3)]);
        second = new AuditArchive("a", [.. records.Skip(2).Take(4)]);
        return whole with { Annotation = AuditChain.Format([.. records.Skip(6)]), Status = whole.Status with { Recent = [.. records.Skip(4)] } };
    }
}

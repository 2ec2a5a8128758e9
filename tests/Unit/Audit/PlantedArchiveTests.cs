using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Xunit;
using static PatchOperator.Tests.Unit.Audit.TrailUnderTest;

namespace PatchOperator.Tests.Unit.Audit;

/// <summary>What somebody who may write ConfigMaps, and has no key, puts among those of a genuine trail: records that link to genuine ones.</summary>
public sealed class PlantedArchiveTests
{
    private static readonly string[] Forgeries = ["a tail on a copy", "a tail by itself", "a fork in the middle", "a fork from the beginning", "a copy with a tail and a copied seal", "no records", "a seal that names more"];

    public static TheoryData<string, bool> Each()
    {
        var data = new TheoryData<string, bool>();
        foreach (var forgery in Forgeries)
        {
            data.Add(forgery, true);
            data.Add(forgery, false);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Each))]
    public void Beside_a_live_trail_it_breaks_nothing_and_is_named(string how, bool isFirst)
    {
        var (evidence, genuine) = Live();
        var verdict = Verify(evidence with { Archives = isFirst ? [Planted(how), .. genuine] : [.. genuine, Planted(how)] });
        Assert.Equal([], verdict.Faults);
        Assert.Equal(Chain.Recent, verdict.Records);
        Assert.Equal(9, verdict.SealedThrough);
        Assert.Contains("ConfigMap planted", Assert.Single(verdict.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void All_of_them_in_any_order_break_nothing()
    {
        var (evidence, genuine) = Live();
        AuditArchive[] all = [.. genuine, .. Forgeries.Select(Planted)];
        for (var turn = 0; turn < all.Length; turn++)
        {
            var verdict = Verify(evidence with { Archives = [.. all.Skip(turn), .. all.Take(turn)] });
            Assert.Equal([], verdict.Faults);
            Assert.Equal(Chain.Recent, verdict.Records);
            Assert.Equal(Forgeries.Length, verdict.Notes.Count);
        }
    }

    [Fact]
    public void It_stands_in_for_nothing_that_is_missing()
    {
        var (evidence, genuine) = Live();
        AuditArchive[] planted = [Planted("a tail by itself"), Planted("a fork from the beginning"), Planted("no records")];
        Assert.All(genuine, missing => Assert.NotEmpty(Verify(evidence with { Archives = [.. genuine.Where(a => a != missing), .. planted] }).Faults));
    }

    [Fact]
    public void What_is_missing_is_told_without_what_was_planted_above_it()
    {
        var (evidence, genuine) = Live();
        var fault = Assert.Single(Verify(evidence with { Archives = [genuine[1], Planted("a tail by itself")] }).Faults);
        Assert.Contains("record 1", fault, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Each))]
    public void A_restored_trail_goes_on_beside_it(string how, bool isFirst)
    {
        var (evidence, genuine) = Restored();
        var seen = RestoredTrail.Judge(evidence with { Archives = isFirst ? [Planted(how), .. genuine] : [.. genuine, Planted(how)] }, Ring.Check, Key.Public.Id);
        Assert.Null(seen.SetAside);
        Assert.Equal(Chain.Recent, seen.Verdict.Records);
    }

    [Fact]
    public void A_restored_trail_goes_on_beside_records_that_link_to_its_last_one()
    {
        var (evidence, genuine) = Restored();
        AuditArchive[] planted =
        [
            new("linked", Longer(Chain, 3).Skip(9).ToArray()),
            new("whole", Longer(Chain, 3)),
            new("sealed by another key", Longer(Chain, 3)) { Seal = Seal(Lengthened(Chain, 3), OtherKey) with { KeyId = Key.Public.Id } },
            new("seal of an unknown key", Longer(Chain, 3)) { Seal = Seal(Lengthened(Chain, 3), OtherKey) },
            new("seal of these very records", Longer(Chain, 3)) { Seal = Seal(Chain) },
            new("seal of another patch", Longer(Chain, 3)) { Seal = Seal(Lengthened(Chain, 3), name: "other") },
            new("another life", Status(20, "Other").Recent) { Seal = Seal(Status(20, "Other"), uid: "uid-0") },
            new("seal of another life", Longer(Chain, 3)) { Seal = Seal(Status(20, "Other"), uid: "uid-0") },
        ];
        Assert.Null(RestoredTrail.Judge(evidence with { Archives = [.. planted, .. genuine] }, Ring.Check, Key.Public.Id).SetAside);
        Assert.All(planted, each => Assert.Null(RestoredTrail.Judge(evidence with { Archives = [each, .. genuine] }, Ring.Check, Key.Public.Id).SetAside));
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("only what came later")]
    [InlineData("records before its seal are elsewhere")]
    [InlineData("of a later life")]
    [InlineData("of a later life, beside forks")]
    [InlineData("its records were taken out")]
    public void An_older_copy_is_refused_where_a_later_archive_stands_under_a_seal(string how)
    {
        var (evidence, genuine) = Restored();
        var later = Lengthened(Chain, 4);
        var records = later.Recent!;
        AuditArchive[] found = how switch
        {
            "whole" => [new("later", records) { Seal = Seal(later) }],
            "only what came later" => [new("later", [.. records.Skip(9)]) { Seal = Seal(later) }],
            "records before its seal are elsewhere" => [new("later", [.. records.Skip(11)]) { Seal = Seal(later) }, new("between", [.. records.Skip(8).Take(3)])],
            "of a later life" => [new("later", [.. records.Skip(9)]) { Seal = Seal(later, uid: "uid-2") }],
            "of a later life, beside forks" => [.. Forgeries.Select(Planted), new("later", [.. records.Skip(9)]) { Seal = Seal(later, uid: "uid-2") }],
            _ => [new("later", null) { Seal = Seal(later) }],
        };
        var why = RestoredTrail.Judge(evidence with { Archives = [.. found, .. genuine] }, Ring.Check, Key.Public.Id).SetAside;
        Assert.Contains("its end was removed", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_live_trail_that_was_set_back_with_everything_beside_it_shows_by_an_archive_under_a_seal()
    {
        var (evidence, genuine) = Live();
        var later = Lengthened(Chain, 4);
        var verdict = Verify(evidence with { Mark = null, Archives = [.. genuine, new AuditArchive("later", later.Recent) { Seal = Seal(later) }] });
        Assert.Contains("its end was removed", Assert.Single(verdict.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hash")]
    [InlineData("uid")]
    [InlineData("keyId")]
    [InlineData("signature")]
    public void A_seal_with_a_null_in_it_is_none(string member)
    {
        var seal = JsonNode.Parse(AuditSeals.Format(Seal(Chain)))!;
        seal[member] = null;
        Assert.Null(AuditSeals.Parse(seal.ToJsonString()));
    }

    private static AuditStatus Chain => Status(9);

    /// <summary>A patch with its last three records in the annotation and the others in two ConfigMaps, the second with the seal of its time.</summary>
    private static (AuditEvidence Evidence, AuditArchive[] Genuine) Live()
    {
        var records = Chain.Recent!;
        var whole = Whole(9);
        return (
            whole with { Annotation = AuditChain.Format([.. records.Skip(6)]), Status = whole.Status! with { Recent = [.. records.Skip(6)] } },
            [new("a", [.. records.Take(3)]) { Seal = Seal(Status(3)) }, new("b", [.. records.Skip(3).Take(3)]) { Seal = Seal(Status(7)) }]);
    }

    /// <summary>The same from a backup, under another uid.</summary>
    private static (AuditEvidence Evidence, AuditArchive[] Genuine) Restored()
    {
        var (evidence, genuine) = Live();
        return (evidence with { Uid = "uid-9", Status = null, Mark = null, IsRestored = true }, genuine);
    }

    private static AuditArchive Planted(string how)
    {
        var records = Chain.Recent!;
        return how switch
        {
            "a tail on a copy" => new("planted", Longer(Status(6), 5)),
            "a tail by itself" => new("planted", [.. Longer(Status(6), 5).Skip(6)]),
            "a fork in the middle" => new("planted", [.. Longer(Status(4), 2)]),
            "a fork from the beginning" => new("planted", Longer(Status(1), 8)),
            "a copy with a tail and a copied seal" => new("planted", [.. Longer(Status(6), 5).Skip(3)]) { Seal = Seal(Status(7)) },
            "no records" => new("planted", null),
            _ => new("planted", Longer(Status(6), 50)) { Seal = Seal(Lengthened(Status(6), 50), OtherKey) with { KeyId = Key.Public.Id } },
        };
    }

    private static AuditStatus Lengthened(AuditStatus status, int count) => Enumerable.Range(1, count).Aggregate(status, (longer, index) => AuditChain.Append(longer, new AuditEntry
    {
        At = new DateTimeOffset(2026, 11, 23, 11, 0, 0, TimeSpan.Zero),
        Actor = "ciso",
        Action = $"Later{index}",
    }));

    private static IReadOnlyList<AuditRecord> Longer(AuditStatus status, int count) => Lengthened(status, count).Recent!;
}

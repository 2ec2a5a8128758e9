using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Cli.Audit;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Tests.Unit.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class AuditVerifyTests
{
    private static readonly string Key = TrailUnderTest.Key.Public.ToPem();

    [Fact]
    public void An_exported_patch_verifies_without_a_cluster() => Assert.Equal((0, true), Judge(Export(EvidenceTests.Patch()), Key, "VERIFIED: all 5 records"));

    [Fact]
    public void Without_a_key_nothing_is_proven_and_that_is_not_success() => Assert.Equal((2, true), Judge(Export(EvidenceTests.Patch()), "", "the signature was not checked"));

    [Fact]
    public void With_another_key_nothing_is_proven_either() =>
        Assert.Equal((2, true), Judge(Export(EvidenceTests.Patch()), TrailUnderTest.OtherKey.Public.ToPem(), TrailUnderTest.Key.Public.Id));

    [Fact]
    public void A_changed_export_ends_with_1()
    {
        var text = Export(EvidenceTests.Patch()).Replace("Approval2", "Approval7", StringComparison.Ordinal);
        Assert.Equal((1, true), Judge(text, Key, "BROKEN"));
    }

    [Fact]
    public void A_List_as_kubectl_prints_it_is_read_and_another_patch_in_it_is_passed_over()
    {
        var other = EvidenceTests.Patch() with { Metadata = EvidenceTests.Patch().Metadata with { Name = "other" } };
        var list = $$"""{"apiVersion":"v1","kind":"List","items":[{{Export(other)}},{{Export(EvidenceTests.Patch())}}]}""";
        Assert.Equal(0, AuditVerifyCommand.Judge(CaseFiles.Read([list], "cve", [Key]), false).Code);
        Assert.Contains("name one of other, cve", Assert.Throws<CaseException>(() => CaseFiles.Read([list], null, [Key])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_records_of_a_deleted_patch_verify_from_what_was_kept()
    {
        var audit = EvidenceTests.Patch().Status!.Audit!;
        Assert.Equal((0, true), Judge(Map("a", audit.Recent!, audit.Seal).ToJsonString(), Key, "VERIFIED: all 5 records"));
    }

    [Fact]
    public void What_somebody_put_beside_them_changes_nothing_wherever_it_is_in_the_list()
    {
        var audit = EvidenceTests.Patch().Status!.Audit!;
        var longer = AuditChain.Append(audit, new AuditEntry { At = audit.Recent![^1].At, Actor = "ciso", Action = "ApprovalRecorded" });
        var forged = TrailUnderTest.Seal(longer, TrailUnderTest.OtherKey) with { KeyId = TrailUnderTest.Key.Public.Id };
        JsonObject genuine = Map("genuine", audit.Recent!, audit.Seal), tail = Map("tail", longer.Recent!, forged), copied = Map("copied", longer.Recent!, audit.Seal), bare = Map("bare", [longer.Recent![^1]], null);
        foreach (JsonObject[] maps in (JsonObject[][])[[genuine, tail, copied, bare], [bare, copied, tail, genuine]])
        {
            var (text, code) = AuditVerifyCommand.Judge(CaseFiles.Read(maps.Select(m => m.ToJsonString()), null, [Key]), false);
            Assert.Equal(0, code);
            Assert.Contains("VERIFIED: all 5 records", text, StringComparison.Ordinal);
            Assert.Equal(3, text.Split('\n').Count(line => line.StartsWith("note: ConfigMap", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Beside_a_patch_with_older_records_in_ConfigMaps_a_planted_one_is_named_and_breaks_nothing(bool isFirst)
    {
        var patch = EvidenceTests.Patch();
        var records = patch.Status!.Audit!.Recent!;
        var annotations = new Dictionary<string, string>(patch.Metadata.Annotations!) { [Annotations.Audit] = AuditChain.Format([.. records.Skip(3)]) };
        patch = patch with { Metadata = patch.Metadata with { Annotations = annotations }, Status = patch.Status with { Audit = patch.Status.Audit with { Recent = [.. records.Skip(3)] } } };
        var older = new AuditStatus { Sequence = 3, Head = records[2].Hash, Recent = [.. records.Take(3)] };
        var forged = AuditChain.Append(older, new AuditEntry { At = records[2].At, Actor = "ciso", Action = "ApprovalRecorded" });
        string[] maps = [Map("genuine", older.Recent!, patch.Status.Audit.Seal).ToJsonString(), Map("planted", forged.Recent!, null).ToJsonString()];
        var (text, code) = AuditVerifyCommand.Judge(CaseFiles.Read([Export(patch), .. isFirst ? maps.Reverse() : maps], null, [Key]), false);
        Assert.Equal(0, code);
        Assert.Contains("VERIFIED: all 5 records", text, StringComparison.Ordinal);
        Assert.Contains("note: ConfigMap planted", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_patch_is_said() => Assert.Contains("no EmergencyPatch", Assert.Throws<CaseException>(() => CaseFiles.Read(["kind: Pod"], null, [])).Message, StringComparison.Ordinal);

    private static (int Code, bool Says) Judge(string file, string key, string words)
    {
        var (text, code) = AuditVerifyCommand.Judge(CaseFiles.Read([file], null, [key]), false);
        return (code, text.Contains(words, StringComparison.Ordinal));
    }

    private static JsonObject Map(string name, IReadOnlyList<AuditRecord> records, AuditSeal? seal) => new()
    {
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = "shop",
            ["labels"] = new JsonObject { [Labels.AuditArchive] = "true", [Labels.PatchUid] = "uid-1" },
            ["annotations"] = seal is null ? new JsonObject { [Annotations.Patch] = "cve" } : new JsonObject { [Annotations.Patch] = "cve", [Annotations.AuditSeal] = AuditSeals.Format(seal) },
        },
        ["data"] = new JsonObject { ["records"] = AuditChain.Format(records) },
    };

    private static string Export(EmergencyPatch patch) => JsonSerializer.Serialize(patch, DomainJson.Default.EmergencyPatch);
}

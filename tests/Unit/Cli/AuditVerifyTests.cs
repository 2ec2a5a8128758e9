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
        var map = new JsonObject
        {
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject
            {
                ["name"] = "a",
                ["namespace"] = "shop",
                ["labels"] = new JsonObject { [Labels.AuditArchive] = "true", [Labels.PatchUid] = "uid-1" },
                ["annotations"] = new JsonObject { [Annotations.Patch] = "cve", [Annotations.AuditSeal] = AuditSeals.Format(audit.Seal!) },
            },
            ["data"] = new JsonObject { ["records"] = AuditChain.Format(audit.Recent!) },
        };
        Assert.Equal((0, true), Judge(map.ToJsonString(), Key, "VERIFIED: all 5 records"));
    }

    [Fact]
    public void What_is_no_patch_is_said() => Assert.Contains("no EmergencyPatch", Assert.Throws<CaseException>(() => CaseFiles.Read(["kind: Pod"], null, [])).Message, StringComparison.Ordinal);

    private static (int Code, bool Says) Judge(string file, string key, string words)
    {
        var (text, code) = AuditVerifyCommand.Judge(CaseFiles.Read([file], null, [key]), false);
        return (code, text.Contains(words, StringComparison.Ordinal));
    }

    private static string Export(EmergencyPatch patch) => JsonSerializer.Serialize(patch, DomainJson.Default.EmergencyPatch);
}

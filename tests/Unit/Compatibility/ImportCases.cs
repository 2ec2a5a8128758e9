using System.Text.Json;
using PatchOperator.Cli.Compatibility;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Import;
using PatchOperator.Domain.Validation;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>Spreadsheets (<c>input.csv</c>) and Adobe's patches (<c>input.json</c>), and the manifests or the complaints that come of them.</summary>
public sealed class ImportCases
{
    public static TheoryData<string> All => CaseFolder.All("Import");

    [Theory]
    [MemberData(nameof(All))]
    public void It_is_imported_as_written_down(string name)
    {
        var imported = Import(name);
        CaseFolder.Check("Import", name, imported.Problems.Count > 0 ? string.Join('\n', imported.Problems) : ModuleYaml.Format(imported.Modules));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_imported_is_what_the_API_takes_and_reads_back_the_same(string name)
    {
        var imported = Import(name);
        Assert.True(imported.Problems.Count == 0 || imported.Modules.Count == 0);
        var written = CrdSchemas.Read(new StringReader(ModuleYaml.Format(imported.Modules)));
        Assert.Equal(imported.Modules.Count, written.Count);
        Assert.All(written.Zip(imported.Modules), each =>
        {
            Assert.Equal([], StructuralSchema.Validate(each.First, CrdSchemas.Schema(Names.ModuleCompatibilityKind)));
            var read = each.First.Deserialize(DomainJson.Default.ModuleCompatibility)!;
            Assert.Equal([], ModuleCompatibilityValidator.Validate(read));
            Assert.Equal((each.Second.Metadata.Name, each.Second.Metadata.Namespace), (read.Metadata.Name, read.Metadata.Namespace));
            Assert.Equal(Json(each.Second.Spec), Json(read.Spec));
        });
        Assert.Equal(imported.Modules.Count, imported.Modules.Select(module => module.Metadata.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("2026-07")]
    [InlineData("1.0")]
    [InlineData("~")]
    [InlineData("^2.4 || ~2.3.0")]
    [InlineData(" blank at both ends ")]
    [InlineData("a: b # c")]
    [InlineData("'single' \"double\" \\ back")]
    [InlineData("one\ntwo\r\n\tthree\u0007\u2028\u00a0end")]
    [InlineData("größe 😀")]
    [InlineData("- dash")]
    [InlineData("@dev")]
    [InlineData("%")]
    [InlineData("=2.4")]
    [InlineData("12:30:45")]
    [InlineData("0x1F")]
    [InlineData("null")]
    public void Any_text_reads_back_as_that_text(string text) =>
        Assert.Equal(text, Assert.Single(CrdSchemas.Read(new StringReader($"value: {ModuleYaml.Scalar(text)}\n")))["value"]!.GetValue<string>());

    private static ImportResult Import(string name)
    {
        var file = Assert.Single(CaseFolder.Inputs("Import", name));
        var text = File.ReadAllBytes(file);
        return Path.GetExtension(file) == ".csv" ? SpreadsheetImport.Read(text, "shop") : QualityPatchesImport.Read(text, "shop");
    }

    private static string Json(ModuleCompatibilitySpec spec) => JsonSerializer.SerializeToNode(spec, DomainJson.Default.ModuleCompatibilitySpec)!.ToJsonString();
}

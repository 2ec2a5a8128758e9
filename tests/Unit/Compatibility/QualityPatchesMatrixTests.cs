using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Compatibility.Import;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>The import of Adobe's patches and the matrix together: what is said of each patch on each release must be what Adobe says.</summary>
public sealed class QualityPatchesMatrixTests
{
    [Fact]
    public void Each_patch_fits_the_releases_that_Adobe_lists_and_no_other()
    {
        var lines = TestData.Lines("magento-quality-patches.ndjson").ToList();
        var patches = lines.Skip(1).Where(patch => patch[2].ValueKind == JsonValueKind.String).ToList();
        var imported = QualityPatchesImport.Read(Encoding.UTF8.GetBytes(SupportPatches(patches)));
        Assert.Empty(imported.Problems);
        Assert.Equal(patches.Count, imported.Modules.Count);
        var releases = lines[0].GetProperty("releases").EnumerateArray().Select(release => (Name: release[0].GetString()!, Inventory: Installed(release[1]))).ToList();
        var (pairs, wrong) = (0, new List<string>());
        foreach (var patch in patches)
        {
            var id = patch[0].GetString()!;
            var mask = UInt128.Parse(patch[2].GetString()!, System.Globalization.NumberStyles.HexNumber);
            var book = RuleBook.From(imported.Modules.Where(module => module.Spec.Rules![0].Patches![0] == id));
            for (var index = 0; index < releases.Count; index++)
            {
                var matrix = CompatibilityEvaluator.Evaluate(book, new MatrixInputs { Patched = releases[index].Inventory, Advisories = [id] }, DateTimeOffset.UnixEpoch);
                var fits = matrix.Rows.Count > 0 && matrix.Rows.All(row => row.Verdict == ModuleVerdict.Compatible);
                pairs++;
                if (fits != (((mask >> (releases.Count - 1 - index)) & 1) == 1))
                {
                    wrong.Add($"{id} on {releases[index].Name}");
                }
            }
        }

        Assert.Equal("", string.Join(", ", wrong));
        Assert.Equal(111_180, pairs);
    }

    private static Inventory Installed(JsonElement packages) => new()
    {
        Sources = [InventoryFormat.ComposerLock],
        Packages = [.. packages.EnumerateObject().Select(package => new InstalledPackage { Name = package.Name, Version = package.Value.GetString()!, Type = "library", Links = PackageLinks.None })],
    };

    private static string SupportPatches(IEnumerable<JsonElement> patches)
    {
        var json = new JsonObject();
        foreach (var patch in patches)
        {
            var packages = new JsonObject();
            foreach (var pair in patch[1].EnumerateArray())
            {
                var package = packages[pair[0].GetString()!] as JsonObject ?? [];
                package[pair[1].GetString()!] = new JsonObject { ["file"] = "x.patch" };
                packages[pair[0].GetString()!] = package;
            }

            json[patch[0].GetString()!] = new JsonObject { ["title"] = "A fix.", ["categories"] = new JsonArray(), ["packages"] = packages };
        }

        return json.ToJsonString();
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Cli;
using PatchOperator.Cli.Compatibility;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class CompatCheckTests : IDisposable
{
    private const string Rules = """
        apiVersion: patchoperator.io/v1alpha1
        kind: ModuleCompatibility
        metadata: {name: acme-fraud-check, namespace: shop}
        spec:
          module: {name: acme/module-fraud-check}
          owner: {team: payments, contact: "slack:#payments"}
          rules:
          - versions: ~2.3.0
            with: {magento/product-community-edition: ">=2.4.7-p6"}
            patches: [APSB25-88]
            verdict: Incompatible
            reason: Overrides Webapi\Rest\Request; placing an order answers 500 to every customer who pays by invoice and has an address abroad
            remedy: {upgradeTo: ^2.4, disable: bin/magento module:disable Acme_FraudCheck}
          - versions: "*"
            verdict: Compatible

        """;

    private const string Patch = """
        apiVersion: patchoperator.io/v1alpha1
        kind: EmergencyPatch
        metadata: {name: cve-2025-54236, namespace: shop}
        spec:
          advisory: {id: APSB25-88}
          compatibility:
            mode: Enforce
            targetVersions: {magento/product-community-edition: 2.4.7-p6}

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("compat-check-").FullName;
    private readonly string sample = Path.Combine(CrdSchemas.RepositoryRoot, "examples", "compatibility", "composer.lock");
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_module_that_does_not_stand_the_patch_ends_with_1() =>
        Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Patch = File("patch.yaml", Patch) }));

    [Fact]
    public void Without_anything_that_blocks_it_ends_with_0_and_tells_the_warnings()
    {
        Assert.Equal((ExitCodes.Ok, ""), Run(request => request));
        Assert.Contains("warns", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Warnings_end_with_1_where_the_caller_is_strict() => Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Strict = true }));

    [Fact]
    public void Mode_Warn_ends_with_0() =>
        Assert.Equal((ExitCodes.Ok, ""), Run(request => request with { Patch = File("patch.yaml", Patch.Replace("mode: Enforce", "mode: Warn", StringComparison.Ordinal)) }));

    [Fact]
    public void A_patch_that_switches_the_check_off_is_checked_all_the_same()
    {
        Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Patch = File("patch.yaml", Patch.Replace("mode: Enforce", "mode: \"Off\"", StringComparison.Ordinal)) }));
        Assert.Contains("switches the check off", Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_command_line_says_goes_before_what_the_patch_says() => Assert.Equal(
        (ExitCodes.Ok, ""),
        Run(request => request with { Patch = File("patch.yaml", Patch), Mode = CompatibilityMode.Warn }));

    [Fact]
    public void Target_and_advisory_do_without_a_patch() => Assert.Equal(
        (ExitCodes.Problems, ""),
        Run(request => request with { Targets = ["magento/product-community-edition=2.4.7-p6"], Advisories = ["APSB25-88"] }));

    [Fact]
    public void Objects_of_other_namespaces_than_the_patch_are_left_out()
    {
        Assert.Equal((ExitCodes.Ok, ""), Run(request => request with { Patch = File("patch.yaml", Patch.Replace("namespace: shop", "namespace: other", StringComparison.Ordinal)) }));
        Assert.Contains("1 ModuleCompatibility objects of other namespaces than other were left out", Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Packed_files_are_unpacked()
    {
        var packed = Path.Combine(folder, "composer.lock.gz");
        using (var stream = new GZipStream(System.IO.File.Create(packed), CompressionLevel.Optimal))
        {
            stream.Write(System.IO.File.ReadAllBytes(sample));
        }

        Assert.Equal((ExitCodes.Ok, ""), Run(request => request with { Locks = [packed] }));
        Assert.Contains("acme/module-fraud-check", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_file_that_was_cut_off_ends_with_2_although_a_part_of_it_reads_well()
    {
        var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.NoCompression, leaveOpen: true))
        {
            stream.Write(Encoding.UTF8.GetBytes("List of enabled modules:\nMagento_Store\nAcme_FraudCheck\n"));
        }

        var cut = Path.Combine(folder, "status.txt.gz");
        System.IO.File.WriteAllBytes(cut, packed.ToArray()[..^24]);
        var (code, said) = Run(request => request with { Locks = [cut] });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("cut off", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_of_a_package_whose_type_is_not_told_blocks_with_the_module_status_and_without_rules()
    {
        var bom = File("bom.json", """{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "promo", "purl": "pkg:composer/amasty/promo@2.12.0"}]}""");
        var status = File("status.txt", "List of enabled modules:\nMagento_Store\nAmasty_Promo\n\nList of disabled modules:\nNone\n");
        Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Locks = [bom, status], OnUnknown = OnUnknownModule.Block }));
        Assert.Contains("amasty/promo 2.12.0 is Unknown", Words(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "Enforce", ExitCodes.Ok)]
    [InlineData("sha256:c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "Enforce", ExitCodes.Problems)]
    [InlineData("sha256:c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "Warn", ExitCodes.Ok)]
    public void A_bill_of_materials_must_be_of_an_image_of_the_patch(string digest, string mode, int expected)
    {
        const string patched = "sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
        var bom = File("bom.json", $$$"""{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"type": "container", "name": "magento", "version": "{{{digest}}}"}}, "components": [{"type": "library", "name": "x", "purl": "pkg:composer/magento/product-community-edition@2.4.7-p6"}]}""");
        var patch = File("patch.yaml", Patch.Replace("spec:\n", $"spec:\n  workloads:\n  - deployment: web\n    containers: [{{name: php, image: \"registry.example.com/magento@{patched}\"}}]\n", StringComparison.Ordinal).Replace("mode: Enforce", $"mode: {mode}", StringComparison.Ordinal));
        foreach (var form in Enum.GetValues<CheckOutput>())
        {
            output.GetStringBuilder().Clear();
            Assert.Equal((expected, ""), Run(request => request with { Locks = [bom], Patch = patch, Output = form }));
            Assert.Equal(digest != patched, output.ToString().Contains(digest, StringComparison.Ordinal) && output.ToString().Contains(patched, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Several_files_tell_of_one_image()
    {
        var status = File("status.txt", "List of enabled modules:\nMagento_Store\n\nList of disabled modules:\nAcme_FraudCheck\n");
        Assert.Equal((ExitCodes.Ok, ""), Run(request => request with { Locks = [sample, status], Patch = File("patch.yaml", Patch) }));
        Assert.Contains("It is switched off.", Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Applied_patches_of_both_images_are_compared()
    {
        var stable = File("stable.json", """{"_hash": "x", "patches": {"magento/framework": []}}""");
        var patched = File("patched.json", """{"_hash": "x", "patches": {"magento/framework": [{"url": "unnamed.patch", "sha256": null}]}}""");
        Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Applied = [patched], StableApplied = [stable] }));
        Assert.Contains("the patch unnamed.patch of magento/framework is applied in the patched image only", Words(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("composer.lock", "{\"packages\": [\n  {\"name\": \"a/b\", \"version\": 1}\n]}", "composer.lock:2:30: packages[0].version: expected a version, as text, found a number")]
    [InlineData("composer.lock", "", "composer.lock:1:1: the file is empty")]
    [InlineData("composer.lock", "{\"\\ud800\": 1, \"packages\": []}", "composer.lock:1:2: expected the name of a field, found text that is not Unicode")]
    [InlineData("composer.lock", "{\"packages\": []}", "composer.lock: names no package and no module, so there is nothing to check")]
    public void A_bad_inventory_ends_with_2_and_says_where(string name, string text, string message) => Assert.Equal(
        (ExitCodes.Failed, true),
        Run(request => request with { Locks = [File(name, text)] }) is var (code, said) ? (code, said.Contains(message, StringComparison.Ordinal)) : default);

    [Fact]
    public void A_format_that_is_named_is_not_guessed()
    {
        var (code, said) = Run(request => request with { Format = InventoryFormat.CycloneDx });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("expected a CycloneDX bill of materials", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("versions: ~2.3.0", "versions: ^2.x.y", "rules.yaml:8: spec.rules[0].versions: '^2.x.y' is not a constraint that Composer takes")]
    [InlineData("verdict: Compatible", "verdict: Fine", "rules.yaml:15: spec.rules[1].verdict: 'Fine' is not known")]
    [InlineData("reason:", "because:", "rules.yaml:12: spec.rules[0].because: is not a field")]
    [InlineData("spec:\n", "spec: {\n", "rules.yaml:")]
    public void A_rule_that_cannot_be_read_ends_with_2_and_says_where(string sound, string broken, string message)
    {
        var (code, said) = Run(request => request with { Matrix = [File("rules.yaml", Rules.Replace(sound, broken, StringComparison.Ordinal))] });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_objects_of_one_name_end_with_2_since_their_order_must_not_matter()
    {
        var (code, said) = Run(request => request with { Matrix = [File("a.yaml", Rules), File("b.yaml", Rules)] });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("'acme-fraud-check' is there already, in ", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_read_with_its_folders_and_what_is_not_ours_is_passed_over()
    {
        Directory.CreateDirectory(Path.Combine(folder, "manifests", "deeper"));
        File("manifests/deeper/a.yml", Rules);
        File("manifests/values.yaml", "a: {{ .Values.not.yaml }}\n");
        File("manifests/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n");
        File("manifests/notes.txt", "kind: ModuleCompatibility");
        Assert.Equal((ExitCodes.Problems, ""), Run(request => request with { Matrix = [Path.Combine(folder, "manifests")], Patch = File("patch.yaml", Patch) }));
    }

    [Theory]
    [InlineData("kind: EmergencyPatch", "kind: Deployment", "patch.yaml: has no EmergencyPatch; give a file with one")]
    [InlineData("mode: Enforce", "mode: Strict", "patch.yaml:7: spec.compatibility.mode: 'Strict' is not known")]
    public void A_patch_that_cannot_be_read_ends_with_2(string sound, string broken, string message)
    {
        var (code, said) = Run(request => request with { Patch = File("patch.yaml", Patch.Replace(sound, broken, StringComparison.Ordinal)) });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_ends_with_2()
    {
        var (code, said) = Run(request => request with { Locks = [Path.Combine(folder, "none.lock")] });
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("none.lock: cannot be read", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(120)]
    [InlineData(80)]
    [InlineData(60)]
    public void No_line_of_the_table_is_longer_than_the_screen_and_nothing_is_lost(int width)
    {
        Run(request => request with { Patch = File("patch.yaml", Patch) }, width);
        Assert.All(output.ToString().Split('\n'), line => Assert.True(line.Length <= width, $"{line.Length}: {line}"));
        Assert.Contains("placing an order answers 500 to every customer who pays by invoice and has an address abroad", Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_rules_can_neither_colour_the_screen_nor_tear_the_table()
    {
        Run(request => request with { Patch = File("patch.yaml", Patch), Matrix = [File("rules.yaml", Rules.Replace("reason: Overrides", "reason: \"\\e[31mred\\nline\" #", StringComparison.Ordinal))] });
        Assert.DoesNotContain('\u001b', output.ToString());
        Assert.Contains("[31mred line", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void JSON_has_what_a_program_needs()
    {
        Run(request => request with { Patch = File("patch.yaml", Patch), Output = CheckOutput.Json });
        var json = JsonNode.Parse(output.ToString())!;
        Assert.Equal("Blocked", json["outcome"]!.ToString());
        Assert.Equal(1, json["counts"]!["incompatible"]!.GetValue<int>());
        var row = json["modules"]![0]!;
        Assert.Equal(
            ("acme/module-fraud-check", "2.3.1", "Incompatible", "Blocks", "^2.4", "payments", "shop/acme-fraud-check", "0"),
            (row["module"]!.ToString(), row["version"]!.ToString(), row["verdict"]!.ToString(), row["effect"]!.ToString(), row["remedy"]!["upgradeTo"]!.ToString(), row["owner"]!["team"]!.ToString(), row["source"]!.ToString(), row["rule"]!.ToString()));
    }

    [Fact]
    public void SARIF_shows_each_finding_at_the_line_that_names_the_package()
    {
        var rules = File("rules with blanks.yaml", Rules);
        Run(request => request with
        {
            Patch = File("patch.yaml", Patch),
            Matrix = [rules],
            Targets = ["magento/framework=103.0.7-p6"],
            Output = CheckOutput.Sarif,
        });
        var sarif = JsonNode.Parse(output.ToString())!;
        Assert.Equal("2.1.0", sarif["version"]!.ToString());
        var run = Assert.Single(sarif["runs"]!.AsArray())!;
        var known = run["tool"]!["driver"]!["rules"]!.AsArray().Select(rule => rule!["id"]!.ToString()).ToList();
        var results = run["results"]!.AsArray();
        Assert.All(results, result =>
        {
            Assert.Equal(known.IndexOf(result!["ruleId"]!.ToString()), result["ruleIndex"]!.GetValue<int>());
            Assert.Contains(result["level"]!.ToString(), new[] { "none", "note", "warning", "error" });
            Assert.NotEmpty(result["message"]!["text"]!.ToString());
            Assert.True(Uri.IsWellFormedUriString(result["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]!.ToString(), UriKind.RelativeOrAbsolute));
        });
        var lines = System.IO.File.ReadAllLines(sample);
        Assert.Equal(["EP001", "EP003", "EP003", "EP004"], results.Select(result => result!["ruleId"]!.ToString()));
        Assert.Contains("\"acme/module-fraud-check\"", lines[Line(results[0]!["locations"]![0]!) - 1], StringComparison.Ordinal);
        Assert.Contains("\"example/module-invoice-archive\"", lines[Line(results[3]!["locations"]![0]!) - 1], StringComparison.Ordinal);
        var rule = results[0]!["relatedLocations"]![0]!;
        Assert.Equal(8, Line(rule));
        Assert.EndsWith("/rules%20with%20blanks.yaml", rule["physicalLocation"]!["artifactLocation"]!["uri"]!.ToString(), StringComparison.Ordinal);
    }

    private static int Line(JsonNode location) => location["physicalLocation"]!["region"]!["startLine"]!.GetValue<int>();

    private (int Code, string Said) Run(Func<CheckRequest, CheckRequest> change, int width = 120)
    {
        var request = change(new CheckRequest { Locks = [sample], Matrix = [File("rules/rules.yaml", Rules)] });
        return (CheckCommand.Run(request, width, output, error), error.ToString());
    }

    private string File(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    private string Words() => string.Join(' ', output.ToString().Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));
}

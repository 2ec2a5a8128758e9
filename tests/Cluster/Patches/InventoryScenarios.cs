using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>What is installed is told by several files, in several formats, of two images; and some of them are bad.</summary>
public sealed class InventoryScenarios
{
    private const string Applied = """{"patches":{"magento/framework":[{"package":"magento/framework","description":"VULN-27015","url":"patches/VULN-27015.patch","sha256":"abababababababababababababababababababababababababababababababab"}]}}""";
    private const string ModuleStatus = "List of enabled modules:\nMagento_Checkout\nAcme_FraudCheck\n\nList of disabled modules:\nAcme_Tax\n";
    private const string Configuration = "<?php\nreturn [\n    'modules' => [\n        'Magento_Checkout' => 1,\n        'Acme_GiftWrap' => 1,\n    ],\n];\n";

    private static readonly ResourceName Rules = new("patchoperator.io", "v1alpha1", "modulecompatibilities");
    private static readonly ResourceName ConfigMaps = new("", "v1", "configmaps");

    [Fact]
    public async Task Several_keys_packed_and_plain_tell_of_one_image_together()
    {
        await using var town = await Town.FoundAsync();
        Map(town, "modules", new JsonObject { ["modules.txt"] = ModuleStatus, ["config.php"] = Configuration }, new JsonObject { ["composer.lock"] = Packed(CompatibilityScenarios.Lock("2.3.1")), ["patches.lock.json"] = Packed(Applied) });
        CompatibilityScenarios.Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Spec("""{"configMap":{"name":"modules","key":"composer.lock","keys":["modules.txt","config.php","patches.lock.json"]}}"""));
        await UntilAsync(town, "False", "IncompatibleModules");
        var compatibility = town.Patch()!["status"]!["compatibility"]!;
        Assert.Equal("Blocked", compatibility["outcome"]!.GetValue<string>());
        var inventory = compatibility["inventory"]!;
        Assert.Equal((4, 4, 1), (inventory["packages"]!.GetValue<int>(), inventory["modules"]!.GetValue<int>(), inventory["appliedPatches"]!.GetValue<int>()));
        Assert.Equal(("2.3.1", "Incompatible", "Blocks"), Row(town, "acme/module-fraud-check"));

        // Only config.php knows of this one, and no rule does.
        Assert.Equal((null, "Unknown", "Warns"), Row(town, "Acme_GiftWrap"));
        Assert.Equal(1, compatibility["counts"]!["blocking"]!.GetValue<int>());

        // The fourth key alone changes.
        Map(town, "modules", new JsonObject { ["modules.txt"] = ModuleStatus.Replace("Acme_FraudCheck\n\nList of disabled modules:", "\nList of disabled modules:\nAcme_FraudCheck", StringComparison.Ordinal) }, new JsonObject { ["composer.lock"] = Packed(CompatibilityScenarios.Lock("2.3.1")) });
        await UntilAsync(town, "Unknown", "InventoryMissing");
        Assert.Contains("has no key config.php; it has composer.lock, modules.txt", Message(town), StringComparison.Ordinal);
        town.EditPatch("fix", patch => patch["spec"]!["compatibility"]!["inventory"]!["configMap"]!["keys"] = new JsonArray("modules.txt"));
        await UntilAsync(town, "True", "Compatible");
    }

    [Fact]
    public async Task A_package_that_changes_without_being_named_blocks_until_the_patch_names_it()
    {
        await using var town = await Town.FoundAsync();
        Map(town, "modules", new JsonObject { ["composer.lock"] = CompatibilityScenarios.Lock("2.4.0").Replace("2.9.3", "3.5.0", StringComparison.Ordinal), ["patches.lock.json"] = Applied });
        Map(town, "running", new JsonObject { ["patches.lock.json"] = """{"patches":{}}""" }, new JsonObject { ["composer.lock"] = Packed(CompatibilityScenarios.Lock("2.4.0")) });
        await town.StartOperatorAsync();
        town.Apply(spec: Spec("""{"configMap":{"name":"modules","keys":["composer.lock","patches.lock.json"]},"stable":{"configMap":{"name":"running","keys":["composer.lock","patches.lock.json"]}}}"""));
        await UntilAsync(town, "False", "UnnamedChanges");
        Assert.Contains("monolog/monolog changes from 2.9.3 to 3.5.0, and the patch does not name it", Message(town), StringComparison.Ordinal);
        var findings = town.Patch()!["status"]!["compatibility"]!["findings"]!.AsArray();
        Assert.Equal(["Change Blocks monolog/monolog", "Change Blocks the patch patches/VULN-27015.patch of magento/framework"], findings.Select(each => $"{each!["kind"]} {each["effect"]} {each["packages"]![0]}").Order(StringComparer.Ordinal));
        town.Annotate("approve", "go");
        await town.UntilAsync(() => town.Condition("Ready")?["reason"]?.GetValue<string>() == "UnnamedChanges", "the block is explained");
        Assert.Null(town.Deployment("magento-web-canary"));

        // Stable's image gets the patch as well: one finding less, through the second ConfigMap alone.
        Map(town, "running", new JsonObject { ["patches.lock.json"] = Applied }, new JsonObject { ["composer.lock"] = Packed(CompatibilityScenarios.Lock("2.4.0")) });
        await town.UntilAsync(() => town.Patch()!["status"]!["compatibility"]!["findings"]!.AsArray().Count == 1, "stable's inventory is read again");
        town.EditPatch("fix", patch => patch["spec"]!["compatibility"]!["targetVersions"] = new JsonObject { ["monolog/monolog"] = "3.5.0" });
        await UntilAsync(town, "True", "UnknownModules");
        Assert.Null(town.Patch()!["status"]!["compatibility"]!["findings"]);
    }

    [Theory]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"x","purl":"pkg:composer/acme/module-fraud-check@2.3.1"}]}""")]
    [InlineData("""{"spdxVersion":"SPDX-2.3","packages":[{"name":"x","versionInfo":"2.3.1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:composer/acme/module-fraud-check@2.3.1"}]}]}""")]
    [InlineData("""{"installed":[{"name":"acme/module-fraud-check","version":"2.3.1"}]}""")]
    public async Task A_bill_of_materials_and_what_composer_shows_are_judged_like_a_lock(string text)
    {
        await using var town = await Town.FoundAsync();
        Map(town, "modules", new JsonObject { ["sbom"] = text });
        CompatibilityScenarios.Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Spec("""{"configMap":{"name":"modules","key":"sbom"}}"""));
        await UntilAsync(town, "False", "IncompatibleModules");
        Assert.Equal(("2.3.1", "Incompatible", "Blocks"), Row(town, "acme/module-fraud-check"));
    }

    [Fact]
    public async Task Apps_of_a_Shopify_store_are_judged_by_npm_ranges_and_API_versions()
    {
        await using var town = await Town.FoundAsync();
        Map(town, "modules", new JsonObject { ["apps.json"] = """{"api_version":"2026-07","apps":[{"name":"loyalty","version":"3.2.0"}],"extensions":[{"name":"upsell","version":"5","app":"loyalty"}]}""" });
        App(town, "2026-07");
        await town.StartOperatorAsync();
        town.Apply(spec: ""","platform":"ShopifyApp" """ + Spec("""{"configMap":{"name":"modules","key":"apps.json"}}"""));
        await UntilAsync(town, "False", "IncompatibleModules");
        Assert.Contains("loyalty 3.2.0 is Incompatible: reads carts twice", Message(town), StringComparison.Ordinal);
        Assert.Equal(("5", "Unknown", "Warns"), Row(town, "loyalty/upsell"));

        // The rule holds for a later API only.
        App(town, "2026-10");
        await UntilAsync(town, "True", "UnknownModules");
        Assert.Equal(("3.2.0", "Unknown", "Warns"), Row(town, "loyalty"));
    }

    [Theory]
    [InlineData("composer.lock", "{\"packages\": [\n  {\"name\": \"a/b\", \"version\": \"1\"}\n  {\"name\": \"a/c\"}]}", "ConfigMap modules, composer.lock: line 3, column 3", "Expected either ','")]
    [InlineData("composer.lock", "{\"packages\": [\n  {\"name\": \"a/b\", \"version\": 1}]}", "ConfigMap modules, composer.lock: line 2, column 30", "expected a version")]
    [InlineData("apps.json", "{\r\n\"api_version\": \"2026-08\"}", "ConfigMap modules, apps.json: line 2, column 16", "expected an API version such as 2026-07")]
    [InlineData("config.php", "<?php\nreturn [\n 'modules' => [\n  'A_B' => 1,\n", "ConfigMap modules, config.php: line ", "expected")]
    public async Task A_bad_file_is_told_with_its_line_and_what_was_expected(string key, string text, string place, string expected)
    {
        await using var town = await Town.FoundAsync();
        Map(town, "modules", new JsonObject { ["good"] = ModuleStatus, [key] = text });
        await town.StartOperatorAsync();
        town.Apply(spec: Spec($$$"""{"configMap":{"name":"modules","keys":["good","{{{key}}}"]}}"""));
        await UntilAsync(town, "Unknown", "InventoryInvalid");
        Assert.Contains(place, Message(town), StringComparison.Ordinal);
        Assert.Contains(expected, Message(town), StringComparison.Ordinal);
    }

    /// <summary>Each file is within the limits, all of them together are not.</summary>
    [Theory]
    [InlineData(true, "names more than 40000 packages, modules and requirements, which no image has")]
    [InlineData(false, "more than 8 MiB")]
    public async Task Keys_that_are_too_much_together_are_refused(bool many, string message)
    {
        await using var town = await Town.FoundAsync();
        var binary = new JsonObject();
        for (var key = 0; key < 3; key++)
        {
            binary[$"{key}.lock"] = Packed(many
                ? "List of enabled modules:\n" + string.Concat(Enumerable.Range(key * 15_000, 15_000).Select(index => $"A_B{index}\n"))
                : "{\"packages\": [{\"name\": \"a/b\", \"version\": \"1\"}]" + new string(' ', 3_000_000) + "}");
        }

        Map(town, "modules", [], binary);
        await town.StartOperatorAsync();
        town.Apply(spec: Spec("""{"configMap":{"name":"modules","keys":["0.lock","1.lock","2.lock"]}}"""));
        await UntilAsync(town, "Unknown", "InventoryInvalid");
        Assert.Contains("ConfigMap modules, 2.lock", Message(town), StringComparison.Ordinal);
        Assert.Contains(message, Message(town), StringComparison.Ordinal);
        Assert.Contains("together", Message(town), StringComparison.Ordinal);
    }

    private static string Spec(string inventory) => $$$""","compatibility":{"mode":"Enforce","onUnknown":"Warn","inventory":{{{inventory}}}}""";

    private static Task UntilAsync(Town town, string status, string reason) =>
        town.UntilAsync(() => town.Condition("Compatible") is { } condition && condition["status"]!.GetValue<string>() == status && condition["reason"]!.GetValue<string>() == reason, $"Compatible is {status}, {reason}");

    private static string Message(Town town) => town.Condition("Compatible")!["message"]!.GetValue<string>();

    private static (string? Version, string Verdict, string Effect) Row(Town town, string module)
    {
        var row = town.Patch()!["status"]!["compatibility"]!["modules"]!.AsArray().Single(each => each!["module"]!.GetValue<string>() == module)!;
        return (row["version"]?.GetValue<string>(), row["verdict"]!.GetValue<string>(), row["effect"]!.GetValue<string>());
    }

    private static void App(Town town, string version)
    {
        var spec = Town.Json($$$"""{"module":{"name":"loyalty","type":"ShopifyApp"},"rules":[{"versions":"^3.0.0 || 2.x","with":{"shopify/api-version":"{{{version}}}"},"verdict":"Incompatible","reason":"reads carts twice"}]}""");
        Put(town, Rules, new JsonObject { ["apiVersion"] = "patchoperator.io/v1alpha1", ["kind"] = "ModuleCompatibility", ["metadata"] = new JsonObject { ["name"] = "loyalty", ["namespace"] = Town.Namespace }, ["spec"] = spec });
    }

    private static void Map(Town town, string name, JsonObject data, JsonObject? binary = null) =>
        Put(town, ConfigMaps, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Town.Namespace }, ["data"] = data, ["binaryData"] = binary ?? [] });

    private static void Put(Town town, ResourceName kind, JsonObject wanted)
    {
        var name = wanted["metadata"]!["name"]!.GetValue<string>();
        if (town.Api.Store.Get(kind, Town.Namespace, name) is null)
        {
            town.Api.Store.Create(kind, wanted);
            return;
        }

        town.Edit(kind, name, current =>
        {
            foreach (var member in new[] { "spec", "data", "binaryData" }.Where(wanted.ContainsKey))
            {
                current[member] = wanted[member]!.DeepClone();
            }
        });
    }

    private static string Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToBase64String(packed.ToArray());
    }
}

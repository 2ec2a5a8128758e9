using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>A patch meets modules that do not stand it, and the people who decide.</summary>
public sealed class CompatibilityScenarios
{
    private const string Checked = """
        ,"compatibility":{"mode":"Enforce","onUnknown":"Warn","inventory":{"configMap":{"name":"modules","key":"composer.lock"}}}
        """;

    private static readonly ResourceName Rules = new("patchoperator.io", "v1alpha1", "modulecompatibilities");
    private static readonly ResourceName ConfigMaps = new("", "v1", "configmaps");

    [Fact]
    public async Task An_incompatible_module_keeps_the_patch_from_starting_until_its_rule_is_edited()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        town.Annotate("approve", "go");
        await town.UntilAsync(() => town.Condition("Approved")?["status"]?.GetValue<string>() == "True", "the approval is recorded");
        await town.UntilAsync(() => Reason(town, "Ready") == "IncompatibleModules", "the block is explained");
        Assert.Equal("AwaitingApproval", town.Phase());
        Assert.Contains("acme/module-fraud-check 2.3.1 is Incompatible: checkout 500s", Message(town, "Ready"), StringComparison.Ordinal);
        Assert.Contains("patchoperator.io/waive", Message(town, "Ready"), StringComparison.Ordinal);
        Assert.Null(town.Deployment("magento-web-canary"));
        var row = town.Patch()!["status"]!["compatibility"]!["modules"]![0]!;
        Assert.Equal("shop/fraud-check", row["source"]!.GetValue<string>());
        Assert.Equal("payments", row["owner"]!["team"]!.GetValue<string>());
        await town.UntilAsync(() => town.Api.Store.Get(Rules, Town.Namespace, "fraud-check")!["status"]?["affects"]?[0]?["patch"]?.GetValue<string>() == "fix", "the rule knows its patch");
        Assert.Equal("magento-web 2.3.1", Installed(town));

        Rule(town, "Compatible");
        await UntilAsync(town, "Compatible", "True", "Compatible");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => town.Trail().Any(record => record.To == "Promoted"), "the trail is complete");
        Assert.Single(town.Trail(), record => record.Action == "CompatibilityBlocked");
        Assert.Single(town.Trail(), record => record.Action == "CompatibilityPassed");
    }

    [Fact]
    public async Task A_waiver_of_the_module_opens_the_gate_and_one_of_another_module_is_refused()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        town.Annotate("waive", "acme/module-other: CHG-1");
        await town.UntilAsync(() => town.Trail().Any(record => record.Action == "WaiverRefused"), "the waiver is refused");
        Assert.Contains("What can be waived: acme/module-fraud-check", town.Trail().Single(record => record.Action == "WaiverRefused").Detail, StringComparison.Ordinal);
        await town.UntilAsync(() => town.Patch()!["metadata"]!["annotations"]?["patchoperator.io/waive"] is null, "the command is taken away");
        Assert.Equal("False", town.Condition("Compatible")!["status"]!.GetValue<string>());

        town.Annotate("waive", "acme/module-fraud-check: CHG-20871");
        await UntilAsync(town, "Compatible", "True", "CompatibleWithWaivers");
        var waiver = town.Patch()!["status"]!["waivers"]![0]!;
        Assert.Equal("CHG-20871", waiver["reason"]!.GetValue<string>());
        Assert.Equal("unverified", waiver["by"]!.GetValue<string>());
        await town.UntilAsync(() => town.Trail().Any(record => record is { Action: "Waived", Actor: "unverified" }), "the waiver is in the trail");
        town.Annotate("approve", "go");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
    }

    [Fact]
    public async Task A_waiver_that_runs_out_before_the_start_shuts_the_gate_again()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        town.Annotate("waive", $"acme/module-fraud-check: CHG-1 until {TimeProvider.System.GetUtcNow().AddSeconds(4).UtcDateTime:O}");
        await UntilAsync(town, "Compatible", "True", "CompatibleWithWaivers");
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        await town.UntilAsync(() => town.Trail().Any(record => record.Action == "WaiverExpired"), "the end is in the trail");
        town.Annotate("approve", "go");
        await town.UntilAsync(() => Reason(town, "Ready") == "IncompatibleModules" && town.Condition("Approved")!["status"]!.GetValue<string>() == "True", "approved and still blocked");
        Assert.Null(town.Deployment("magento-web-canary"));
    }

    [Fact]
    public async Task A_missing_inventory_blocks_and_its_arrival_is_noticed()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "Unknown", "InventoryMissing");
        Assert.Contains("kubectl create configmap modules", Message(town, "Compatible"), StringComparison.Ordinal);
        Store(town, "{ not json");
        await UntilAsync(town, "Compatible", "Unknown", "InventoryInvalid");
        Assert.Contains("line 1", Message(town, "Compatible"), StringComparison.Ordinal);
        Store(town, Lock("2.3.1"), packed: true);
        await UntilAsync(town, "Compatible", "True", "UnknownModules");
    }

    [Fact]
    public async Task A_patch_whose_inventory_nobody_can_read_is_told_so_and_can_be_rejected()
    {
        await using var town = await Town.FoundAsync();
        Store(town, """{"\ud800": 1, "packages": []}""");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "Unknown", "InventoryInvalid");
        Assert.Contains("not Unicode", Message(town, "Compatible"), StringComparison.Ordinal);
        town.Annotate("reject", "the inventory is broken");
        await town.UntilPhaseAsync(PatchPhase.Rejected);
    }

    [Fact]
    public async Task An_inventory_of_another_image_keeps_the_patch_from_starting()
    {
        await using var town = await Town.FoundAsync();
        var other = "sha256:" + new string('3', 64);
        var bom = $$$"""{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"container","name":"magento","version":"{{{other}}}"}},"components":[{"type":"library","name":"x","purl":"pkg:composer/acme/module-fraud-check@2.4.0"}]}""";
        Store(town, bom);
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "False", "InventoryOfAnotherImage");
        town.Annotate("approve", "go");
        await town.UntilAsync(() => Reason(town, "Ready") == "InventoryOfAnotherImage", "the block is explained");
        Assert.Contains(other, Message(town, "Ready"), StringComparison.Ordinal);
        Assert.Contains(Town.Patched.Split('@')[1], Message(town, "Ready"), StringComparison.Ordinal);
        Assert.Null(town.Deployment("magento-web-canary"));
        Store(town, bom.Replace(other, Town.Patched.Split('@')[1], StringComparison.Ordinal));
        await town.UntilPhaseAsync(PatchPhase.Promoted);
    }

    [Fact]
    public async Task An_inventory_can_be_an_annotation_of_the_workload()
    {
        await using var town = await Town.FoundAsync();
        Rule(town, "Incompatible");
        Change(town, ResourceName.Deployments, "magento-web", web => web["metadata"]!["annotations"] = new JsonObject { ["patchoperator.io/inventory"] = Convert.ToBase64String(Gzip(Lock("2.3.1"))) });
        await town.StartOperatorAsync();
        town.Apply(spec: ""","compatibility":{"mode":"Enforce"} """);
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        Change(town, ResourceName.Deployments, "magento-web", web => web["metadata"]!["annotations"]!["patchoperator.io/inventory"] = Lock("2.4.0"));
        await UntilAsync(town, "Compatible", "True", "UnknownModules");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Job_asks_the_patched_image(bool works)
    {
        await using var town = await Town.FoundAsync();
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: ""","compatibility":{"mode":"Enforce","inventory":{"job":{"timeout":"90s"}}} """);
        await UntilAsync(town, "Compatible", "Unknown", "CollectingInventory");
        JsonObject? job = null;
        await town.UntilAsync(() => (job = town.Api.Store.List(ResourceName.Jobs, Town.Namespace).SingleOrDefault()) is not null, "the Job is there");
        var pod = job!["spec"]!["template"]!["spec"]!;
        Assert.Equal(90, job["spec"]!["activeDeadlineSeconds"]!.GetValue<int>());
        Assert.Equal(Town.Patched, pod["containers"]![0]!["image"]!.GetValue<string>());
        Assert.Null(pod["containers"]![0]!["env"]);
        Assert.False(pod["automountServiceAccountToken"]!.GetValue<bool>());
        Assert.Null(job["spec"]!["template"]!["metadata"]!["labels"]!["app"]);
        var name = job["metadata"]!["name"]!.GetValue<string>();
        town.Api.Store.Create(ResourceName.Pods, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{name}-1",
                ["namespace"] = Town.Namespace,
                ["labels"] = new JsonObject { ["job-name"] = name },
                ["annotations"] = new JsonObject
                {
                    ["testkit/log"] = works
                        ? "Starting the shop\n" + Convert.ToBase64String(Gzip(Lock("2.3.1")), Base64FormattingOptions.InsertLineBreaks).Replace("\r", "", StringComparison.Ordinal) + "\n"
                        : "no composer.lock in /app\n",
                },
            },
            ["spec"] = pod.DeepClone(),
            ["status"] = new JsonObject { ["phase"] = works ? "Succeeded" : "Failed" },
        });
        await town.UntilAsync(() => town.Api.Store.Get(ResourceName.Pods, Town.Namespace, $"{name}-1") is not null, "the pod is there");
        Change(town, ResourceName.Pods, $"{name}-1", made => made["status"] = new JsonObject { ["phase"] = works ? "Succeeded" : "Failed" });
        job["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = works ? "Complete" : "Failed", ["status"] = "True" }) };
        town.Api.Store.Update(ResourceName.Jobs, job, statusOnly: true);
        if (works)
        {
            await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
            Assert.Equal($"Job {name}", town.Patch()!["status"]!["compatibility"]!["inventory"]!["source"]!.GetValue<string>());
        }
        else
        {
            await UntilAsync(town, "Compatible", "Unknown", "InventoryJobFailed");
            Assert.Contains("no composer.lock in /app", Message(town, "Compatible"), StringComparison.Ordinal);
            town.Api.Store.Delete(ResourceName.Jobs, Town.Namespace, name);
            await town.UntilAsync(() => town.Api.Store.Get(ResourceName.Jobs, Town.Namespace, name)?["metadata"]!["uid"]?.GetValue<string>() is { } uid && uid != job["metadata"]!["uid"]!.GetValue<string>(), "it is asked again");
        }

        Assert.Single(town.Api.Store.List(ResourceName.Jobs, Town.Namespace));
    }

    [Fact]
    public async Task With_Warn_the_matrix_is_recorded_and_decides_nothing()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked.Replace("Enforce", "Warn", StringComparison.Ordinal));
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        town.Annotate("approve", "go");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        Assert.Equal("Warned", town.Patch()!["status"]!["compatibility"]!["outcome"]!.GetValue<string>());
        await town.UntilAsync(() => Suggested(town)?.Contains("{versions: \"2.3.1\", verdict: Compatible}", StringComparison.Ordinal) is true, "the rule learns from the promotion");
    }

    [Fact]
    public async Task An_edited_rule_wakes_the_patches_with_its_module_and_no_other()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        town.Api.Store.Create(ConfigMaps, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = "others", ["namespace"] = Town.Namespace },
            ["data"] = new JsonObject { ["composer.lock"] = Lock("1.0.0").Replace("fraud-check", "gift-wrap", StringComparison.Ordinal) },
        });
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        town.Apply("other", spec: Checked.Replace("modules", "others", StringComparison.Ordinal));
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        await town.UntilAsync(() => town.Condition("Compatible", "other")?["status"]?.GetValue<string>() == "True", "the other is judged");
        var before = Evaluations(town);
        Rule(town, "Compatible");
        await UntilAsync(town, "Compatible", "True", "Compatible");
        Assert.Equal(before + 1, Evaluations(town));
    }

    [Fact]
    public async Task A_restart_judges_again_and_writes_nothing_new()
    {
        await using var town = await Town.FoundAsync();
        Store(town, Lock("2.3.1"));
        Rule(town, "Incompatible");
        await town.StartOperatorAsync();
        town.Apply(spec: Checked);
        await UntilAsync(town, "Compatible", "False", "IncompatibleModules");
        await town.UntilAsync(() => town.Api.Store.Get(Rules, Town.Namespace, "fraud-check")!["status"] is not null && Reason(town, "Ready") == "IncompatibleModules", "all is said");
        await town.UntilAsync(() => town.Patch()!["status"]!["audit"] is { } audit && audit["stored"]?.GetValue<long>() == audit["sequence"]!.GetValue<long>(), "and recorded");
        await town.StopOperatorAsync();
        var version = town.Patch()!["metadata"]!["resourceVersion"]!.GetValue<string>();
        await town.StartOperatorAsync();
        await town.UntilAsync(() => Evaluations(town) == 1, "it is judged again");
        town.Apply("marker", spec: Checked);
        await town.UntilAsync(() => town.Condition("Compatible", "marker") is not null, "the operator has gone on");
        Assert.Equal(version, town.Patch()!["metadata"]!["resourceVersion"]!.GetValue<string>());
    }

    private static long Evaluations(Town town) => town.Service<PatchOperator.Compatibility.CompatibilityChecker>().Evaluations;

    private static Task UntilAsync(Town town, string type, string status, string reason) =>
        town.UntilAsync(() => town.Condition(type) is { } condition && condition["status"]!.GetValue<string>() == status && condition["reason"]!.GetValue<string>() == reason, $"{type} is {status}, {reason}");

    private static string? Reason(Town town, string type) => town.Condition(type)?["reason"]?.GetValue<string>();

    private static string Message(Town town, string type) => town.Condition(type)!["message"]!.GetValue<string>();

    private static string Installed(Town town)
    {
        var installed = town.Api.Store.Get(Rules, Town.Namespace, "fraud-check")!["status"]!["installed"]![0]!;
        return $"{installed["workload"]} {installed["version"]}";
    }

    private static string? Suggested(Town town) => (town.Api.Store.Get(Rules, Town.Namespace, "fraud-check")!["status"]?["conditions"] as JsonArray)?
        .FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == "Suggested")?["message"]?.GetValue<string>();

    internal static void Store(Town town, string text, bool packed = false)
    {
        var content = packed ? "binaryData" : "data";
        var value = packed ? Convert.ToBase64String(Gzip(text)) : text;
        if (town.Api.Store.Get(ConfigMaps, Town.Namespace, "modules") is null)
        {
            town.Api.Store.Create(ConfigMaps, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject { ["name"] = "modules", ["namespace"] = Town.Namespace },
                [content] = new JsonObject { ["composer.lock"] = value },
            });
            return;
        }

        Change(town, ConfigMaps, "modules", map =>
        {
            map.Remove("data");
            map.Remove("binaryData");
            map[content] = new JsonObject { ["composer.lock"] = value };
        });
    }

    internal static void Rule(Town town, string verdict)
    {
        var rule = Town.Json($$$"""{"versions":"^2.3 <2.4","verdict":"{{{verdict}}}","reason":"checkout 500s","remedy":{"upgradeTo":"^2.4"}}""");
        if (town.Api.Store.Get(Rules, Town.Namespace, "fraud-check") is null)
        {
            town.Api.Store.Create(Rules, new JsonObject
            {
                ["apiVersion"] = "patchoperator.io/v1alpha1",
                ["kind"] = "ModuleCompatibility",
                ["metadata"] = new JsonObject { ["name"] = "fraud-check", ["namespace"] = Town.Namespace },
                ["spec"] = new JsonObject
                {
                    ["module"] = new JsonObject { ["name"] = "acme/module-fraud-check" },
                    ["owner"] = new JsonObject { ["team"] = "payments" },
                    ["rules"] = new JsonArray(rule),
                },
            });
            return;
        }

        Change(town, Rules, "fraud-check", module => module["spec"]!["rules"] = new JsonArray(rule));
    }

    private static void Change(Town town, ResourceName kind, string name, Action<JsonObject> change)
    {
        for (var attempt = 0; ; attempt++)
        {
            var current = town.Api.Store.Get(kind, Town.Namespace, name)!;
            change(current);
            try
            {
                town.Api.Store.Update(kind, current);
                return;
            }
            catch (ConflictException) when (attempt < 20)
            {
                // Somebody wrote in between; read again.
            }
        }
    }

    internal static string Lock(string version) => $$"""
        {"packages":[
          {"name":"magento/product-community-edition","version":"2.4.7-p3","type":"metapackage"},
          {"name":"magento/module-checkout","version":"100.4.7-p3","type":"magento2-module"},
          {"name":"monolog/monolog","version":"2.9.3","type":"library"},
          {"name":"acme/module-fraud-check","version":"{{version}}","type":"magento2-module"}],
         "packages-dev":[]}
        """;

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}

using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Compatibility;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Needs a real cluster: a module of a real lock file does not stand the patch, and people decide what follows.</summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class ModuleTests
{
    private const string Module = "acme/module-fraud-check";
    private const string Checked = "  compatibility: {mode: Enforce, onUnknown: Warn, inventory: {configMap: {name: magento-modules, key: composer.lock}}}";

    [Fact]
    public async Task A_blocked_patch_is_freed_by_an_edited_rule_and_by_no_waiver_that_ran_out_or_names_another_module()
    {
        Assert.True(Encoding.UTF8.GetByteCount(ComposerLock.Text("2.3.1")) > 1024 * 1024);
        await using var shop = await Shop.OpenAsync("modules");
        await using var shoppers = new Shoppers(shop.Address, 40);
        await ComposerLock.StoreAsync(shop.Namespace, "magento-modules", "2.3.1");
        await RuleAsync(shop, "Incompatible");
        var before = await shop.PodsAsync();
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 50, hold: 3s}]", extra: Checked);

        await CompatibleAsync(shop, "False", "IncompatibleModules");
        var matrix = (await shop.PatchStateAsync())!["status"]!["compatibility"]!;
        Assert.Equal(Module, matrix["modules"]![0]!["module"]!.GetValue<string>());
        Assert.Equal("payments", matrix["modules"]![0]!["owner"]!["team"]!.GetValue<string>());
        await shop.UntilAsync(async () => (await RuleStateAsync(shop))?["affects"]?[0]?["patch"]?.GetValue<string>() == "fix", "the rule knows the patch that it blocks", 20);

        await shop.AnnotateAsync("waive", "acme/module-gift-wrap: CHG-1");
        await shop.UntilAsync(async () => (await shop.EventsAsync("WaiverRefused")).Count == 1, "a waiver of something else is refused", 20);

        var end = TimeProvider.System.GetUtcNow().AddSeconds(15).UtcDateTime;
        await shop.AnnotateAsync("waive", $"{Module}: CHG-20871 until {end:yyyy-MM-ddTHH:mm:ssZ}");
        await CompatibleAsync(shop, "True", "CompatibleWithWaivers");
        await CompatibleAsync(shop, "False", "IncompatibleModules");
        Assert.Single(await shop.EventsAsync("WaiverExpired"));

        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => (await shop.ConditionAsync("Approved"))?["status"]?.GetValue<string>() == "True", "it is approved", 20);
        await shop.UntilAsync(async () => (await shop.ConditionAsync("Ready"))?["reason"]?.GetValue<string>() == "IncompatibleModules", "it is approved and does not start", 20);
        Assert.Equal(before, await shop.PodsAsync());
        Assert.False(await shop.HasCanaryAsync());

        await RuleAsync(shop, "Compatible");
        await CompatibleAsync(shop, "True", "Compatible");
        await shop.UntilPhaseAsync("Promoted", 180);
        Assert.Equal(Shop.HealthyImage, await shop.ImageAsync());
        await shop.UntilAsync(async () => await shop.TrailAsync() is [.., { Action: "Promoted" }], "the trail is complete", 10);
        Assert.Equal(
            ["CompatibilityBlocked", "WaiverRefused", "Waived", "CompatibilityPassed", "WaiverExpired", "CompatibilityBlocked", "CompatibilityPassed"],
            (await shop.TrailAsync()).Select(record => record.Action).Where(action => action.StartsWith("Compatibility", StringComparison.Ordinal) || action.StartsWith("Waive", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_waiver_by_one_person_lets_the_patch_start_and_stays_on_record()
    {
        await using var shop = await Shop.OpenAsync("waiver");
        await using var shoppers = new Shoppers(shop.Address, 40);
        await ComposerLock.StoreAsync(shop.Namespace, "magento-modules", "2.3.1");
        await RuleAsync(shop, "Incompatible");
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 50, hold: 3s}]", extra: Checked);
        await CompatibleAsync(shop, "False", "IncompatibleModules");
        await shop.AnnotateAsync("waive", $"{Module}: CHG-20871");
        await CompatibleAsync(shop, "True", "CompatibleWithWaivers");
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Promoted", 180);
        var waiver = (await shop.PatchStateAsync())!["status"]!["waivers"]![0]!;
        Assert.Equal(Module, waiver["module"]!.GetValue<string>());
        Assert.Equal("CHG-20871", waiver["reason"]!.GetValue<string>());
        Assert.NotNull(waiver["expiresAt"]);
        await shop.UntilAsync(
            async () => (await RuleStateAsync(shop))?["conditions"]?.AsArray().Any(condition => condition!["type"]!.GetValue<string>() == "Suggested") is true,
            "the rule learns that the patch went well with its module", 20);
    }

    [Fact]
    public async Task A_new_inventory_is_judged_at_once()
    {
        await using var shop = await Shop.OpenAsync("inventory");
        await RuleAsync(shop, "Incompatible");
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, extra: Checked);
        await CompatibleAsync(shop, "Unknown", "InventoryMissing");
        await ComposerLock.StoreAsync(shop.Namespace, "magento-modules", "2.3.1");
        await CompatibleAsync(shop, "False", "IncompatibleModules");
        await ComposerLock.StoreAsync(shop.Namespace, "magento-modules", "3.0.0");
        await CompatibleAsync(shop, "True", "UnknownModules");
    }

    private static Task CompatibleAsync(Shop shop, string status, string reason) => shop.UntilAsync(
        async () => await shop.ConditionAsync("Compatible") is { } condition && condition["status"]!.GetValue<string>() == status && condition["reason"]!.GetValue<string>() == reason,
        $"Compatible is {status}, {reason}", 60);

    private static async Task<JsonNode?> RuleStateAsync(Shop shop) => (await ClusterReads.FindAsync(CompatibilityKinds.ModuleCompatibilities, shop.Namespace, "acme-fraud-check"))?["status"];

    private static Task RuleAsync(Shop shop, string verdict) => Kubectl.ApplyAsync($$"""
        apiVersion: patchoperator.io/v1alpha1
        kind: ModuleCompatibility
        metadata: {name: acme-fraud-check, namespace: {{shop.Namespace}}}
        spec:
          module: {name: {{Module}}, type: ComposerPackage}
          owner: {team: payments, contact: "slack:#payments"}
          surfaces: [Payment, Checkout]
          rules:
          - versions: ">=2.3 <2.4"
            with: {magento/product-community-edition: ">=2.4.7-p3 <2.4.9"}
            verdict: {{verdict}}
            reason: Overrides the REST request class; checkout answers 500
            remedy: {upgradeTo: ">=2.4"}
        """);
}

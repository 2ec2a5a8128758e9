using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>Git still names the vulnerable image, and somebody syncs from it every few seconds, until Git names the patched one.</summary>
internal static class GitScene
{
    private const int Syncs = 4;

    /// <param name="scene">The shop.</param>
    /// <param name="sync">The kubectl command that stands for the way in which this Git is synced.</param>
    public static async Task<string> PlayAsync(EngineScene scene, string sync)
    {
        await SyncAsync(Shop.StableImage);
        await scene.ApplyAsync(extra: "  promotion: {hold: UntilAdopted}");
        await scene.ApproveAsync();
        await scene.UntilAsync("Promoted");
        var before = await GenerationAsync();
        for (var i = 0; i < Syncs; i++)
        {
            await SyncAsync(Shop.StableImage);
            await scene.Shop.UntilAsync(async () => await scene.Shop.ImageAsync() == Shop.HealthyImage, "the vulnerable image is gone again", 10);
            await Task.Delay(TimeSpan.FromSeconds(3));
            Assert.Equal(Shop.HealthyImage, await scene.Shop.ImageAsync());
        }

        // A sync and its undoing are two generations, and a replace costs a third, since a Deployment's controller puts its annotation back; a fight would be more.
        Assert.InRange(await GenerationAsync() - before, Syncs, 3 * Syncs + 2);
        Assert.Equal("CHG-20871", (await scene.StatusAsync())["approvals"]![0]!["reason"]!.GetValue<string>());
        Assert.Contains("DriftDetected", await scene.ActionsAsync());

        await SyncAsync(Shop.HealthyImage);
        await scene.UntilReasonAsync("Adopted");
        await scene.Shop.UntilAsync(async () => (await scene.StatusAsync())["workloads"]![0]!["releasedAt"] is not null, "nothing is ours any more", 30);
        var adopted = await ReplicaSetsAsync();
        for (var i = 0; i < 3; i++)
        {
            await SyncAsync(Shop.HealthyImage);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(adopted, await ReplicaSetsAsync());
        Assert.DoesNotContain(Annotations.PatchedBy, (await Kubectl.GetAsync(scene.Shop.Namespace, "deployment/magento-web"))!["metadata"]!["annotations"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(Domain.Audit.AuditChain.FindFault(await scene.TrailAsync()));
        return $"{Syncs} syncs undone, then Adopted and still";

        async Task SyncAsync(string image) => await Kubectl.RunAsync(sync, Manifest((await Kubectl.GetAsync(scene.Shop.Namespace, "deployment/magento-web"))!, image).ToJsonString());

        async Task<long> GenerationAsync() => (await Kubectl.GetAsync(scene.Shop.Namespace, "deployment/magento-web"))!["metadata"]!["generation"]!.GetValue<long>();

        // No pod is touched: as many of each, in no new set.
        async Task<string> ReplicaSetsAsync() =>
            string.Join(' ', (await Kubectl.ListAsync(scene.Shop.Namespace, "replicasets")).Select(r => $"{r["metadata"]!["name"]}={r["spec"]!["replicas"]}").Order(StringComparer.Ordinal));
    }

    /// <summary>What Git has: the spec as it was written, and nothing that a cluster added to it.</summary>
    private static JsonObject Manifest(JsonObject live, string image)
    {
        var spec = live["spec"]!.DeepClone().AsObject();
        spec["template"]!["spec"]!["containers"]![0]!["image"] = image;
        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["name"] = "magento-web", ["namespace"] = live["metadata"]!["namespace"]!.DeepClone() },
            ["spec"] = spec,
        };
    }
}

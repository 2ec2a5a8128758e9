using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using PatchOperator.Tests.Cluster.Traffic;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

/// <summary>The same controllers on the API server's own store, which defaults and validates what they write.</summary>
public sealed class RealStoreTests
{
    [Fact]
    public async Task A_rollout_a_crash_and_a_deletion_go_the_same_way_on_the_api_servers_store()
    {
        await using var server = await ApiServer.StartAsync(new());
        var store = server.Store;
        var pods = new FakePodRuntime(TimeProvider.System);
        var errors = new List<string>();
        await using var controllers = new ClusterControllers(store, pods, TimeProvider.System, new() { OnError = (who, error) => errors.Add($"{who}: {error}") });
        store.Create(ResourceName.Services, Manifests.Service("web"));
        store.Create(ResourceName.Deployments, Manifests.Deployment("web", "shop:1", 3));
        await Eventually.TrueAsync(() => Available(store) == 3 && Addresses(store) == 3);

        var deployment = store.Get(ResourceName.Deployments, TestCluster.Namespace, "web")!;
        deployment["metadata"]!.AsObject().Remove("resourceVersion");
        deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "shop:2";
        store.Update(ResourceName.Deployments, deployment);
        await Eventually.TrueAsync(() => pods.RunningOf("shop:2") == 3 && pods.RunningOf("shop:1") == 0 && Available(store) == 3);
        await Eventually.TrueAsync(() => store.List(ResourceName.Pods).Count == 3 && Addresses(store) == 3);

        pods.Set("shop:2", PodBehaviour.CrashLoopBackOff());
        await Eventually.TrueAsync(() => Addresses(store) == 0);

        store.Delete(ResourceName.Deployments, TestCluster.Namespace, "web");
        await Eventually.TrueAsync(() => store.List(ResourceName.Pods).Count == 0 && store.List(ResourceName.ReplicaSets).Count == 0);
        Assert.Empty(errors);
    }

    private static int Available(IObjectStore store) =>
        (int?)store.Get(ResourceName.Deployments, TestCluster.Namespace, "web")?["status"]?["availableReplicas"] ?? 0;

    private static int Addresses(IObjectStore store) => store.Get(ResourceName.Endpoints, TestCluster.Namespace, "web")?["subsets"] is JsonArray subsets
        ? subsets.Sum(subset => subset!["addresses"]?.AsArray().Count ?? 0)
        : 0;
}

using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

public sealed class GarbageCollectionTests
{
    private static readonly ResourceName Patches = new("patchoperator.io", "v1alpha1", "emergencypatches");
    private static readonly ResourceName ConfigMaps = new("", "v1", "configmaps");

    [Fact]
    public async Task Deleting_a_deployment_takes_its_replica_sets_and_pods_with_it()
    {
        await using var cluster = await RunningAsync();
        cluster.Store.Delete(ResourceName.Deployments, TestCluster.Namespace, "web");
        await cluster.UntilAsync(() => cluster.ReplicaSets().Count == 0 && cluster.Store.List(ResourceName.Pods).Count == 0);
        Assert.Equal(0, cluster.Pods.Running);
    }

    [Fact]
    public async Task A_custom_resource_takes_its_canary_deployment_with_it_and_nothing_else()
    {
        await using var cluster = await RunningAsync();
        var patch = cluster.Store.Create(Patches, Patch());
        cluster.CreateDeployment("shop:2", 2, deployment => Own(deployment, patch), name: "web-canary");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 2, "web-canary"));

        cluster.Store.Delete(Patches, TestCluster.Namespace, "cve");
        await cluster.UntilAsync(() => cluster.Pods.RunningOf("shop:2") == 0);
        Assert.Null(cluster.Store.Get(ResourceName.Deployments, TestCluster.Namespace, "web-canary"));
        Assert.Equal(4, cluster.LivePods("shop:1").Count);
    }

    [Fact]
    public async Task An_object_whose_owner_never_existed_is_deleted_and_one_with_a_living_second_owner_is_kept()
    {
        await using var cluster = new TestCluster();
        var patch = cluster.Store.Create(Patches, Patch());
        var ghost = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "ghost", ["uid"] = "0" } };
        cluster.Store.Create(ConfigMaps, ConfigMap("lost", ghost));
        cluster.Store.Create(ConfigMaps, ConfigMap("kept", ghost, patch));

        await cluster.SettleAsync();
        Assert.Equal("kept", (string?)Assert.Single(cluster.Store.List(ConfigMaps))["metadata"]!["name"]);
    }

    [Fact]
    public async Task Foreground_deletion_keeps_the_owner_until_its_last_dependent_is_gone()
    {
        await using var cluster = await RunningAsync();
        cluster.Pods.Set("shop:1", PodBehaviour.SlowStop(TimeSpan.FromSeconds(5)));
        cluster.Store.Change(ResourceName.Deployments, "web", deployment => deployment["metadata"]!["finalizers"] = new JsonArray("foregroundDeletion"));
        cluster.Store.Delete(ResourceName.Deployments, TestCluster.Namespace, "web");

        await cluster.PassAsync(TimeSpan.FromSeconds(4));
        Assert.NotNull(cluster.Store.Get(ResourceName.Deployments, TestCluster.Namespace, "web"));
        await cluster.UntilAsync(() => cluster.Store.Get(ResourceName.Deployments, TestCluster.Namespace, "web") is null, TimeSpan.FromSeconds(5));
        Assert.Equal(0, cluster.Pods.Running);
    }

    [Fact]
    public async Task Orphaning_lets_the_pods_run_on_and_a_new_deployment_adopts_them()
    {
        await using var cluster = await RunningAsync();
        cluster.Store.Change(ResourceName.Deployments, "web", deployment => deployment["metadata"]!["finalizers"] = new JsonArray("orphan"));
        cluster.Store.Delete(ResourceName.Deployments, TestCluster.Namespace, "web");
        await cluster.UntilAsync(() => cluster.Store.Get(ResourceName.Deployments, TestCluster.Namespace, "web") is null);
        Assert.Null(Assert.Single(cluster.ReplicaSets())["metadata"]!["ownerReferences"]);

        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        Assert.NotNull(Assert.Single(cluster.ReplicaSets())["metadata"]!["ownerReferences"]);
        Assert.Equal(4, cluster.Pods.Started);
    }

    private static async Task<TestCluster> RunningAsync()
    {
        var cluster = new TestCluster();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        return cluster;
    }

    private static JsonObject Patch() => new()
    {
        ["apiVersion"] = "patchoperator.io/v1alpha1",
        ["kind"] = "EmergencyPatch",
        ["metadata"] = new JsonObject { ["name"] = "cve", ["namespace"] = TestCluster.Namespace },
    };

    private static JsonObject ConfigMap(string name, params JsonObject[] owners)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = TestCluster.Namespace },
        };
        Own(map, owners);
        return map;
    }

    private static void Own(JsonObject obj, params JsonObject[] owners) =>
        obj["metadata"]!["ownerReferences"] = new JsonArray([.. owners.Select(owner => new JsonObject
        {
            ["apiVersion"] = "patchoperator.io/v1alpha1",
            ["kind"] = "EmergencyPatch",
            ["name"] = (string?)owner["metadata"]!["name"],
            ["uid"] = (string?)owner["metadata"]!["uid"],
        })]);
}

using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

public sealed class PodTests
{
    [Fact]
    public async Task A_crash_in_mid_run_takes_a_pod_out_of_the_endpoints_and_its_recovery_brings_it_back()
    {
        await using var cluster = await RunningAsync();

        cluster.Pods.Set("shop:1", PodBehaviour.CrashLoopBackOff("back-off 10s restarting failed container=php"));
        await cluster.PassAsync(TimeSpan.FromSeconds(11));
        Assert.Empty(cluster.Addresses());
        Assert.Equal(4, cluster.Addresses("notReadyAddresses").Count);
        var status = cluster.LivePods()[0]["status"]!;
        Assert.Equal("Running", (string?)status["phase"]);
        Assert.Equal(2, (int)status["containerStatuses"]![0]!["restartCount"]!);
        Assert.Equal("CrashLoopBackOff", (string?)status["containerStatuses"]![0]!["state"]!["waiting"]!["reason"]);
        Assert.Equal("False", cluster.Condition("Available", "status"));

        cluster.Pods.Set("shop:1", PodBehaviour.ReadyAtOnce);
        await cluster.UntilAsync(() => cluster.Addresses().Count == 4 && cluster.Condition("Available", "status") == "True");
        Assert.Equal(4, cluster.Pods.Started);
    }

    [Fact]
    public async Task A_pod_that_loses_only_the_services_label_leaves_the_endpoints_and_keeps_its_owner()
    {
        await using var cluster = await RunningAsync();
        var name = Name(cluster.LivePods()[0]);

        cluster.Store.Change(ResourceName.Pods, name, pod => pod["metadata"]!["labels"]!.AsObject().Remove("tier"));
        await cluster.SettleAsync();

        Assert.DoesNotContain(name, cluster.Addresses());
        Assert.DoesNotContain(name, cluster.Addresses("notReadyAddresses"));
        Assert.NotNull(cluster.Get(ResourceName.Pods, name)["metadata"]!["ownerReferences"]);
        Assert.Equal(4, cluster.LivePods().Count);
    }

    [Fact]
    public async Task A_pod_that_loses_the_selectors_label_is_released_and_replaced_and_adopted_when_it_returns()
    {
        await using var cluster = await RunningAsync();
        var name = Name(cluster.LivePods()[0]);

        cluster.Store.Change(ResourceName.Pods, name, pod => pod["metadata"]!["labels"]!["app"] = "debug");
        await cluster.UntilAsync(() => cluster.LivePods().Count == 5);
        Assert.Null(cluster.Get(ResourceName.Pods, name)["metadata"]!["ownerReferences"]);

        cluster.Store.Change(ResourceName.Pods, name, pod => pod["metadata"]!["labels"]!["app"] = "web");
        await cluster.UntilAsync(() => cluster.LivePods().Count == 4 && cluster.Pods.Running == 4);
    }

    [Fact]
    public async Task A_deleted_pod_leaves_the_endpoints_at_once_and_is_removed_when_it_has_stopped()
    {
        await using var cluster = await RunningAsync();
        cluster.Pods.Set("shop:1", PodBehaviour.SlowStop(TimeSpan.FromSeconds(10)));
        await cluster.SettleAsync();
        var name = Name(cluster.LivePods()[0]);

        cluster.Store.Delete(ResourceName.Pods, TestCluster.Namespace, name);
        await cluster.SettleAsync();

        Assert.DoesNotContain(name, cluster.Addresses());
        var endpoint = cluster.Store.List(ResourceName.EndpointSlices, TestCluster.Namespace)
            .SelectMany(slice => slice["endpoints"]!.AsArray()).Single(item => (string?)item!["targetRef"]!["name"] == name)!;
        Assert.True((bool)endpoint["conditions"]!["terminating"]!);
        Assert.False((bool)endpoint["conditions"]!["ready"]!);
        Assert.Equal(5, cluster.Pods.Running);

        await cluster.UntilAsync(() => cluster.Store.Get(ResourceName.Pods, TestCluster.Namespace, name) is null, TimeSpan.FromSeconds(11));
        Assert.Equal(4, cluster.Pods.Running);
    }

    [Fact]
    public async Task Scaling_down_prefers_pods_that_are_not_ready()
    {
        await using var cluster = await RunningAsync();
        var healthy = cluster.LivePods().Select(Name).ToHashSet();
        await cluster.PassAsync(TimeSpan.FromSeconds(2));
        // Pods that run for longer than that are ready; the two that come are not yet.
        cluster.Pods.Set("shop:1", PodBehaviour.ReadyIn(TimeSpan.FromSeconds(1)));
        cluster.Scale(6);
        await cluster.SettleAsync();
        Assert.Equal(4, cluster.Addresses().Count);

        cluster.Scale(4);
        await cluster.SettleAsync();
        Assert.Equal(healthy, cluster.LivePods().Select(Name).ToHashSet());
    }

    [Fact]
    public async Task A_readiness_gate_holds_a_pod_back_until_its_condition_is_true()
    {
        await using var cluster = new TestCluster();
        cluster.CreateService();
        cluster.CreateDeployment(replicas: 1, change: deployment =>
            deployment["spec"]!["template"]!["spec"]!["readinessGates"] = new JsonArray(new JsonObject { ["conditionType"] = "shop/warm" }));
        await cluster.SettleAsync();
        Assert.Empty(cluster.Addresses());

        var pod = cluster.LivePods()[0];
        pod["status"]!["conditions"]!.AsArray().Add((JsonNode)new JsonObject { ["type"] = "shop/warm", ["status"] = "True" });
        cluster.Store.Update(ResourceName.Pods, pod, statusOnly: true);
        await cluster.SettleAsync();
        Assert.Single(cluster.Addresses());
    }

    [Fact]
    public async Task A_readiness_probe_is_not_asked_before_its_initial_delay()
    {
        await using var cluster = new TestCluster();
        cluster.CreateService();
        cluster.CreateDeployment(replicas: 1, change: deployment =>
            deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["readinessProbe"] = new JsonObject { ["initialDelaySeconds"] = 5 });

        await cluster.PassAsync(TimeSpan.FromSeconds(4.5));
        Assert.Empty(cluster.Addresses());
        await cluster.UntilAsync(() => cluster.Addresses().Count == 1, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Endpoints_carry_the_number_behind_a_named_port_and_the_service_gets_an_address()
    {
        await using var cluster = await RunningAsync();
        var subset = Assert.Single(cluster.Get(ResourceName.Endpoints, "web")["subsets"]!.AsArray())!;
        Assert.Equal(8080, (int)subset["ports"]![0]!["port"]!);
        Assert.StartsWith("127.", (string?)cluster.Get(ResourceName.Services, "web")["spec"]!["clusterIP"], StringComparison.Ordinal);
    }

    private static string Name(JsonObject obj) => (string)obj["metadata"]!["name"]!;

    private static async Task<TestCluster> RunningAsync()
    {
        var cluster = new TestCluster();
        cluster.CreateService();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4) && cluster.Addresses().Count == 4);
        return cluster;
    }
}

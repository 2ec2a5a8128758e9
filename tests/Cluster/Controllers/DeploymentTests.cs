using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

public sealed class DeploymentTests
{
    [Fact]
    public async Task A_new_deployment_becomes_available_and_says_so()
    {
        await using var cluster = new TestCluster();
        cluster.Pods.Set("shop:1", PodBehaviour.ReadyIn(TimeSpan.FromSeconds(2)));
        cluster.CreateDeployment();

        await cluster.SettleAsync();
        Assert.Equal("False", cluster.Condition("Available", "status"));
        Assert.Equal(4, cluster.Status("unavailableReplicas"));

        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        Assert.Equal("MinimumReplicasAvailable", cluster.Condition("Available"));
        Assert.Equal("NewReplicaSetAvailable", cluster.Condition("Progressing"));
        Assert.Equal("1", (string?)cluster.Deployment()["metadata"]!["annotations"]!["deployment.kubernetes.io/revision"]);
        Assert.All(cluster.LivePods(), pod => Assert.NotNull(pod["metadata"]!["labels"]!["pod-template-hash"]));
        Assert.All(cluster.LivePods(), pod => Assert.Equal("node-1", (string?)pod["spec"]!["nodeName"]));
    }

    [Theory]
    [InlineData("1", "0")]
    [InlineData("25%", "25%")]
    [InlineData("0", "1")]
    [InlineData("100%", "0")]
    public async Task A_rolling_update_never_has_fewer_ready_endpoints_than_it_promised(string surge, string unavailable)
    {
        await using var cluster = new TestCluster();
        cluster.Pods.Set("shop:2", PodBehaviour.ReadyIn(TimeSpan.FromSeconds(3)));
        cluster.CreateService();
        cluster.CreateDeployment(replicas: 8, change: deployment => deployment["spec"]!["strategy"]!["rollingUpdate"] = new JsonObject
        {
            ["maxSurge"] = Number(surge),
            ["maxUnavailable"] = Number(unavailable),
        });
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 8));

        var (fewest, most) = (int.MaxValue, 0);
        cluster.SetImage("shop:2");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 8), always: () =>
        {
            fewest = Math.Min(fewest, cluster.Addresses().Count);
            most = Math.Max(most, cluster.LivePods().Count);
        });

        Assert.True(fewest >= 8 - Share(unavailable), $"only {fewest} were ready");
        Assert.True(most <= 8 + Share(surge), $"{most} pods at once");
        Assert.Empty(cluster.LivePods("shop:1"));
        Assert.Equal("2", (string?)cluster.Deployment()["metadata"]!["annotations"]!["deployment.kubernetes.io/revision"]);

        static JsonNode Number(string text) => int.TryParse(text, out var number) ? number : text;
        static int Share(string text) => text switch { "25%" => 2, "100%" => 8, _ => int.Parse(text) };
    }

    [Fact]
    public async Task Going_back_to_the_old_image_reuses_its_replica_set_under_a_new_revision()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        var first = Assert.Single(cluster.ReplicaSets());
        cluster.SetImage("shop:2");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 4));

        cluster.SetImage("shop:1");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));

        Assert.Equal(2, cluster.ReplicaSets().Count);
        var live = Assert.Single(cluster.ReplicaSets(), set => (int)set["spec"]!["replicas"]! > 0);
        Assert.Equal((string?)first["metadata"]!["uid"], (string?)live["metadata"]!["uid"]);
        Assert.Equal("3", (string?)live["metadata"]!["annotations"]!["deployment.kubernetes.io/revision"]);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_stops_the_rollout_and_misses_the_deadline()
    {
        await using var cluster = new TestCluster();
        cluster.Pods.Set("shop:2", PodBehaviour.ImagePullBackOff("Back-off pulling image \"shop:2\""));
        cluster.CreateService();
        cluster.CreateDeployment(change: deployment => deployment["spec"]!["progressDeadlineSeconds"] = 30);
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        cluster.SetImage("shop:2");

        await cluster.PassAsync(TimeSpan.FromSeconds(25), always: () => Assert.Equal(4, cluster.Addresses().Count));
        Assert.Equal("ReplicaSetUpdated", cluster.Condition("Progressing"));
        await cluster.UntilAsync(() => cluster.Condition("Progressing") == "ProgressDeadlineExceeded", TimeSpan.FromSeconds(10));

        Assert.Equal("False", cluster.Condition("Progressing", "status"));
        Assert.Equal("True", cluster.Condition("Available", "status"));
        var stuck = Assert.Single(cluster.LivePods("shop:2"));
        Assert.Equal("Pending", (string?)stuck["status"]!["phase"]);
        Assert.Equal("ImagePullBackOff", (string?)stuck["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["reason"]);

        // The way out is the old image again: nothing of the failure is left.
        cluster.SetImage("shop:1");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        Assert.Equal("NewReplicaSetAvailable", cluster.Condition("Progressing"));
    }

    [Fact]
    public async Task Pods_count_as_available_only_after_min_ready_seconds()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment(change: deployment => deployment["spec"]!["minReadySeconds"] = 10);

        await cluster.PassAsync(TimeSpan.FromSeconds(8));
        Assert.Equal((4, 0), (cluster.Status("readyReplicas"), cluster.Status("availableReplicas")));
        await cluster.UntilAsync(() => cluster.Status("availableReplicas") == 4, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task Scaling_up_and_down_keeps_the_template_and_the_revision()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        cluster.Scale(7);
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 7));
        cluster.Scale(0);
        await cluster.UntilAsync(() => cluster.Pods.Running == 0 && cluster.Status("replicas") == 0);
        cluster.Scale(2);
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 2));
        Assert.Single(cluster.ReplicaSets());
    }

    [Fact]
    public async Task Scaling_in_the_middle_of_a_stuck_rollout_reaches_both_replica_sets()
    {
        await using var cluster = new TestCluster();
        cluster.Pods.Set("shop:2", PodBehaviour.NeverReady);
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        cluster.SetImage("shop:2");
        await cluster.UntilAsync(() => cluster.LivePods("shop:2").Count == 1);

        cluster.Scale(8);
        await cluster.UntilAsync(() => cluster.LivePods().Count == 9);
        Assert.True(cluster.LivePods("shop:1").Count >= 6);

        cluster.Pods.Set("shop:2", PodBehaviour.ReadyAtOnce);
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 8));
    }

    [Fact]
    public async Task Recreate_starts_no_new_pod_before_the_last_old_one_is_gone()
    {
        await using var cluster = new TestCluster();
        cluster.Pods.Set("shop:1", PodBehaviour.SlowStop(TimeSpan.FromSeconds(5)));
        cluster.CreateDeployment(change: deployment => deployment["spec"]!["strategy"] = new JsonObject { ["type"] = "Recreate" });
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));

        cluster.SetImage("shop:2");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 4),
            always: () => Assert.True(cluster.Pods.RunningOf("shop:1") == 0 || cluster.Pods.RunningOf("shop:2") == 0));
    }

    [Fact]
    public async Task A_paused_deployment_scales_but_does_not_roll_out()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        cluster.Store.Change(ResourceName.Deployments, "web", deployment => deployment["spec"]!["paused"] = true);
        cluster.SetImage("shop:2");
        cluster.Scale(5);

        await cluster.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal((5, 0), (cluster.LivePods("shop:1").Count, cluster.LivePods("shop:2").Count));
        Assert.Equal("DeploymentPaused", cluster.Condition("Progressing"));

        cluster.Store.Change(ResourceName.Deployments, "web", deployment => deployment["spec"]!["paused"] = false);
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 5));
    }

    [Fact]
    public async Task Old_replica_sets_beyond_the_history_limit_are_deleted()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment(change: deployment => deployment["spec"]!["revisionHistoryLimit"] = 1);
        for (var version = 1; version <= 4; version++)
        {
            cluster.SetImage($"shop:{version}");
            await cluster.UntilAsync(() => cluster.IsComplete($"shop:{version}", 4));
        }

        await cluster.UntilAsync(() => cluster.ReplicaSets().Count == 2);
    }

    [Fact]
    public async Task Conflicts_are_retried_until_the_rollout_is_through()
    {
        await using var cluster = new TestCluster();
        cluster.CreateDeployment();
        await cluster.UntilAsync(() => cluster.IsComplete("shop:1", 4));
        cluster.SetImage("shop:2");
        await cluster.UntilAsync(() => cluster.IsComplete("shop:2", 4), always: () => cluster.Store.FailNextUpdates(2));
        Assert.Equal(0, cluster.Controllers.Errors);
    }
}

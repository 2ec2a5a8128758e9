using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Others have the canary's names, its pods find no node, someone scales it, or the whole namespace goes.</summary>
public sealed class ObstacleScenarios
{
    private static readonly ResourceName Namespaces = new("", "v1", "namespaces");

    [Fact]
    public async Task A_Deployment_of_the_canarys_name_is_named_left_alone_and_waited_for()
    {
        await using var town = await Town.FoundAsync();
        var theirs = town.Api.Store.Create(ResourceName.Deployments, Town.Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"magento-web-canary","namespace":"{{{{{Town.Namespace}}}}}"},
             "spec":{"replicas":1,"selector":{"matchLabels":{"app":"theirs"}},
                     "template":{"metadata":{"labels":{"app":"theirs"}},"spec":{"containers":[{"name":"app","image":"theirs:1"}]}}}}
            """));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""");
        await town.ApproveAsync();
        await town.UntilAsync(() => Reason(town) == "CanaryNameTaken", "the collision is named");
        Assert.Contains("magento-web-canary", town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.Equal("AwaitingApproval", town.Phase());
        Assert.True(JsonNode.DeepEquals(theirs["spec"], town.Deployment("magento-web-canary")!["spec"]));
        town.Api.Store.Delete(ResourceName.Deployments, Town.Namespace, "magento-web-canary");
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
    }

    [Theory]
    [InlineData("CanaryServiceNameTaken")]
    [InlineData("CanaryIngressNameTaken")]
    public async Task A_Service_or_an_Ingress_of_the_canarys_name_is_named_and_left_alone(string reason)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var isService = reason == "CanaryServiceNameTaken";
        var (resource, name) = isService ? (ResourceName.Services, "web-canary") : (RoutedTown.Ingresses, "shop-canary");
        var theirs = town.Api.Store.Create(resource, isService
            ? Town.Json("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web-canary","namespace":"shop"},"spec":{"selector":{"app":"theirs"},"ports":[{"port":80}]}}""")
            : Town.Json("""
                {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop-canary","namespace":"shop"},
                 "spec":{"rules":[{"host":"theirs.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"media","port":{"number":80}}}}]}}]}}
                """));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""", traffic: isService ? RoutedTown.HttpRoute : RoutedTown.Ingress);
        await town.UntilAsync(() => Reason(town) == reason, "the collision is named");
        Assert.Contains(name, town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.Null(town.Deployment("magento-web-canary"));
        Assert.True(JsonNode.DeepEquals(theirs["spec"], town.Api.Store.Get(resource, Town.Namespace, name)!["spec"]));
        Assert.Null(routed.CanaryWeight());
    }

    [Fact]
    public async Task Pods_that_no_node_takes_are_told_in_the_schedulers_words_and_end_the_run_at_its_deadline()
    {
        await using var town = await Town.FoundAsync();
        town.Pods.Set(Town.Patched, PodBehaviour.Unschedulable("0/3 nodes are available: 3 Insufficient cpu."));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}],"progressDeadline":"3s" """);
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Condition("Ready")?["message"]?.GetValue<string>().Contains("Insufficient cpu", StringComparison.Ordinal) is true, "the scheduler's words are shown");
        Assert.Equal("WaitingForCanary", Reason(town));
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        var revert = town.Patch()!["status"]!["revert"]!;
        Assert.Equal("ProgressDeadlineExceeded", revert["reason"]!.GetValue<string>());
        Assert.Contains("0/3 nodes are available", revert["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(town.Deployment("magento-web-canary"));
    }

    [Fact]
    public async Task A_canary_that_someone_scales_is_put_back_within_two_seconds_and_told_once()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        Assert.Equal(4, Replicas(town));
        town.Edit(ResourceName.Deployments, "magento-web-canary", canary => canary["spec"]!["replicas"] = 1);
        await town.UntilAsync(() => Replicas(town) == 4, "put back", 2);
        await town.UntilAsync(() => town.Events("TrafficEdited").Count > 0, "told");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Contains("1 pods instead of 4", Assert.Single(town.Events("TrafficEdited"))["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single(town.Trail(), r => r.Action == "TrafficEdited");
        await town.UntilAsync(() => town.Condition("TrafficAtWeight") is null, "at weight again");
        Assert.Equal("Progressing", town.Phase());
    }

    [Theory]
    [InlineData("Progressing")]
    [InlineData("Promoting")]
    public async Task A_namespace_that_is_deleted_in_mid_run_waits_for_nothing_of_ours(string phase)
    {
        await using var town = await Town.FoundAsync();
        town.Pods.Set(Town.PatchedStable, PodBehaviour.NeverReady);
        await town.StartOperatorAsync();
        town.Apply(steps: $$"""[{"weight":50,"hold":"{{(phase == "Promoting" ? "0s" : "10m")}}"}]""");
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Phase() == phase && town.Patch()?["status"]?["step"]?["readyAt"] is not null, $"the run is {phase}", 60);
        town.Api.Store.Delete(Namespaces, "", Town.Namespace);
        await town.UntilAsync(() => town.Patch() is null, "the finalizer lets go", 30);
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is null && town.Pod().Count == 0, "nothing runs", 30);
    }

    private static string? Reason(Town town) => town.Condition("Ready")?["reason"]?.GetValue<string>();

    private static int Replicas(Town town) => town.Deployment("magento-web-canary")!["spec"]!["replicas"]!.GetValue<int>();
}

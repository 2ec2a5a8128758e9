using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Someone else's object has the name that one of the canary's needs.</summary>
public sealed class TakenNameScenarios
{
    [Theory]
    [InlineData(RoutedTown.HttpRoute, "CanaryServiceNameTaken", "Service web-canary")]
    [InlineData(RoutedTown.Ingress, "CanaryIngressNameTaken", "Ingress shop-canary")]
    [InlineData(RoutedTown.Ingress, "CanaryServiceNameTaken", "Service web-canary")]
    public async Task It_blocks_once_for_all_restarts_and_the_patch_goes_on_when_the_name_is_free(string traffic, string reason, string named)
    {
        await using var routed = await RoutedTown.SettleAsync(await Town.FoundAsync(new FastClock(10)));
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(traffic: traffic);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        var (resource, theirs) = Theirs(reason);
        var before = town.Api.Store.Create(resource, theirs);
        await routed.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Blocked);
        foreach (var hidden in (string[])["httproutes", "ingresses", "services", "endpointslices"])
        {
            await town.KillOperatorAsync();
            using (town.Api.Faults.Before(call => call is { Verb: "list" } && call.Resource == hidden ? new FaultAction.Fail(500, "InternalError", Message: "etcd is slow") : null))
            {
                // Longer than the caches are waited for, and than a patch that is blocked waits.
                await town.StartOperatorAsync();
                await Task.Delay(5000);
            }

            await Task.Delay(4000);
            Assert.Equal((nameof(PatchPhase.Blocked), reason), (town.Phase(), town.Condition("Ready")!["reason"]!.GetValue<string>()));
        }

        Assert.Contains(named, town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single(town.Trail(), r => r.Action == reason);
        Assert.Equal(before["metadata"]!["resourceVersion"]!.GetValue<string>(), town.Api.Store.Get(resource, Town.Namespace, theirs["metadata"]!["name"]!.GetValue<string>())!["metadata"]!["resourceVersion"]!.GetValue<string>());
        town.Api.Store.Delete(resource, Town.Namespace, theirs["metadata"]!["name"]!.GetValue<string>());
        await town.UntilPhaseAsync(PatchPhase.Promoted);
    }

    private static (ResourceName Resource, JsonObject Value) Theirs(string reason) => reason == "CanaryIngressNameTaken"
        ? (RoutedTown.Ingresses, Town.Json("""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop-canary","namespace":"shop"},"spec":{"ingressClassName":"nginx","rules":[{"host":"else.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"media","port":{"number":80}}}}]}}]}}"""))
        : (ResourceName.Services, Town.Json("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web-canary","namespace":"shop"},"spec":{"selector":{"app":"theirs"},"ports":[{"port":80}]}}"""));
}

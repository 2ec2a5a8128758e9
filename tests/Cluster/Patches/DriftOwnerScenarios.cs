using System.Net.Http.Headers;
using System.Text;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Whoever changes what a run keeps as it is goes on record by the name under which the API server knows them.</summary>
public sealed class DriftOwnerScenarios
{
    private const string Steps = """[{"weight":25,"hold":"10m"}]""";
    private const string Namespace = $"namespaces/{Town.Namespace}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("weights of a route", "TrafficEdited", "HTTPRoute shop was changed by kubectl-edit: ")]
    [InlineData("the canary's Service", "TrafficEdited", "Service of Deployment magento-web was changed by kubectl-edit.")]
    [InlineData("the second Ingress", "TrafficEdited", "Ingress shop was changed by kubectl-edit: ")]
    [InlineData("the number of pods", "TrafficEdited", "was scaled by kubectl-edit to 3 pods")]
    [InlineData("the canary's image", "CanaryEdited", "It was set by kubectl-edit; ")]
    [InlineData("a third image", "StableChangedByOthers", "by kubectl-edit during the run")]
    public async Task In_mid_run_it_is_named_and_nothing_is_asked_before_it_happens(string what, string action, string told)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: Steps, traffic: what switch { "weights of a route" or "the canary's Service" => RoutedTown.HttpRoute, "the second Ingress" => RoutedTown.Ingress, _ => "" });
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        await Task.Delay(500, Cancellation);
        var mark = town.Api.Requests.Mark;
        await Task.Delay(2500, Cancellation);
        Assert.DoesNotContain(town.Api.Requests.Since(mark), r => r.Verb == "get" && r.UserAgent.StartsWith("patch-operator", StringComparison.Ordinal) && r.Resource is "httproutes" or "ingresses" or "services" or "deployments");

        var (path, change) = what switch
        {
            "weights of a route" => ($"apis/gateway.networking.k8s.io/v1/{Namespace}/httproutes/shop", """{"spec":{"rules":[{"backendRefs":[{"name":"web","port":80}]}]}}"""),
            "the canary's Service" => ($"api/v1/{Namespace}/services/web-canary", """{"spec":{"selector":{"app":"web"}}}"""),
            "the second Ingress" => ($"apis/networking.k8s.io/v1/{Namespace}/ingresses/shop-canary", """{"metadata":{"annotations":{"nginx.ingress.kubernetes.io/canary-weight":"90"}}}"""),
            "the number of pods" => ($"apis/apps/v1/{Namespace}/deployments/magento-web-canary", """{"spec":{"replicas":3}}"""),
            _ => ($"apis/apps/v1/{Namespace}/deployments/magento-web{(what == "the canary's image" ? "-canary" : "")}", $$"""{"spec":{"template":{"spec":{"containers":[{"name":"php","image":"{{Town.Newer}}"}]} } } }"""),
        };
        await EditAsync(town, path, change, what is "a third image" or "the canary's image" ? "strategic-merge-patch+json" : "merge-patch+json");
        await town.UntilAsync(() => town.Trail().Any(r => r.Action == action), "on record");
        Assert.Contains(told, town.Trail().First(r => r.Action == action).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a variable", """{"spec":{"template":{"spec":{"containers":[{"name":"php","env":[{"name":"X","value":"1"}]}]} } } }""", "The pod template of Deployment magento-web-canary is another")]
    [InlineData("a container", """{"spec":{"template":{"spec":{"containers":[{"name":"debug","image":"busybox:1"}]} } } }""", "The pod template of Deployment magento-web-canary is another")]
    [InlineData("a pause", """{"spec":{"paused":true}}""", "Deployment magento-web-canary is paused.")]
    public async Task What_someone_adds_to_the_canary_is_taken_out_and_told_and_the_run_goes_on(string what, string change, string told)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"6s"},{"weight":50,"hold":"1s"}]""");
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        var before = Canary(town);
        await EditAsync(town, $"apis/apps/v1/{Namespace}/deployments/magento-web-canary", change, "strategic-merge-patch+json");
        Assert.NotEqual(before, Canary(town));
        await town.UntilAsync(() => town.Trail().Any(r => r.Action == "CanaryEdited"), $"{what} on record");
        await town.UntilAsync(() => Canary(town) == before, $"{what} taken out");
        await town.UntilAsync(() => town.Phase() == nameof(PatchPhase.Promoted), "promoted", 60);
        var record = Assert.Single(town.Trail(), r => r.Action == "CanaryEdited").Detail;
        Assert.Contains(told, record, StringComparison.Ordinal);
        Assert.Contains("It was set by kubectl-edit; ", record, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_answer_it_is_put_back_all_the_same()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: Steps);
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        var pods = town.Deployment("magento-web-canary")!["spec"]!["replicas"]!.GetValue<int>();
        var asked = 0;
        using (town.Api.Faults.Before(call => call is { Verb: "get", Name: "magento-web-canary" } && Interlocked.Increment(ref asked) == 1 ? new FaultAction.Hang() : null))
        {
            await EditAsync(town, $"apis/apps/v1/{Namespace}/deployments/magento-web-canary", """{"spec":{"replicas":3}}""", "merge-patch+json");
            await town.UntilAsync(() => town.Trail().Any(r => r.Action == "TrafficEdited"), "on record", 10);
        }

        Assert.Contains("was scaled by someone else to 3 pods", town.Trail().First(r => r.Action == "TrafficEdited").Detail, StringComparison.Ordinal);
        await town.UntilAsync(() => town.Deployment("magento-web-canary")!["spec"]!["replicas"]!.GetValue<int>() == pods, "put back");
        Assert.Equal(nameof(PatchPhase.Progressing), town.Phase());
    }

    /// <summary>What its pods are made of, and whether they are.</summary>
    private static string Canary(Town town) => town.Deployment("magento-web-canary")?["spec"] is { } spec ? $"{spec["template"]!["spec"]!.ToJsonString()} {spec["paused"] is { } paused && paused.GetValue<bool>()}" : "";

    private static async Task EditAsync(Town town, string path, string change, string media)
    {
        using var http = new HttpClient { BaseAddress = town.Api.Address };
        using var body = new StringContent(change, Encoding.UTF8);
        body.Headers.ContentType = MediaTypeHeaderValue.Parse($"application/{media}");
        using var response = await http.PatchAsync(new Uri($"{path}?fieldManager=kubectl-edit", UriKind.Relative), body, Cancellation);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

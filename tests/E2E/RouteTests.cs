using System.Diagnostics;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Audit;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>Needs a real cluster: runs whose traffic a route splits, with real requests through a gateway that follows it.</summary>
[Trait("Needs", "Cluster")]
[Collection("A real cluster")]
public sealed class RouteTests(ITestOutputHelper output)
{
    private const string HttpRoute = "traffic: {httpRoute: {name: shop}}";

    [Fact]
    public async Task A_healthy_patch_gets_its_share_of_the_requests_and_the_route_is_as_before()
    {
        await using var shop = await Shop.OpenAsync("route");
        await using var gateway = await Gateway.OpenAsync(shop.Namespace);
        await using var shoppers = new Shoppers(gateway.Address, 100);
        var before = await gateway.SpecAsync();
        await shop.PatchAsync(
            Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 0, hold: 5s}, {weight: 10, hold: 10s}, {weight: 50, hold: 5s}]",
            traffic: HttpRoute + ", preview: {header: {name: X-Preview, value: \"yes\"}}");
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => await AskAsync(gateway.Address, "yes") == Shop.HealthyVersion, "testers reach the canary", 60);
        Assert.Empty(shoppers.From(Shop.HealthyVersion));
        Assert.Equal(Shop.Replicas, (await shop.EndpointsAsync()).Count);

        await shop.UntilAsync(async () => await gateway.CanaryWeightAsync() == 10, "the first share", 60);
        var mark = DateTimeOffset.UtcNow.AddSeconds(1);
        await shop.UntilAsync(async () => await gateway.CanaryWeightAsync() == 50, "the second share", 90);
        var answers = shoppers.Answers.Where(a => a.At > mark && a.At < DateTimeOffset.UtcNow.AddSeconds(-1)).ToArray();
        var share = 100.0 * answers.Count(a => a.Version == Shop.HealthyVersion) / answers.Length;
        output.WriteLine($"{share:0.0} % of {answers.Length} requests at weight 10");
        Assert.InRange(share, 6, 14);
        Assert.Equal(Shop.Replicas, (await shop.EndpointsAsync()).Count);

        await shop.UntilPhaseAsync("Promoted", 180);
        Assert.Equal(before, await gateway.SpecAsync());
        Assert.Equal(Shop.HealthyImage, await shop.ImageAsync());
        Assert.Null(await Kubectl.GetAsync(shop.Namespace, "service/magento-web-canary"));
        Assert.False(await shop.HasCanaryAsync());
        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        await shop.UntilAsync(async () => await shop.TrailAsync() is [.., { Action: "Promoted" }], "the trail is complete", 10);
        Assert.Null(AuditChain.FindFault(await shop.TrailAsync()));
        ScenarioReport.Add("HTTPRoute, promoted", "Promoted, the route as before; no request failed");
    }

    [Fact]
    public async Task A_bad_patch_loses_its_share_and_nobody_else_fails()
    {
        await using var shop = await Shop.OpenAsync("route-bad");
        await using var gateway = await Gateway.OpenAsync(shop.Namespace);
        await using var shoppers = new Shoppers(gateway.Address, 100);
        var before = await gateway.SpecAsync();
        await shop.PatchAsync(Shop.BadImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 20, hold: 60s}]", traffic: HttpRoute);
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilPhaseAsync("Reverted", 120);
        Assert.Equal(before, await gateway.SpecAsync());
        Assert.Equal("AnalysisFailed", (await shop.PatchStateAsync())!["status"]!["revert"]!["reason"]!.GetValue<string>());
        Assert.DoesNotContain(await shop.TrailAsync(), r => r.Action == "WithdrawalNotProven");
        Assert.Empty(shoppers.FailuresExceptOf(Shop.BadVersion));
        ScenarioReport.Add("HTTPRoute, bad, reverted", "Reverted, the route as before; no request failed but the canary's own");
        var bad = shoppers.From(Shop.BadVersion);
        output.WriteLine($"{(bad.Max(a => a.At) - bad.First(a => !a.IsGood).At).TotalSeconds:0.00} s from the first bad response to the canary's last, {bad.Count} requests, {bad.Count(a => !a.IsGood)} of them bad");
    }

    [Fact]
    public async Task An_edit_of_the_weights_is_undone_within_two_seconds_and_reported()
    {
        await using var shop = await Shop.OpenAsync("route-edit");
        await using var gateway = await Gateway.OpenAsync(shop.Namespace);
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 20, hold: 10m}]", traffic: HttpRoute);
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => (await shop.PatchStateAsync())!["status"]!["step"]?["servingSince"] is not null, "the canary serves", 90);
        await gateway.EditAsync("""[{"op":"replace","path":"/spec/rules/0/backendRefs/1/weight","value":900}]""");
        var clock = Stopwatch.StartNew();
        await shop.UntilAsync(async () => await gateway.CanaryWeightAsync() == 20, "put back", 2);
        output.WriteLine($"put back within {clock.Elapsed.TotalMilliseconds:0} ms");
        await shop.UntilAsync(async () => (await shop.EventsAsync("TrafficEdited")).Count == 1, "reported", 10);
        var before = (await gateway.RouteAsync())["metadata"]!["annotations"]!.ToJsonString();
        await using var shoppers = new Shoppers(gateway.Address, 100);
        await shop.UntilAsync(() => Task.FromResult(shoppers.From(Shop.HealthyVersion).Count > 10), "the canary answers", 10);

        // As GitOps tools do it: the garbage collector begins with what the patch owns.
        await Kubectl.RunAsync($"-n {shop.Namespace} delete epatch fix --wait=false --cascade=foreground");
        await shop.UntilAsync(async () => await shop.PatchStateAsync() is null && await gateway.CanaryWeightAsync() is null, "deleted, and the route is as before", 60);
        Assert.Equal(before, (await gateway.RouteAsync())["metadata"]!["annotations"]!.ToJsonString());
        Assert.Null(await Kubectl.GetAsync(shop.Namespace, "service/magento-web-canary"));
        Assert.False(await shop.HasCanaryAsync());
        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        ScenarioReport.Add("HTTPRoute, weights edited, deleted in the foreground", "gone, the route as before; no request failed");
    }

    [Fact]
    public async Task A_second_Ingress_comes_with_the_canary_and_goes_with_it()
    {
        await using var shop = await Shop.OpenAsync("ingress");
        await Kubectl.ApplyAsync($$$$$"""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: shop, namespace: {{{{{shop.Namespace}}}}}, annotations: {cert-manager.io/cluster-issuer: x}}
            spec:
              ingressClassName: nginx
              tls: [{hosts: [shop.example.com], secretName: shop-tls}]
              rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: magento-web, port: {number: 80}}}}]}}]
            """);
        var before = await IngressAsync(shop, "shop");
        await shop.PatchAsync(Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, "[{weight: 20, hold: 10m}]", traffic: "traffic: {ingress: {name: shop}}");
        await shop.UntilPhaseAsync("AwaitingApproval", 30);
        await shop.AnnotateAsync("approve", "CHG-20871");
        await shop.UntilAsync(async () => await IngressAsync(shop, "shop-canary") is not null, "the second Ingress is there", 90);
        var second = (await IngressAsync(shop, "shop-canary"))!;
        Assert.Equal("20", second["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-weight"]!.GetValue<string>());
        Assert.Null(second["metadata"]!["annotations"]!["cert-manager.io/cluster-issuer"]);
        Assert.Equal("magento-web-canary", second["spec"]!["rules"]![0]!["http"]!["paths"]![0]!["backend"]!["service"]!["name"]!.GetValue<string>());
        await shop.UntilAsync(async () => (await shop.PatchStateAsync())!["status"]!["step"]?["servingSince"] is not null, "the step counts", 30);
        await shop.AnnotateAsync("abort", "enough");
        await shop.UntilPhaseAsync("Reverted", 90);
        Assert.Null(await IngressAsync(shop, "shop-canary"));
        Assert.Null(await Kubectl.GetAsync(shop.Namespace, "service/magento-web-canary"));
        Assert.Equal(before!["metadata"]!["generation"]!.ToJsonString(), (await IngressAsync(shop, "shop"))!["metadata"]!["generation"]!.ToJsonString());
        Assert.Equal(before["spec"]!.ToJsonString(), (await IngressAsync(shop, "shop"))!["spec"]!.ToJsonString());
        ScenarioReport.Add("Ingress, aborted in mid-step", "Reverted, the Ingress as before");
    }

    private static Task<JsonObject?> IngressAsync(Shop shop, string name) => Kubectl.GetAsync(shop.Namespace, $"ingresses.networking.k8s.io/{name}");

    private static async Task<string?> AskAsync(Uri shop, string preview)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, shop);
        request.Headers.Add("X-Preview", preview);
        using var response = await client.SendAsync(request);
        return response.Headers.TryGetValues("X-Storefront-Version", out var version) ? version.First() : null;
    }
}

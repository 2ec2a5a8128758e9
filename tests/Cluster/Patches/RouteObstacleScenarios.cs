using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Routes that cannot split the traffic: said with the words that help, before anything is touched.</summary>
public sealed class RouteObstacleScenarios
{
    private const string Web = """{"name":"web","port":80}""";
    private const string Preview = ""","preview":{"header":{"name":"X-Preview","value":"yes"}}""";

    [Theory]
    [InlineData("missing", "RouteNotFound", "missing")]
    [InlineData("media", "RouteNamesNoService", "web")]
    [InlineData("refused", "RouteNotAccepted", "allowedRoutes")]
    [InlineData("idle", "RouteGivesNoTraffic", "Service web of")]
    [InlineData("canaried", "RouteNamesCanary", "Take that backend out of the route")]
    [InlineData("rules", "RouteTooLarge", "would have 18 rules with those for the preview, and the API allows 16", Preview)]
    [InlineData("matches", "RouteTooLarge", "would have 160 matches with those for the preview, and the API allows 128", Preview)]
    [InlineData("backends", "RouteTooLarge", "more than the 16 backends that the API allows")]
    public async Task An_HTTPRoute(string name, string reason, string named, string more = "")
    {
        await using var routed = await RoutedTown.FoundAsync();
        if (reason == "RouteNotAccepted")
        {
            routed.Gateway.Refusal = ("NotAllowedByListeners", "no listener allows it");
        }

        var rules = name switch
        {
            "media" => Rule("""{"name":"media","port":80}"""),
            "refused" => Rule(Web),
            "idle" => Rule("""{"name":"media","port":80},{"name":"web","port":80,"weight":0}"""),
            "canaried" => Rule("""{"name":"web","port":80,"weight":90},{"name":"web-canary","port":80,"weight":10}"""),
            "rules" => string.Join(',', Enumerable.Range(0, 9).Select(i => Rule(Web, Match(i)))),
            "matches" => string.Join(',', Enumerable.Range(0, 2).Select(_ => Rule(Web, string.Join(',', Enumerable.Range(0, 40).Select(Match))))),
            "backends" => Rule(string.Join(',', Enumerable.Range(0, 15).Select(i => $$"""{"name":"other-{{i}}","port":80}""").Append(Web))),
            _ => null,
        };
        for (var i = 0; name == "backends" && i < 15; i++)
        {
            routed.Town.Api.Store.Create(ResourceName.Services, Town.Json($$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"other-{{{i}}}","namespace":"shop"},"spec":{"ports":[{"port":80}]}}"""));
        }

        if (rules is not null)
        {
            routed.Town.Api.Store.Create(PlayedGateway.HttpRoutes, Town.Json($$$"""{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"{{{name}}}","namespace":"shop"},"spec":{"parentRefs":[{"name":"public"}],"rules":[{{{rules}}}]}}"""));
        }

        await IsNamedAsync(routed, $$$"""{"httpRoute":{"name":"{{{name}}}"}}{{{more}}}""", reason, named);
    }

    [Theory]
    [InlineData("missing", "RouteNotFound", "missing")]
    [InlineData("traefik", "IngressClassNotSupported", "traefik")]
    [InlineData("canary", "RouteIsCanary", "Name the one that serves the shop")]
    public async Task An_Ingress(string name, string reason, string named)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var (annotations, @class) = name switch
        {
            "canary" => ("""{"nginx.ingress.kubernetes.io/canary":"true","nginx.ingress.kubernetes.io/canary-weight":"10"}""", "nginx"),
            _ => ("{}", name),
        };
        if (reason != "RouteNotFound")
        {
            routed.Town.Api.Store.Create(RoutedTown.Ingresses, Town.Json($$$$$$"""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"{{{{{{name}}}}}}","annotations":{{{{{{annotations}}}}}},"namespace":"shop"},"spec":{"ingressClassName":"{{{{{{@class}}}}}}","defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}"""));
        }

        await IsNamedAsync(routed, $$$"""{"ingress":{"name":"{{{name}}}"}}""", reason, named);
    }

    [Fact]
    public async Task A_cluster_without_Gateway_API()
    {
        await using var routed = await RoutedTown.FoundAsync();
        using var fault = routed.Town.Api.Faults.Before(call => call.Path.TrimEnd('/') == "/apis/gateway.networking.k8s.io/v1" ? new FaultAction.Fail(404, "NotFound", Message: "the server could not find the requested resource") : null);
        await IsNamedAsync(routed, """{"httpRoute":{"name":"shop"}}""", "GatewayApiMissing", "Install Gateway API");
    }

    private static async Task IsNamedAsync(RoutedTown routed, string traffic, string reason, string named)
    {
        var town = routed.Town;
        var before = routed.Spec();
        await town.StartOperatorAsync();
        var pods = town.Pod();
        town.Apply(traffic: $",\"traffic\":{traffic}");
        await town.UntilAsync(() => town.Condition("Accepted")?["reason"]?.GetValue<string>() == reason, $"Accepted is False because {reason}");
        Assert.Contains(named, town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(nameof(PatchPhase.Blocked), town.Phase());
        Assert.Equal(pods, town.Pod());
        Assert.Equal(before, routed.Spec());
        Assert.Null(routed.Service("web-canary"));
    }

    private static string Rule(string backends, string? matches = null) => $$"""{"matches":[{{matches ?? Match(0)}}],"backendRefs":[{{backends}}]}""";

    private static string Match(int i) => $$$"""{"path":{"type":"PathPrefix","value":"/{{{i}}}"}}""";
}

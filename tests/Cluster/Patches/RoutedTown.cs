using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The shop behind a route: a Gateway with a played controller, or an Ingress.</summary>
internal sealed class RoutedTown(Town town, PlayedGateway gateway) : IAsyncDisposable
{
    public const string HttpRoute = ""","traffic":{"httpRoute":{"name":"shop"}}""";
    public const string Ingress = ""","traffic":{"ingress":{"name":"shop"}}""";
    public static readonly ResourceName Ingresses = new("networking.k8s.io", "v1", "ingresses");

    public Town Town => town;

    public PlayedGateway Gateway => gateway;

    public static async Task<RoutedTown> FoundAsync() => await SettleAsync(await Town.FoundAsync());

    /// <summary>The routes come to a town that is there already.</summary>
    public static async Task<RoutedTown> SettleAsync(Town town)
    {
        town.Api.Store.Create(ResourceName.Services, Town.Json("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"media","namespace":"shop"},"spec":{"selector":{"app":"media"},"ports":[{"port":80}]}}"""));
        town.Api.Store.Create(PlayedGateway.HttpRoutes, Town.Json("""
            {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"shop","namespace":"shop","annotations":{"owner":"team <a> & b"}},
             "spec":{"parentRefs":[{"name":"public"}],"hostnames":["shop.example.com"],
                     "rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/media"}}],"backendRefs":[{"name":"media","port":80}]},
                              {"filters":[{"type":"RequestHeaderModifier","requestHeaderModifier":{"set":[{"name":"X-Shop","value":"1"}]}}],"timeouts":{"request":"30s"},
                               "backendRefs":[{"name":"web","port":80}]}]}}
            """));
        town.Api.Store.Create(Ingresses, Town.Json("""
            {"apiVersion":"networking.k8s.io/v1","kind":"Ingress",
             "metadata":{"name":"shop","namespace":"shop","labels":{"app.kubernetes.io/instance":"shop"},
                         "annotations":{"cert-manager.io/cluster-issuer":"letsencrypt","external-dns.alpha.kubernetes.io/hostname":"shop.example.com","nginx.ingress.kubernetes.io/affinity":"cookie","nginx.ingress.kubernetes.io/proxy-body-size":"8m"}},
             "spec":{"ingressClassName":"nginx","tls":[{"hosts":["shop.example.com"],"secretName":"shop-tls"},{"hosts":["media.example.com"],"secretName":"media-tls"}],
                     "rules":[{"host":"shop.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}},
                                                                          {"path":"/media","pathType":"Prefix","backend":{"service":{"name":"media","port":{"number":80}}}}]}},
                              {"host":"media.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"media","port":{"number":80}}}}]}}]}}
            """));
        var routed = new RoutedTown(town, new PlayedGateway(town.Api.Store));
        await town.UntilAsync(() => routed.Route()?["status"]?["parents"] is not null, "the gateway reports");
        return routed;
    }

    public JsonObject? Route(string name = "shop") => town.Api.Store.Get(PlayedGateway.HttpRoutes, Town.Namespace, name);

    public string Spec(string name = "shop") => Route(name)!["spec"]!.ToJsonString();

    public JsonObject? Service(string name) => town.Api.Store.Get(ResourceName.Services, Town.Namespace, name);

    public JsonObject? SecondIngress() => town.Api.Store.Get(Ingresses, Town.Namespace, "shop-canary");

    /// <summary>Weights of the shop's own rule by Service.</summary>
    public IReadOnlyDictionary<string, int> Weights() => Route()!["spec"]!["rules"]!.AsArray().Last()!["backendRefs"]!.AsArray()
        .ToDictionary(b => b!["name"]!.GetValue<string>(), b => b!["weight"]?.GetValue<int>() ?? 1);

    public int? CanaryWeight() => Weights().TryGetValue("web-canary", out var weight) ? weight : null;

    public string? IngressWeight() => SecondIngress()?["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-weight"]?.GetValue<string>();

    public async Task ApproveAsync()
    {
        await town.UntilPhaseAsync(Domain.Rollout.PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
    }

    /// <summary>Changes an object as somebody else would, until it is stored.</summary>
    public void Edit(ResourceName resource, string name, Action<JsonObject> change)
    {
        while (true)
        {
            var found = town.Api.Store.Get(resource, Town.Namespace, name)!;
            change(found);
            try
            {
                town.Api.Store.Update(resource, found);
                return;
            }
            catch (ConflictException)
            {
                // The operator or the gateway wrote in between.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await town.DisposeAsync();
    }
}

using System.Text.Json.Nodes;
using System.Threading.Channels;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Traffic;

/// <summary>Plays the controller of a Gateway: it follows every HTTPRoute and says so in the route's status, or refuses, or keeps silent.</summary>
public sealed class PlayedGateway : IAsyncDisposable
{
    public static readonly ResourceName HttpRoutes = new("gateway.networking.k8s.io", "v1", "httproutes");

    private readonly IObjectStore store;
    private readonly Channel<(string Namespace, string Name)> changed = Channel.CreateUnbounded<(string Namespace, string Name)>();
    private readonly IDisposable subscription;
    private readonly Task worker;
    private volatile bool isSilent;

    public PlayedGateway(IObjectStore store)
    {
        this.store = store;
        subscription = store.Subscribe(change =>
        {
            if (change.Resource == HttpRoutes && change.Type is not StoreEventType.Deleted)
            {
                changed.Writer.TryWrite((change.Value.Namespace(), change.Value.Name()));
            }
        });
        worker = Task.Run(WorkAsync);
        Wake();
    }

    /// <summary>It lives, but does not get round to reporting.</summary>
    public bool IsSilent
    {
        get => isSilent;
        set
        {
            isSilent = value;
            Wake();
        }
    }

    /// <summary>Reason and message with which it does not accept routes; null accepts them.</summary>
    public (string Reason, string Message)? Refusal { get; set; }

    /// <summary>Reports on every route anew.</summary>
    public void Wake()
    {
        foreach (var route in store.List(HttpRoutes))
        {
            changed.Writer.TryWrite((route.Namespace(), route.Name()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        subscription.Dispose();
        changed.Writer.TryComplete();
        await worker;
    }

    private async Task WorkAsync()
    {
        await foreach (var (ns, name) in changed.Reader.ReadAllAsync())
        {
            try
            {
                Report(ns, name);
            }
            catch (ConflictException)
            {
                changed.Writer.TryWrite((ns, name));
            }
        }
    }

    private void Report(string ns, string name)
    {
        if (isSilent || store.Get(HttpRoutes, ns, name) is not { } route)
        {
            return;
        }

        var parents = new JsonArray();
        foreach (var parent in (route["spec"]?["parentRefs"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var missing = Backends(route).FirstOrDefault(b => store.Get(ResourceName.Services, ns, b) is null);
            parents.Add((JsonNode)new JsonObject
            {
                ["parentRef"] = parent.DeepClone(),
                ["controllerName"] = "test.example/gateway",
                ["conditions"] = new JsonArray(
                    Condition(route, "Accepted", Refusal is null, Refusal?.Reason ?? "Accepted", Refusal?.Message ?? ""),
                    Condition(route, "ResolvedRefs", missing is null, missing is null ? "ResolvedRefs" : "BackendNotFound", missing is null ? "" : $"Service {missing} not found")),
            });
        }

        var status = new JsonObject { ["parents"] = parents };
        if (!JsonNode.DeepEquals(route["status"], status))
        {
            route["status"] = status;
            store.Update(HttpRoutes, route, statusOnly: true);
        }
    }

    private static IEnumerable<string> Backends(JsonObject route) =>
        from rule in (route["spec"]?["rules"] as JsonArray ?? []).OfType<JsonObject>()
        from backend in (rule["backendRefs"] as JsonArray ?? []).OfType<JsonObject>()
        where backend["namespace"] is null
        select backend["name"]!.GetValue<string>();

    private static JsonObject Condition(JsonObject route, string type, bool isTrue, string reason, string message) => new()
    {
        ["type"] = type,
        ["status"] = isTrue ? "True" : "False",
        ["reason"] = reason,
        ["message"] = message,
        ["observedGeneration"] = route["metadata"]!["generation"]!.GetValue<long>(),
        ["lastTransitionTime"] = "2026-11-23T09:00:00Z",
    };
}

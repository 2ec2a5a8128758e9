using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>
/// A small gateway in front of one namespace: it follows the HTTPRoute <c>shop</c>, sends each request to a Service by the rules' headers and weights, and reports what
/// it follows in the route's status. Every request is a new connection, so that the node's own balancing decides each time.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly string ns;
    private readonly Process proxy;
    private readonly HttpClient api;
    private readonly HttpClient backends = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly CancellationTokenSource closing = new();
    private readonly Dictionary<string, string> addresses = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<Rule> rules = [];
    private WebApplication? app;
    private Task? following;

    private Gateway(string ns, Process proxy, Uri api)
    {
        this.ns = ns;
        this.proxy = proxy;
        this.api = new HttpClient { BaseAddress = api, Timeout = TimeSpan.FromSeconds(5) };
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    private string Routes => $"apis/gateway.networking.k8s.io/v1/namespaces/{ns}/httproutes/shop";

    public static async Task<Gateway> OpenAsync(string ns)
    {
        await GatewayApi.InstallAsync();
        await Kubectl.ApplyAsync($$$"""
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: shop, namespace: {{{ns}}}, annotations: {owner: "team a"}}
            spec:
              parentRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}]
              rules:
              - matches: [{path: {type: PathPrefix, value: /}}]
                timeouts: {request: 5s}
                backendRefs: [{name: magento-web, port: 80}]
            """);
        var start = new ProcessStartInfo("kubectl", "proxy --port=0") { RedirectStandardOutput = true };
        var proxy = Process.Start(start)!;
        var line = await proxy.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("kubectl proxy said nothing");
        var gateway = new Gateway(ns, proxy, new Uri($"http://{line.Split(' ')[^1]}/"));
        await gateway.StartAsync();
        return gateway;
    }

    public async Task<JsonObject> RouteAsync() => JsonNode.Parse(await api.GetStringAsync(new Uri(Routes, UriKind.Relative)))!.AsObject();

    public async Task<string> SpecAsync() => (await RouteAsync())["spec"]!.ToJsonString();

    /// <summary>Weight of the canary's backend in the last rule, or null.</summary>
    public async Task<int?> CanaryWeightAsync() => (await RouteAsync())["spec"]!["rules"]!.AsArray()[^1]!["backendRefs"]!.AsArray()
        .Where(b => b!["name"]!.GetValue<string>() == "magento-web-canary").Select(b => (int?)b!["weight"]!.GetValue<int>()).SingleOrDefault();

    public Task EditAsync(string jsonPatch) => PatchAsync(Routes, jsonPatch, "application/json-patch+json");

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        if (following is not null)
        {
            await following;
        }

        if (app is not null)
        {
            await app.DisposeAsync();
        }

        proxy.Kill();
        proxy.Dispose();
        api.Dispose();
        backends.Dispose();
        closing.Dispose();
    }

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(ForwardAsync);
        await app.StartAsync();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        following = Task.Run(FollowAsync);
        await Eventually.IsTrueAsync(() => Task.FromResult(rules.Count > 0), "the gateway follows its route", 20);
    }

    private async Task FollowAsync()
    {
        while (!closing.IsCancellationRequested)
        {
            try
            {
                var route = await RouteAsync();
                rules = await Task.WhenAll(route["spec"]!["rules"]!.AsArray().Select(rule => ReadAsync(rule!.AsObject())));
                await ReportAsync(route);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                // The next round tries again; requests go on by what was known.
            }

            await Task.WhenAny(Task.Delay(100, closing.Token));
        }
    }

    private async Task<Rule> ReadAsync(JsonObject rule)
    {
        var header = rule["matches"]?[0]?["headers"]?[0];
        var targets = new List<(string Address, int Weight)>();
        foreach (var backend in rule["backendRefs"]!.AsArray())
        {
            targets.Add((await AddressAsync(backend!["name"]!.GetValue<string>()), backend["weight"]!.GetValue<int>()));
        }

        return new Rule(header?["name"]?.GetValue<string>(), header?["value"]?.GetValue<string>(), targets);
    }

    private async Task<string> AddressAsync(string service)
    {
        // A canary's Service is another one in each run, and never seen before it exists.
        if (!addresses.TryGetValue(service, out var address))
        {
            var found = await api.GetAsync(new Uri($"api/v1/namespaces/{ns}/services/{service}", UriKind.Relative));
            if (!found.IsSuccessStatusCode)
            {
                return "";
            }

            addresses[service] = address = JsonNode.Parse(await found.Content.ReadAsStringAsync())!["spec"]!["clusterIP"]!.GetValue<string>();
        }

        return address;
    }

    private async Task ReportAsync(JsonObject route)
    {
        var generation = route["metadata"]!["generation"]!.GetValue<long>();
        var resolved = rules.All(r => r.Targets.All(t => t.Address.Length > 0));
        var parents = new JsonArray([.. route["spec"]!["parentRefs"]!.AsArray().Select(parent => (JsonNode)new JsonObject
        {
            ["parentRef"] = parent!.DeepClone(),
            ["controllerName"] = "test.example/gateway",
            ["conditions"] = new JsonArray(Condition("Accepted", true, generation), Condition("ResolvedRefs", resolved, generation)),
        })]);
        if (JsonNode.DeepEquals(route["status"]?["parents"], parents))
        {
            return;
        }

        await PatchAsync($"{Routes}/status", new JsonObject { ["status"] = new JsonObject { ["parents"] = parents } }.ToJsonString(), "application/merge-patch+json");
    }

    private async Task PatchAsync(string path, string patch, string type)
    {
        using var content = new StringContent(patch, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var answer = await api.PatchAsync(new Uri(path, UriKind.Relative), content, closing.Token);
        answer.EnsureSuccessStatusCode();
    }

    private static JsonObject Condition(string type, bool isTrue, long generation) => new()
    {
        ["type"] = type,
        ["status"] = isTrue ? "True" : "False",
        ["reason"] = isTrue ? type : "BackendNotFound",
        ["message"] = "",
        ["observedGeneration"] = generation,
        ["lastTransitionTime"] = "2026-11-23T09:00:00Z",
    };

    private async Task ForwardAsync(HttpContext context)
    {
        var rule = rules.FirstOrDefault(r => r.Header is null || context.Request.Headers[r.Header] == r.Value);
        var total = rule?.Targets.Sum(t => t.Weight) ?? 0;
        if (total == 0)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        var at = Random.Shared.Next(total);
        var target = rule!.Targets.First(t => (at -= t.Weight) < 0);
        try
        {
            using var response = await AskAsync($"http://{target.Address}{context.Request.Path}{context.Request.QueryString}", context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Where(h => h.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase)))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            }
        }
    }

    /// <summary>
    /// By the Service's address, so kube-proxy is in between, which real gateways do without: what it refuses because it does not know the pods yet is tried again, at the same Service, for two seconds.
    /// </summary>
    private async Task<HttpResponseMessage> AskAsync(string address, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.ConnectionClose = true;
                return await backends.SendAsync(request, ct);
            }
            catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError && attempt < 20)
            {
                await Task.Delay(100, ct);
            }
        }
    }

    private sealed record Rule(string? Header, string? Value, IReadOnlyList<(string Address, int Weight)> Targets);
}

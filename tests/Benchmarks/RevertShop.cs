using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics;
using PatchOperator.Patches;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;

namespace PatchOperator.Benchmarks;

/// <summary>An API server, controllers, some shops behind their Services, and the operator, all in this process.</summary>
internal sealed class RevertShop : IAsyncDisposable
{
    public const string Namespace = "shop";
    public static readonly string Stable = $"registry.example.com/magento@sha256:{new string('1', 64)}";
    private static readonly string Patched = $"registry.example.com/magento@sha256:{new string('2', 64)}";
    private static readonly ResourceName Patches = new("patchoperator.io", "v1alpha1", "emergencypatches");

    private readonly ClusterControllers controllers;
    private readonly IHost host;
    private readonly int count;

    private RevertShop(ApiServer api, int count)
    {
        Api = api;
        this.count = count;
        Pods = new FakePodRuntime(TimeProvider.System);
        controllers = new ClusterControllers(api.Store, Pods, TimeProvider.System);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging();
        builder.Services.AddSingleton(new KubernetesClientConfiguration { Host = api.Address.ToString().TrimEnd('/'), Namespace = "default" });
        builder.Services.AddSingleton(new PatchOperator.Runtime.RuntimeMetrics(Prometheus.Metrics.NewCustomRegistry()));
        builder.Services.AddPatchOperator(Settings.From(_ => null) with { LeaderElection = false });
        builder.Services.AddSingleton<Func<MetricProviderSpec, IMetricProvider>>(_ => _ => Metrics);
        host = builder.Build();
    }

    public ApiServer Api { get; }

    public FakePodRuntime Pods { get; }

    public PlayedMetrics Metrics { get; } = new();

    public static async Task<RevertShop> OpenAsync(int count)
    {
        var api = await ApiServer.StartAsync(new ApiServerOptions { CrdPaths = [.. Directory.GetFiles(Path.Combine(Root(), "crds"), "*.yaml")] });
        var shop = new RevertShop(api, count);
        foreach (var name in shop.Names)
        {
            api.Store.Create(ResourceName.Services, Json($$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}","namespace":"{{{Namespace}}}"},"spec":{"selector":{"app":"{{{name}}}"},"ports":[{"port":80}]}}"""));
            api.Store.Create(ResourceName.Deployments, Json($$$$$"""
                {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{{{name}}}}}","namespace":"{{{{{Namespace}}}}}"},
                 "spec":{"replicas":4,"selector":{"matchLabels":{"app":"{{{{{name}}}}}"}},
                         "template":{"metadata":{"labels":{"app":"{{{{{name}}}}}"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{Stable}}}}}"}]}}}}
                """));
        }

        await UntilAsync(() => shop.Names.All(n => shop.Serving(n).Count() == 4));
        await shop.host.StartAsync();
        return shop;
    }

    /// <summary>Every shop gets its patch and is in its first step, with half of its traffic on the canary.</summary>
    public async Task StartRunsAsync()
    {
        foreach (var name in Names)
        {
            Api.Store.Create(Patches, Json($$$"""
                {"apiVersion":"patchoperator.io/v1alpha1","kind":"EmergencyPatch","metadata":{"name":"{{{name}}}","namespace":"{{{Namespace}}}"},
                 "spec":{"workloads":[{"name":"web","deployment":"{{{name}}}","containers":[{"name":"php","image":"{{{Patched}}}"}]}],
                         "canary":{"steps":[{"weight":50,"hold":"10m"}]},
                         "analysis":{"provider":{"podMetrics":{"port":9113}},"interval":"1s",
                                     "metrics":[{"name":"http-errors","preset":"podMetrics","maxRate":"2%","compareWith":"Stable","minRequests":50}]} }}
                """));
        }

        await UntilAsync(() => Names.All(n => Patch(n)["status"]?["phase"]?.GetValue<string>() == "AwaitingApproval"));
        foreach (var name in Names)
        {
            Annotate(name, Commands.Approve);
        }

        await UntilAsync(() => Names.All(n => Patch(n)["status"]?["step"]?["readyAt"] is not null && Serving(n).Count() == 8));
    }

    public async Task<IReadOnlyCollection<RevertLatency>> RevertAsync(bool abort)
    {
        var gone = new ConcurrentDictionary<string, TimeSpan>();
        var over = new ConcurrentDictionary<string, TimeSpan>();
        var begun = TimeProvider.System.GetTimestamp();
        using var watch = Api.Store.Subscribe(change =>
        {
            var name = change.Value["metadata"]!["name"]!.GetValue<string>();
            if (change.Resource == ResourceName.Endpoints && !Addresses(change.Value).Any(a => a.Contains("-canary-", StringComparison.Ordinal)))
            {
                gone.TryAdd(name, TimeProvider.System.GetElapsedTime(begun));
            }
            else if (change.Resource == Patches && change.Value["status"]?["phase"]?.GetValue<string>() == "Reverted")
            {
                over.TryAdd(name, TimeProvider.System.GetElapsedTime(begun));
            }
        });
        if (abort)
        {
            foreach (var name in Names)
            {
                Annotate(name, Commands.Abort);
            }
        }
        else
        {
            Metrics.Mode = MetricsMode.Bad;
        }

        await UntilAsync(() => Names.All(n => gone.ContainsKey(n) && over.ContainsKey(n)));
        return [.. Names.Select(n => new RevertLatency(gone[n], over[n]))];
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await controllers.DisposeAsync();
        await Api.DisposeAsync();
    }

    private IReadOnlyList<string> Names => [.. Enumerable.Range(0, count).Select(i => $"web-{i}")];

    private JsonObject Patch(string name) => Api.Store.Get(Patches, Namespace, name)!;

    private IEnumerable<string> Serving(string name) => Addresses(Api.Store.Get(ResourceName.Endpoints, Namespace, name));

    private static IEnumerable<string> Addresses(JsonObject? endpoints) =>
        (endpoints?["subsets"] as JsonArray ?? []).SelectMany(s => s!["addresses"] as JsonArray ?? []).Select(a => a!["targetRef"]!["name"]!.GetValue<string>());

    private void Annotate(string name, string command)
    {
        while (true)
        {
            var patch = Patch(name);
            var annotations = patch["metadata"]!["annotations"]?.DeepClone().AsObject() ?? [];
            annotations[Annotations.CommandPrefix + command] = "benchmark";
            patch["metadata"]!["annotations"] = annotations;
            try
            {
                Api.Store.Update(Patches, patch);
                return;
            }
            catch (ConflictException)
            {
                // The operator wrote in between.
            }
        }
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromMinutes(2))
            {
                throw new InvalidOperationException("Not reached within 2 minutes");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PatchOperator.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}

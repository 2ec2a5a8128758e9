using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>An API server inside the process: real enough for kubectl and for an operator, and it can be made to fail on command.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    /// <summary>As JSON, by file and its age: reading YAML takes longer than all else at the start of a server, and tests start thousands.</summary>
    private static readonly ConcurrentDictionary<(string File, DateTime Written), string[]> Definitions = new();

    private readonly WebApplication _web;

    private ApiServer(WebApplication web, Uri address, IObjectStore store, FaultInjector faults, RequestLog requests)
    {
        _web = web;
        Address = address;
        Store = store;
        Faults = faults;
        Requests = requests;
    }

    /// <summary>Plain http on the loopback address.</summary>
    public Uri Address { get; }

    public IObjectStore Store { get; }

    public FaultInjector Faults { get; }

    public RequestLog Requests { get; }

    public static async Task<ApiServer> StartAsync(ApiServerOptions options, CancellationToken cancellationToken = default)
    {
        var store = new VersionedStore();
        var kinds = new KindRegistry();
        var registry = new ResourceRegistry(store, kinds, options);
        var watches = new WatchHub(store, options.TimeProvider);
        var connections = new ConnectionGate();
        var faults = new FaultInjector(store, watches, connections);
        var requests = new RequestLog();
        var endpoint = new ResourceEndpoint(store, registry, kinds, watches, new WebhookChain(store, new WebhookCaller(options)), options);
        var pipeline = new RequestPipeline(endpoint, new Discovery(kinds), faults, requests, watches, options);
        var facade = new ObjectStoreFacade(store, registry, kinds, options.TimeProvider);
        Seed(facade, options);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();

        // A test that ends must not wait for its own watches.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 3 * 1024 * 1024;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => connections.RunAsync(connection, next));
            });
        });
        var web = builder.Build();
        web.Run(pipeline.HandleAsync);
        await web.StartAsync(cancellationToken);
        var address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ApiServer(web, new Uri(address), facade, faults, requests);
    }

    /// <summary>
    /// Writes a kubeconfig with one context in the namespace default, and returns its path.
    /// The server looks at no credentials, but KubernetesClient refuses a user without any.
    /// </summary>
    public string WriteKubeconfig(string path)
    {
        File.WriteAllText(path, $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: in-process
              cluster: {"{"}server: "{Address.ToString().TrimEnd('/')}"{"}"}
            users:
            - name: in-process
              user: {"{"}token: in-process{"}"}
            contexts:
            - name: in-process
              context: {"{"}cluster: in-process, user: in-process, namespace: default{"}"}
            current-context: in-process

            """);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Faults.DropWatches();
        await _web.DisposeAsync();
    }

    private static void Seed(ObjectStoreFacade store, ApiServerOptions options)
    {
        foreach (var ns in (string[])["default", "kube-system"])
        {
            store.Create(BuiltInKinds.Namespaces, new() { ["metadata"] = new JsonObject { ["name"] = ns } });
        }

        var files = options.CrdPaths.SelectMany(path => Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : (IEnumerable<string>)[path]);
        foreach (var definition in files.SelectMany(file => Definitions.GetOrAdd((file, File.GetLastWriteTimeUtc(file)), _ => ReadDefinitions(file))))
        {
            store.Create(BuiltInKinds.CustomResourceDefinitions, JsonNode.Parse(definition)!.AsObject());
        }
    }

    private static string[] ReadDefinitions(string file) =>
        [.. YamlReader.ReadAll(File.ReadAllText(file)).Where(d => d.Text("kind") == "CustomResourceDefinition").Select(d => d.ToJsonString())];

    /// <summary>Signals belong to the program that this server is part of.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

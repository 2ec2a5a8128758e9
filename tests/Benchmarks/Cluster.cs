using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using k8s;

namespace PatchOperator.Benchmarks;

/// <summary>The API server as the benchmarks use it: plain JSON, in one namespace that is removed at the end.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly Kubernetes client;
    private readonly HttpClient http;
    private readonly Uri root;

    private Cluster(Kubernetes client, string ns)
    {
        this.client = client;
        http = client.HttpClient;
        root = client.BaseUri;
        Namespace = ns;
    }

    public string Namespace { get; }

    public string PatchesPath => $"apis/patchoperator.io/v1alpha1/namespaces/{Namespace}/emergencypatches";

    public string LeasePath => $"apis/coordination.k8s.io/v1/namespaces/{Namespace}/leases/patch-operator";

    public static async Task<Cluster> ConnectAsync(string kubeconfig)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        var cluster = new Cluster(new Kubernetes(configuration), $"patch-bench-{Environment.ProcessId}");
        await cluster.PostAsync("api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = cluster.Namespace } });
        return cluster;
    }

    /// <summary>A Deployment without replicas: its patch is accepted and then waits for its approval for ever.</summary>
    public Task CreateDeploymentAsync(string name) => PostAsync($"apis/apps/v1/namespaces/{Namespace}/deployments", JsonNode.Parse($$$"""
        {
          "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "{{{name}}}", "labels": {"app": "{{{name}}}"}},
          "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "{{{name}}}"}},
            "template": {
              "metadata": {"labels": {"app": "{{{name}}}"}},
              "spec": {"containers": [{"name": "php", "image": "registry.example.com/magento@sha256:{{{new string('1', 64)}}}", "ports": [{"containerPort": 8080}]}]}
            }
          }
        }
        """)!);

    public Task CreatePatchAsync(string name, string deployment) => PostAsync(PatchesPath, JsonNode.Parse($$$"""
        {
          "apiVersion": "patchoperator.io/v1alpha1", "kind": "EmergencyPatch", "metadata": {"name": "{{{name}}}"},
          "spec": {
            "advisory": {"id": "APSB25-88", "cves": ["CVE-2025-54236"], "severity": "Critical", "remediateBy": "2199-01-01T00:00:00Z"},
            "workloads": [{"name": "web", "deployment": "{{{deployment}}}", "containers": [{"name": "php", "image": "registry.example.com/magento@sha256:{{{new string('2', 64)}}}"}]}],
            "canary": {"steps": [{"weight": 5, "hold": "2m"}, {"weight": 25, "hold": "5m"}, {"weight": 50, "hold": "5m"}]},
            "analysis": {
              "provider": {"podMetrics": {"port": 9113}}, "interval": "5s",
              "metrics": [{"name": "http-errors", "preset": "podMetrics", "maxRate": "2%", "compareWith": "Stable", "minRequests": 50}]
            }
          }
        }
        """)!);

    public async Task<JsonObject> GetAsync(string path)
    {
        using var response = await http.GetAsync(new Uri(root, path));
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
    }

    public async Task PostAsync(string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), MediaTypeHeaderValue.Parse("application/json"));
        using var response = await http.PostAsync(new Uri(root, path), content);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"POST {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }

    public async Task DeleteAsync(string path)
    {
        using var response = await http.DeleteAsync(new Uri(root, path));
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            response.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Removes the finalizers too, for when no operator runs.</summary>
    public async Task ForcePatchAwayAsync(string name)
    {
        using var content = new StringContent("""{"metadata":{"finalizers":null}}""", MediaTypeHeaderValue.Parse("application/merge-patch+json"));
        using var response = await http.PatchAsync(new Uri(root, $"{PatchesPath}/{name}"), content);
        await DeleteAsync($"{PatchesPath}/{name}");
    }

    /// <summary>Changes of the patches from now on, as they come.</summary>
    public async IAsyncEnumerable<JsonObject> WatchPatchesAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var version = (await GetAsync(PatchesPath))["metadata"]!["resourceVersion"]!.GetValue<string>();
        using var response = await http.GetAsync(new Uri(root, $"{PatchesPath}?watch=true&resourceVersion={version}"), HttpCompletionOption.ResponseHeadersRead, stop);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            yield return JsonNode.Parse(line)!.AsObject();
        }
    }

    public async Task<IReadOnlyDictionary<string, int>> PhasesAsync()
    {
        var list = await GetAsync(PatchesPath);
        return list["items"]!.AsArray().CountBy(item => item!["status"]?["phase"]?.GetValue<string>() ?? "none").ToDictionary();
    }

    public async ValueTask DisposeAsync()
    {
        var names = (await GetAsync(PatchesPath))["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>()).ToArray();
        await Parallel.ForEachAsync(names, async (name, _) => await ForcePatchAwayAsync(name));
        await DeleteAsync($"api/v1/namespaces/{Namespace}");
        client.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>
/// A real Prometheus that scrapes the pods of one namespace. Debian builds it without Kubernetes discovery, so the pods are written to a
/// file that it watches; labels are those that discovery with the usual relabelling gives: namespace and pod.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process process;
    private readonly DirectoryInfo folder;
    private readonly CancellationTokenSource closing = new();
    private readonly Task discovery;

    private PrometheusServer(Process process, DirectoryInfo folder, Uri address, string ns)
    {
        (this.process, this.folder, Address) = (process, folder, address);
        discovery = Task.Run(() => DiscoverAsync(ns));
    }

    public Uri Address { get; }

    public static async Task<PrometheusServer> StartAsync(string ns, TimeSpan scrapeInterval)
    {
        var binary = Environment.GetEnvironmentVariable("PROMETHEUS") is { Length: > 0 } given ? given : "prometheus";
        var folder = Directory.CreateTempSubdirectory("prometheus");
        var port = FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "pods.json"), "[]");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "prometheus.yml"), $"""
            global: {"{"}scrape_interval: {scrapeInterval.TotalMilliseconds}ms, scrape_timeout: {scrapeInterval.TotalMilliseconds}ms{"}"}
            scrape_configs:
            - job_name: pods
              file_sd_configs: [{"{"}files: [{folder.FullName}/pods.json], refresh_interval: 1s{"}"}]
            """);
        var start = new ProcessStartInfo(binary, $"--config.file={folder.FullName}/prometheus.yml --storage.tsdb.path={folder.FullName}/data --web.listen-address=127.0.0.1:{port} --log.level=warn")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var server = new PrometheusServer(process, folder, new Uri($"http://127.0.0.1:{port}"), ns);
        using var client = new HttpClient();
        await Eventually.IsTrueAsync(async () => await AnswersAsync(client, new Uri(server.Address, "/-/ready")), "Prometheus is ready", 60);
        return server;
    }

    public async Task WaitForPodsAsync(int pods)
    {
        using var client = new HttpClient();
        await Eventually.IsTrueAsync(
            async () => (await client.GetStringAsync(new Uri(Address, "/api/v1/query?query=count(increase(http_requests_total%7Bpath=%22/%22,status=%22200%22%7D%5B1m%5D))")))
                .Contains($"\"{pods}\"", StringComparison.Ordinal),
            $"Prometheus has scraped {pods} pods twice",
            60);
    }

    /// <summary>It takes connections and answers none, as a server does that is out of memory.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await discovery;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
        closing.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    private async Task DiscoverAsync(string ns)
    {
        while (!closing.IsCancellationRequested)
        {
            var targets = (await ClusterReads.ListAsync(Kinds.Pods, ns))
                .Where(p => p["status"]?["podIP"] is not null && p["metadata"]!["annotations"]?["prometheus.io/scrape"] is not null)
                .Select(p => (JsonNode)new JsonObject
                {
                    ["targets"] = new JsonArray($"{p["status"]!["podIP"]}:{p["metadata"]!["annotations"]!["prometheus.io/port"]}"),
                    ["labels"] = new JsonObject { ["namespace"] = ns, ["pod"] = p["metadata"]!["name"]!.GetValue<string>() },
                }).ToArray();
            var file = Path.Combine(folder.FullName, "pods.json");
            await File.WriteAllTextAsync(file + ".new", new JsonArray(targets).ToJsonString());
            File.Move(file + ".new", file, overwrite: true);
            await Task.WhenAny(Task.Delay(500, closing.Token));
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri address)
    {
        try
        {
            using var response = await client.GetAsync(address);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.Crds;

namespace PatchOperator.Tests.Cluster.Patches;

public enum SyncMode
{
    ServerSide,
    ClientSide,
    Replace,
}

/// <summary>
/// Plays what Argo CD does to one object: applies the manifest that Git has, in one of its three ways, again and again.
/// </summary>
internal sealed class PlayedArgo(Uri server, string path, JsonObject manifest, SyncMode mode) : IDisposable
{
    public const string Manager = "argocd-controller";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private readonly HttpClient http = new() { BaseAddress = server, Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>What Git names now.</summary>
    public JsonObject Manifest { get; set; } = manifest;

    public int Syncs { get; private set; }

    public async Task SyncAsync()
    {
        Syncs++;
        switch (mode)
        {
            case SyncMode.ServerSide:
                await SendAsync(HttpMethod.Patch, $"{path}?fieldManager={Manager}&force=true", Manifest, "application/apply-patch+yaml");
                break;
            case SyncMode.ClientSide:
                await ApplyClientSideAsync();
                break;
            case SyncMode.Replace:
                await ReplaceAsync();
                break;
        }
    }

    /// <summary>Every so often, until the returned handle is disposed.</summary>
    public IAsyncDisposable SyncEvery(TimeSpan interval) => new Loop(this, interval);

    /// <summary>With the shipped <c>ignoreDifferences</c>: no difference where one of their <c>managedFieldsManagers</c> owns the image, or a route's rules.</summary>
    public async Task<bool> SeesDifferenceAsync()
    {
        var live = await SendAsync(HttpMethod.Get, path, null, "application/json");
        var managers = Ignored(live["apiVersion"]!.GetValue<string>(), live["kind"]!.GetValue<string>());
        var (field, differs) = live["kind"]!.GetValue<string>() == "HTTPRoute"
            ? ("f:rules", !JsonNode.DeepEquals(live["spec"]!["rules"], Manifest["spec"]!["rules"]))
            : ("f:image", Image(live) != Image(Manifest));
        return differs && !live["metadata"]!["managedFields"]!.AsArray().Any(e => managers.Contains(e!["manager"]!.GetValue<string>()) && e.ToJsonString().Contains(field, StringComparison.Ordinal));
    }

    /// <summary>Self-heal: a sync follows only where a difference is seen.</summary>
    public async Task HealAsync()
    {
        if (await SeesDifferenceAsync())
        {
            await SyncAsync();
        }
    }

    private static string[] Ignored(string apiVersion, string kind) =>
    [
        .. CrdSchemas.ReadFile(Path.Combine(CrdSchemas.RepositoryRoot, "examples", "argocd", "application.yaml")).Single()["spec"]!["ignoreDifferences"]!.AsArray()
            .Where(i => i!["group"]!.GetValue<string>() == apiVersion.Split('/')[0] && i["kind"]!.GetValue<string>() == kind)
            .SelectMany(i => i!["managedFieldsManagers"]!.AsArray().Select(m => m!.GetValue<string>())),
    ];

    public void Dispose() => http.Dispose();

    public static string? Image(JsonObject deployment) => deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]?.GetValue<string>();

    /// <summary>Three ways: what Git says now, what it said last (the annotation), and what is there.</summary>
    private async Task ApplyClientSideAsync()
    {
        var live = await SendAsync(HttpMethod.Get, path, null, "application/json");
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [LastApplied] = Manifest.ToJsonString() } } };
        if (Image(live) != Image(Manifest))
        {
            patch["spec"] = new JsonObject
            {
                ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "php", ["image"] = Image(Manifest) }) } },
            };
        }

        await SendAsync(HttpMethod.Patch, $"{path}?fieldManager={Manager}", patch, "application/strategic-merge-patch+json");
    }

    /// <summary>As kubectl replace does: the newest version is asked for and overwritten, whatever is in it.</summary>
    private async Task ReplaceAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            var live = await SendAsync(HttpMethod.Get, path, null, "application/json");
            var whole = Manifest.DeepClone().AsObject();
            whole["metadata"]!["resourceVersion"] = live["metadata"]!["resourceVersion"]!.GetValue<string>();
            try
            {
                await SendAsync(HttpMethod.Put, $"{path}?fieldManager={Manager}", whole, "application/json");
                return;
            }
            catch (InvalidOperationException) when (attempt < 20)
            {
                // Someone wrote in between.
            }
        }
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string to, JsonObject? body, string media)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, to);
            if (body is not null)
            {
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(media);
            }

            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return JsonNode.Parse(text)!.AsObject();
            }

            if ((int)response.StatusCode != 409 || method == HttpMethod.Put || attempt == 10)
            {
                throw new InvalidOperationException($"{method} {to}: {text}");
            }
        }
    }

    private sealed class Loop : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task task;

        public Loop(PlayedArgo argo, TimeSpan interval) => task = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(interval);
            while (!stop.IsCancellationRequested)
            {
                await argo.SyncAsync();
                await timer.WaitForNextTickAsync(stop.Token).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
            }
        });

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await task;
            stop.Dispose();
        }
    }
}

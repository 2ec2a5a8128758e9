using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Crds;

namespace PatchOperator.Demo.Worlds;

/// <summary>The user's own cluster: a namespace of the demo's own in it, and the operator on this machine unless the cluster runs one.</summary>
internal sealed class ClusterWorld : IWorld
{
    private const string Ns = "patch-operator-demo";
    private const string ApprovingPerson = "approver@example.com";
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(90);

    private readonly Settings _settings;
    private readonly string _folder = Directory.CreateTempSubdirectory("patch-operator-demo-").FullName;
    private readonly List<JsonObject> _applied = [];

    private ClusterWorld(Settings settings)
    {
        _settings = settings;
        Api = ClusterApi.Connect(settings.Kubeconfig!);
    }

    public string Kubeconfig => _settings.Kubeconfig!;

    public string Namespace => Ns;

    public ShopImages Images => _settings.Images!;

    public ClusterApi Api { get; }

    public Uri Shop { get; private set; } = null!;

    public bool BalancesByConnection => true;

    public string? Approver { get; private set; }

    public OperatorProcess? Operator { get; private set; }

    public static async Task<ClusterWorld> StartAsync(Settings settings, Action<string> progress, CancellationToken cancellation)
    {
        var world = new ClusterWorld(settings);
        try
        {
            await world.BuildAsync(progress, cancellation);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Patches go while the operator still runs: it gives their traffic back before it lets them go.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(CleanUpPatience);
        try
        {
            if (_applied.Exists(each => each.Text("kind") == "Namespace"))
            {
                await DeletePatchesAsync(patience.Token);
            }
        }
        catch (Exception error) when (error is DemoException or OperationCanceledException)
        {
            Console.Error.WriteLine($"The demo's EmergencyPatches in namespace {Ns} are not all deleted: {error.Message}");
        }

        if (Operator is not null)
        {
            await Operator.DisposeAsync();
        }

        try
        {
            foreach (var manifest in Enumerable.Reverse(_applied))
            {
                await Api.DeleteAsync(ObjectPath.Of(manifest), patience.Token);
            }

            // Or the next demo would find it terminating.
            while (await Api.GetAsync(ObjectPath.Namespace(Ns), patience.Token) is not null && _applied.Exists(each => each.Text("kind") == "Namespace"))
            {
                await Task.Delay(300, patience.Token);
            }
        }
        catch (Exception error) when (error is DemoException or OperationCanceledException)
        {
            Console.Error.WriteLine($"The demo could not clean up after itself ({error.Message}). Delete namespace {Ns}.");
        }

        Api.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task BuildAsync(Action<string> progress, CancellationToken cancellation)
    {
        progress($"on {Api.Server}");
        if (await Api.GetAsync(ObjectPath.Namespace(Ns), cancellation) is not null)
        {
            throw new DemoException($"Namespace {Ns} exists already. Another demo runs there, or one was killed; delete the namespace and try again.");
        }

        foreach (var definition in CrdSchemas.ByKind.Values)
        {
            await InstallAsync(definition, cancellation);
        }

        progress("shop: four storefront pods");
        foreach (var manifest in Manifests.Parse(Manifests.Shop(Ns, Images.Stable)))
        {
            await ApplyAsync(manifest, cancellation);
        }

        await this.WhenShopServesAsync(cancellation);
        Shop = _settings.ShopUrl ?? await ServiceAddressAsync(cancellation);
        if (await InstalledOperatorAsync(cancellation) is { } installed)
        {
            progress($"nothing more: the cluster runs an operator, {installed}");
            foreach (var right in Manifests.Parse(Manifests.ApproverRights(Ns, ApprovingPerson)))
            {
                await ApplyAsync(right, cancellation);
            }

            Approver = ApprovingPerson;
            return;
        }

        await CheckPodsAreReachableAsync(cancellation);
        progress("operator, a process on this machine");
        Operator = await OperatorProcess.StartAsync(Kubeconfig, Ns, _folder, cancellation);
    }

    /// <summary>Definitions that are there are somebody's own, perhaps newer, and stay as they are.</summary>
    private async Task InstallAsync(JsonObject definition, CancellationToken cancellation)
    {
        var path = ObjectPath.Of(definition);
        if (await Api.GetAsync(path, cancellation) is not null)
        {
            return;
        }

        _applied.Add(definition);
        await Api.CreateAsync(definition, cancellation);
        while ((await Api.GetAsync(path, cancellation)).Objects("status", "conditions").All(each => each.Text("type") != "Established" || each.Text("status") != "True"))
        {
            await Task.Delay(200, cancellation);
        }
    }

    private async Task ApplyAsync(JsonObject manifest, CancellationToken cancellation)
    {
        // Noted first: an answer that is lost must not leave an object behind.
        _applied.Add(manifest);
        await Api.ApplyAsync(manifest, cancellation);
    }

    private async Task<Uri> ServiceAddressAsync(CancellationToken cancellation)
    {
        var service = await Api.GetAsync(ObjectPath.Service(Ns, Manifests.Service), cancellation);
        return service.Text("spec", "clusterIP") is { } address and not "None" ? new UriBuilder("http", address).Uri
            : throw new DemoException("The Service has no ClusterIP; set DEMO_SHOP_URL to where the shop can be reached.");
    }

    private async Task<string?> InstalledOperatorAsync(CancellationToken cancellation) =>
        (await Api.ListAsync("apis/apps/v1/deployments?labelSelector=app.kubernetes.io/name%3Dpatch-operator", cancellation))
            .Where(deployment => deployment.Integer("status", "readyReplicas") > 0)
            .Select(deployment => $"{deployment.Namespace()}/{deployment.Name()}")
            .FirstOrDefault();

    /// <summary>The operator reads the pods' metrics itself; better a sentence now than an analysis that holds for ever.</summary>
    private async Task CheckPodsAreReachableAsync(CancellationToken cancellation)
    {
        var pod = (await Api.ListAsync(ObjectPath.Pods(Ns), cancellation)).First(each => each.Text("status", "podIP") is not null);
        var metrics = new UriBuilder("http", pod.Text("status", "podIP"), 9113, "/metrics").Uri;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            await http.GetStringAsync(metrics, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new DemoException($"The operator would run on this machine and read the pods' metrics, and {metrics} cannot be reached from here: {error.Message}. "
                + "Install the operator in the cluster (charts/patch-operator) and start the demo again, or start it on a machine that reaches pods.");
        }
    }

    private async Task DeletePatchesAsync(CancellationToken cancellation)
    {
        foreach (var patch in await Api.ListAsync(ObjectPath.AllPatches(Ns), cancellation))
        {
            await Api.DeleteAsync(ObjectPath.Patch(Ns, patch.Name()), cancellation);
        }

        while (Operator?.Ended is null && (await Api.ListAsync(ObjectPath.AllPatches(Ns), cancellation)).Count > 0)
        {
            await Task.Delay(300, cancellation);
        }
    }
}

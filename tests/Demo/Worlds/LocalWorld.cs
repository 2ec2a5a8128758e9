using System.Security.Cryptography;
using System.Text;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using PatchOperator.TestKit.Crds;
using PatchOperator.TestKit.Traffic;

namespace PatchOperator.Demo.Worlds;

/// <summary>A whole small cluster on this machine: the API server in this process, and every pod a real process on a loopback address of its own.</summary>
internal sealed class LocalWorld : IWorld
{
    private const string Ns = "shop";

    // Last in, first out: whatever was started is stopped in reverse, also when the start fails half way.
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("patch-operator-demo-").FullName;

    private LocalWorld()
    {
    }

    public string Kubeconfig { get; private set; } = "";

    public string Namespace => Ns;

    public ShopImages Images { get; } = new(Image("1.0"), Image("1.1"), Image("1.2"));

    public ClusterApi Api { get; private set; } = null!;

    public Uri Shop { get; private set; } = null!;

    public bool BalancesByConnection => false;

    public string? Approver => null;

    public OperatorProcess? Operator { get; private set; }

    public static async Task<LocalWorld> StartAsync(Action<string> progress, CancellationToken cancellation)
    {
        var world = new LocalWorld();
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

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }

        Api?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task BuildAsync(Action<string> progress, CancellationToken cancellation)
    {
        progress("API server, in this process");
        var server = Started(await ApiServer.StartAsync(new() { CrdPaths = [Path.Combine(CrdSchemas.RepositoryRoot, "crds")] }, cancellation));
        Kubeconfig = server.WriteKubeconfig(Path.Combine(_folder, "kubeconfig"));
        Api = ClusterApi.Connect(Kubeconfig);

        var runtime = Started(new ProcessPodRuntime(TimeProvider.System));
        runtime.SetCommand(Images.Stable, Storefront("1.0"));
        runtime.SetCommand(Images.Healthy, Storefront("1.1"));
        runtime.SetCommand(Images.Bad, Storefront("1.2-bad", "--fail", "/checkout=20%:500"));
        Started(new ClusterControllers(server.Store, runtime, TimeProvider.System, new() { Nodes = ["node-1", "node-2"] }));

        progress("shop: four storefront processes behind a front door");
        foreach (var manifest in Manifests.Parse(Manifests.Shop(Ns, Images.Stable)))
        {
            await Api.ApplyAsync(manifest, cancellation);
        }

        var door = Started(await FrontDoor.StartAsync(server.Store, Ns, Manifests.Service, cancellationToken: cancellation));
        Shop = door.BaseAddress;

        progress("operator, a process of its own");
        Operator = Started(await OperatorProcess.StartAsync(Kubeconfig, watchNamespace: null, _folder, cancellation));
        await this.WhenShopServesAsync(cancellation);
    }

    private T Started<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private static LaunchCommand Storefront(string version, params string[] behaviour) =>
        new("dotnet", [Programs.Storefront, "--version", version, "--drain", "2", .. behaviour]) { Environment = new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" } };

    private static string Image(string version) =>
        $"registry.example.com/shop/storefront@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(version)))}";
}

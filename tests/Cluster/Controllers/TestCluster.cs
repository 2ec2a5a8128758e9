using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

/// <summary>A cluster whose pods are states and whose time moves only when a test says so.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Namespace = "shop";

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<string> _errors = new();

    public TestCluster()
    {
        Store = new(Clock);
        Pods = new(Clock);
        Controllers = new(Store, Pods, Clock, new() { OnError = (controller, error) => _errors.Enqueue($"{controller}: {error}") });
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero));

    public MemoryStore Store { get; }

    public FakePodRuntime Pods { get; }

    public ClusterControllers Controllers { get; }

    /// <summary>Lets time pass until it is so.</summary>
    public async Task UntilAsync(Func<bool> condition, TimeSpan? within = null, Action? always = null)
    {
        var end = Clock.GetUtcNow() + (within ?? TimeSpan.FromMinutes(2));
        await SettleAsync();
        always?.Invoke();
        while (!condition())
        {
            Assert.True(Clock.GetUtcNow() < end, $"It did not come to pass. Errors: {string.Join("; ", _errors)}");
            Clock.Advance(Step);
            await SettleAsync();
            always?.Invoke();
        }
    }

    public Task PassAsync(TimeSpan time, Action? always = null)
    {
        var end = Clock.GetUtcNow() + time;
        return UntilAsync(() => Clock.GetUtcNow() >= end, time + Step, always);
    }

    public async Task SettleAsync()
    {
        // A pod that finishes stopping does so on the thread pool, just after its timer.
        for (var round = 0; round < 3; round++)
        {
            await Task.Yield();
            await Controllers.WhenIdleAsync();
        }
    }

    public JsonObject Get(ResourceName resource, string name) => Store.Get(resource, Namespace, name) ?? throw new KeyNotFoundException(name);

    public JsonObject Deployment(string name = "web") => Get(ResourceName.Deployments, name);

    public int Status(string field, string name = "web") => (int?)Deployment(name)["status"]?[field] ?? 0;

    public string? Condition(string type, string field = "reason") =>
        (string?)Deployment()["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == type)?[field];

    public IReadOnlyList<JsonObject> LivePods(string? image = null) => [.. Store.List(ResourceName.Pods, Namespace)
        .Where(pod => pod["metadata"]!["deletionTimestamp"] is null && (image is null || Image(pod) == image))];

    public IReadOnlyList<JsonObject> ReplicaSets() => Store.List(ResourceName.ReplicaSets, Namespace);

    public IReadOnlyList<string> Addresses(string field = "addresses", string service = "web") =>
        [.. Get(ResourceName.Endpoints, service)["subsets"]!.AsArray()
            .SelectMany(subset => subset![field]?.AsArray() ?? []).Select(address => (string)address!["targetRef"]!["name"]!)];

    public bool IsComplete(string image, int replicas, string name = "web") =>
        (int?)Deployment(name)["status"]?["observedGeneration"] == (int?)Deployment(name)["metadata"]!["generation"]
        && Status("updatedReplicas", name) == replicas && Status("availableReplicas", name) == replicas && Status("replicas", name) == replicas
        && LivePods(image).Count == replicas;

    public void SetImage(string image) => Store.Change(ResourceName.Deployments, "web",
        deployment => deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = image);

    public void Scale(int replicas) => Store.Change(ResourceName.Deployments, "web", deployment => deployment["spec"]!["replicas"] = replicas);

    public void CreateDeployment(string image = "shop:1", int replicas = 4, Action<JsonObject>? change = null, string name = "web")
    {
        var deployment = Manifests.Deployment(name, image, replicas);
        change?.Invoke(deployment);
        Store.Create(ResourceName.Deployments, deployment);
    }

    public void CreateService(string name = "web") => Store.Create(ResourceName.Services, Manifests.Service(name));

    public async ValueTask DisposeAsync()
    {
        await Controllers.DisposeAsync();
        Assert.Empty(_errors);
    }

    private static string? Image(JsonObject pod) => (string?)pod["spec"]!["containers"]![0]!["image"];
}

using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Patches.Resources;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>One shop, its visitors, and what a scenario does to them.</summary>
internal sealed class EngineScene : IAsyncDisposable
{
    public const int Replicas = 2;
    public const string OneLongStep = "[{weight: 50, hold: 20m}]";
    public const string OneShortStep = "[{weight: 50, hold: 3s}]";

    private readonly Shoppers shoppers;

    private EngineScene(Shop shop)
    {
        Shop = shop;
        shoppers = new Shoppers(shop.Address, 20);
    }

    public Shop Shop { get; }

    public static async Task<EngineScene> OpenAsync(string name) => new(await Shop.OpenAsync(name, replicas: Replicas, labels: ", tier: php"));

    public async Task ApplyAsync(string steps = OneShortStep, string name = "fix", string extra = "", string? image = null, string deadline = "90s", string others = "")
    {
        var manifest = Shop.Manifest(image ?? Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, steps, name, extra: extra, deadline: deadline);
        await Kubectl.ApplyAsync(manifest.Replace("}]}]\n", $"}}]}}{others}]\n", StringComparison.Ordinal));
    }

    public async Task ApproveAsync(string name = "fix")
    {
        await Shop.UntilPhaseAsync("AwaitingApproval", 60, name);
        await Shop.AnnotateAsync("approve", "CHG-20871", name);
    }

    public async Task UntilCanaryAsync(string name = "fix")
    {
        await ApproveAsync(name);
        await UntilReadyAsync(name);
    }

    /// <summary>Up to the canary of a long step, with half of the pods.</summary>
    public async Task UntilServingAsync(string name = "fix")
    {
        await UntilCanaryAsync(name);
        await Shop.UntilAsync(async () => (await Shop.EndpointsAsync()).Count == 2 * Replicas, "half of the pods are canary", 90);
    }

    public Task UntilReadyAsync(string name = "fix") => Shop.UntilAsync(
        async () => (await Shop.PatchStateAsync(name))?["status"] is { } status && status["phase"]!.GetValue<string>() == "Progressing" && status["step"]?["readyAt"] is not null, $"the canary of {name} serves", 90);

    public Task UntilAsync(string phase, int seconds = 120, string name = "fix") => Shop.UntilPhaseAsync(phase, seconds, name);

    public Task UntilReasonAsync(string reason, string name = "fix", string condition = "Ready") => Shop.UntilAsync(
        async () => (await Shop.ConditionAsync(condition, name))?["reason"]?.GetValue<string>() == reason, $"{condition} of {name} says {reason}", 60);

    /// <summary>What must hold at every end: stable's pods alone, on this image, an unbroken trail, and no visitor turned away.</summary>
    public async Task EndsAsync(string phase, string image, string name = "fix", int replicas = Replicas)
    {
        await UntilAsync(phase, name: name);
        Assert.Equal(image, await Shop.ImageAsync());
        await Shop.UntilAsync(async () => !await HasCanaryAsync(), "no canary is left", 60);
        await Shop.UntilAsync(async () => (await Shop.EndpointsAsync()).Count == replicas, "stable alone serves", 60);
        await Shop.UntilAsync(async () => (await TrailAsync(name)) is [.., { To: { } to }] && to == phase, "the trail is complete", 20);
        Assert.Null(AuditChain.FindFault(await TrailAsync(name)));
        Assert.DoesNotContain(shoppers.Answers, a => !a.IsGood);
        Assert.NotEmpty(shoppers.Answers);
    }

    public Task<IReadOnlyList<AuditRecord>> TrailAsync(string name = "fix") => Shop.TrailAsync(name);

    public async Task<IReadOnlyList<string>> ActionsAsync(string name = "fix") => [.. (await TrailAsync(name)).Select(r => r.Action)];

    public async Task<string> ImageOfAsync(string kindAndName)
    {
        var spec = (await Kubectl.GetAsync(Shop.Namespace, kindAndName))!["spec"]!;
        return (spec["jobTemplate"]?["spec"] ?? spec)["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>();
    }

    public async Task<JsonNode> StatusAsync(string name = "fix") => (await Shop.PatchStateAsync(name))!["status"]!;

    /// <summary>There is no usage to scale by: an HPA keeps to its bounds all the same.</summary>
    public Task ScaleByHpaAsync(int least) => Kubectl.ApplyAsync($$"""
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata: {name: magento-web, namespace: {{Shop.Namespace}}}
        spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: magento-web}, minReplicas: {{least}}, maxReplicas: 5, targetCPUUtilizationPercentage: 80}
        """);

    /// <summary>By the selector that stable's scale subresource tells an HPA.</summary>
    public async Task<IReadOnlyList<string>> PodsThatAnHpaCountsAsync()
    {
        var scale = JsonNode.Parse(await Kubectl.RunAsync($"get --raw /apis/apps/v1/namespaces/{Shop.Namespace}/deployments/magento-web/scale"))!;
        var pods = await Kubectl.ListAsync(Shop.Namespace, "pods", scale["status"]!["selector"]!.GetValue<string>());
        return [.. pods.Where(p => p["metadata"]!["deletionTimestamp"] is null).Select(p => p["metadata"]!["name"]!.GetValue<string>())];
    }

    public Task<string> RunAsync(string arguments) => Kubectl.RunAsync($"-n {Shop.Namespace} {arguments}");

    public async ValueTask DisposeAsync()
    {
        await shoppers.DisposeAsync();
        await Shop.DisposeAsync();
    }

    private async Task<bool> HasCanaryAsync() =>
        (await ClusterReads.ListAsync(Kinds.Deployments, Shop.Namespace)).Any(d => d["metadata"]!["name"]!.GetValue<string>().EndsWith("-canary", StringComparison.Ordinal))
        || (await ClusterReads.ListAsync(Kinds.Pods, Shop.Namespace, "patchoperator.io/track=canary")).Count > 0;
}

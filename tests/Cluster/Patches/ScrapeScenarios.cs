using System.Globalization;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Metrics;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The whole operator with a source that is slow to find the canary's pods.</summary>
public sealed class ScrapeScenarios
{
    [Fact]
    public async Task A_canary_is_ready_for_its_Service_when_Prometheus_has_scraped_its_pods()
    {
        await using var town = await Town.FoundAsync(measuresForReal: true);
        var found = false;
        await using var prometheus = await StubServer.StartAsync(query => (200, query switch
        {
            _ when query.Contains("up{", StringComparison.Ordinal) => query.Contains("canary", StringComparison.Ordinal) ? found ? Vector(1) : Nothing : Vector(4),
            _ when query.Contains("failures", StringComparison.Ordinal) => Vector(0),
            _ => Vector(500),
        }));
        await StartAsync(town, prometheus.Address);

        await town.UntilAsync(() => CanaryPod(town) is { } pod && Condition(pod, "ContainersReady") == "True", "the canary could serve");
        await town.UntilAsync(() => prometheus.Requests.Count(r => r.Query.Contains("up{", StringComparison.Ordinal) && r.Query.Contains("canary", StringComparison.Ordinal)) >= 3, "it is looked for, again and again");
        Assert.Equal(4, town.ReadyPods("web").Count);
        Assert.Null(town.Patch()!["status"]!["step"]!["servingSince"]);
        found = true;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 5, "the canary serves", 10);
        Assert.Equal("True", Condition(CanaryPod(town)!, "patchoperator.io/metrics-scraped"));
        Assert.Null(town.Deployment("magento-web")!["spec"]!["template"]!["spec"]!["readinessGates"]);
    }

    [Fact]
    public async Task Where_stable_is_not_known_by_these_labels_either_no_pod_waits()
    {
        await using var town = await Town.FoundAsync(measuresForReal: true);
        await using var prometheus = await StubServer.StartAsync(query => (200, query.Contains("up{", StringComparison.Ordinal) ? Nothing : query.Contains("failures", StringComparison.Ordinal) ? Vector(0) : Vector(500)));
        await StartAsync(town, prometheus.Address);
        await town.UntilAsync(() => town.ReadyPods("web").Count == 5, "the canary serves", 10);
    }

    private const string Nothing = """{"status":"success","data":{"resultType":"vector","result":[]}}""";

    private static string Vector(int value) =>
        $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764000000.781,"{{{value.ToString(CultureInfo.InvariantCulture)}}}"]}]}}""";

    private static async Task StartAsync(Town town, Uri prometheus)
    {
        await town.StartOperatorAsync();
        town.Api.Store.Create(Town.Patches, Scenarios.ByPrometheus(Town.Manifest(steps: """[{"weight":25,"hold":"10m"}]"""), prometheus.ToString()));
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
    }

    private static System.Text.Json.Nodes.JsonObject? CanaryPod(Town town) =>
        town.Api.Store.List(ResourceName.Pods, Town.Namespace).FirstOrDefault(p => p["metadata"]!["labels"]?[Labels.Track]?.GetValue<string>() == Labels.TrackCanary);

    private static string? Condition(System.Text.Json.Nodes.JsonObject pod, string type) =>
        pod["status"]?["conditions"]?.AsArray().FirstOrDefault(c => c!["type"]!.GetValue<string>() == type)?["status"]?.GetValue<string>();
}

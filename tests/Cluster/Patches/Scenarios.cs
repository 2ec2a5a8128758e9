using System.Text.Json.Nodes;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The main job and its ways out. Every kind of fault is tried on each of them.</summary>
internal static class Scenarios
{
    private const string TwoSteps = """[{"weight":25,"hold":"2s"},{"weight":50,"hold":"2s"}]""";
    private const string LongStep = """[{"weight":25,"hold":"10m"}]""";

    /// <summary>The same patch, measured by a Prometheus that knows pods by their names.</summary>
    public static JsonObject ByPrometheus(JsonObject patch, string address = "http://prometheus.monitoring:9090")
    {
        var analysis = patch["spec"]!["analysis"]!;
        analysis["provider"] = Town.Json($$$"""{"prometheus":{"address":"{{{address}}}"}}""");
        analysis["metrics"] = JsonNode.Parse("""[{"name":"http-errors","failures":"sum(failures{pod=~\"{{ pods }}\"})","total":"sum(total{pod=~\"{{ pods }}\"})","maxRate":"2%","compareWith":"Stable","minRequests":50}]""");
        return patch;
    }

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("healthy, promoted", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        }),
        new("bad, reverted", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        { Before = At(town => town.Metrics.CanaryErrorRate = 0.2) },
        new("scraped before it serves, promoted", async town =>
        {
            town.Api.Store.Create(Town.Patches, ByPrometheus(Town.Manifest(steps: TwoSteps)));
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = At(town => town.Metrics.FindsPodsAfter = TimeSpan.FromSeconds(3)) },
        new("bad after the promotion, reverted", async town =>
        {
            town.Apply(steps: """[{"weight":25,"hold":"2s"}]""", spec: ""","revert":{"watchAfterPromotion":"6h"}""");
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        { Before = At(town => town.Metrics.PatchedErrorRate = 0.3) },
        new("reverted after the promotion", async town =>
        {
            town.Apply(steps: """[{"weight":25,"hold":"2s"}]""");
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
            town.Annotate(Commands.Revert, "orders are missing");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        }),
        new("deleted in mid-run", async town =>
        {
            town.Apply(steps: LongStep);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
            await town.UntilAsync(() => town.Patch() is null, "the resource is gone");
        }),
        new("aborted in mid-step", async town =>
        {
            town.Apply(steps: LongStep);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.Annotate(Commands.Abort, "checkout is down");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        }),
        new("spec edited in mid-run", async town =>
        {
            town.Apply(steps: LongStep);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.EditPatch("fix", patch => patch["spec"]!["canary"]!["steps"] = JsonNode.Parse(TwoSteps));
            await town.UntilAsync(() => Run(town) == 2, "the second run begins");
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        }),
        new("newer image by someone else", async town =>
        {
            town.Apply(steps: LongStep);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.Edit(ResourceName.Deployments, "magento-web", web => Container(web)["image"] = Town.Newer);
            await town.UntilPhaseAsync(PatchPhase.Superseded);
        }),
        new("stable cannot roll out, mended", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Degraded);
            town.Pods.Set(Town.PatchedStable, PodBehaviour.ReadyAtOnce);
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = At(StableCannotRollOut) },
        new("stable cannot roll out, aborted", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Degraded);
            town.Annotate(Commands.Abort, "tomorrow");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        { Before = At(StableCannotRollOut) },
        new("canary never ready", async town =>
        {
            town.Apply(steps: """[{"weight":25}],"progressDeadline":"20s" """);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        { Before = At(town => town.Pods.Set(Town.Patched, PodBehaviour.ImagePullBackOff("manifest unknown"))) },
        new("suspended and resumed", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.EditPatch("fix", patch => patch["spec"]!["suspend"] = true);
            await town.UntilPhaseAsync(PatchPhase.Paused);
            town.Metrics.InRun = null;
            town.EditPatch("fix", patch => patch["spec"]!["suspend"] = false);
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = At(TooFewRequests) },
        new("second patch waits and follows", async town =>
        {
            town.Apply("first", steps: LongStep);
            await town.ApproveAsync("first");
            await town.UntilServingAsync("first");
            town.Apply("second", steps: TwoSteps);
            await town.ApproveAsync("second");
            await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "WaitingForPatch", "the second waits");
            town.Annotate(Commands.Abort, "make room", "first");
            await town.UntilPhaseAsync(PatchPhase.Promoted, "second");
        }),
        new("rejected and retried", async town =>
        {
            town.Apply(steps: TwoSteps);
            await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
            town.Annotate(Commands.Reject, "not tonight");
            await town.UntilPhaseAsync(PatchPhase.Rejected);
            town.Annotate(Commands.Retry, "now it is fine");
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        }),
        new("metrics outage in a step", async town =>
        {
            town.Apply(steps: """[{"weight":25,"hold":"3s"},{"weight":50,"hold":"2s"}]""");
            await town.ApproveAsync();
            await town.UntilServingAsync();
            await town.UntilAsync(() => town.Condition("CanaryHealthy")?["reason"]?.GetValue<string>() == "MetricsUnavailable", "the outage is shown");
            town.Metrics.InRun = null;
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = At(town => town.Metrics.InRun = new TrackReading.Failed("http://prometheus.monitoring:9090: connection refused.", Terminal: false)) },
        new("stable scaled in mid-run", async town =>
        {
            town.Apply(steps: """[{"weight":25,"hold":"10m"},{"weight":50}]""");
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.Edit(ResourceName.Deployments, "magento-web", web => web["spec"]!["replicas"] = 8);
            await town.UntilAsync(() => town.Deployment("magento-web-canary")?["spec"]?["replicas"]?.GetValue<int>() == 2, "the canary follows stable's scale");
            await town.UntilServingAsync();
            town.Annotate(Commands.Abort, "that was enough");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        }),
        new("several workloads, promoted", async town =>
        {
            town.ApplyUnit(TwoSteps);
            await town.ApproveAsync();
            await town.UntilAsync(() => town.CronIsSuspended, "cron is suspended");
            town.EndJob("cron-1");
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        {
            Before = async town =>
            {
                await town.SettleUnitAsync();
                town.BeginJob("cron-1");
            },
        },
        new("several workloads, one cannot start, aborted", async town =>
        {
            town.Apply(
                steps: """[{"weight":25,"hold":"2s"}]""",
                others: $$$"""
                    ,{"name":"cron","role":"Cron","cronJob":"cron","containers":[{"name":"php","image":"{{{Town.Patched}}}"}]},
                    {"name":"indexer","role":"Worker","statefulSet":"indexer","containers":[{"name":"php","image":"{{{Town.Newer}}}"}]}
                    """);
            await town.ApproveAsync();
            await town.UntilAsync(() => town.TemplateImage(ResourceName.StatefulSets, "indexer") == Town.Newer && town.PodsOf("indexer").Contains(Town.Newer), "the indexer is promoted");
            town.Annotate(Commands.Abort, "the indexer does not start");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        {
            Before = async town =>
            {
                await town.SettleUnitAsync();
                town.Pods.Set(Town.Newer, PodBehaviour.ImagePullBackOff("manifest unknown"));
            },
        },
        new("HTTPRoute, promoted", async town =>
        {
            town.Apply(steps: TwoSteps, traffic: RoutedTown.HttpRoute);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = SettleRoutesAsync },
        new("HTTPRoute, aborted in mid-step", async town =>
        {
            town.Apply(steps: LongStep, traffic: RoutedTown.HttpRoute);
            await town.ApproveAsync();
            await town.UntilServingAsync();
            town.Annotate(Commands.Abort, "checkout is down");
            await town.UntilPhaseAsync(PatchPhase.Reverted);
        })
        { Before = SettleRoutesAsync },
        new("Ingress, promoted", async town =>
        {
            town.Apply(steps: TwoSteps, traffic: RoutedTown.Ingress);
            await town.ApproveAsync();
            await town.UntilPhaseAsync(PatchPhase.Promoted);
        })
        { Before = SettleRoutesAsync },
    ];

    public static Scenario Named(string name) => All.Single(s => s.Name == name);

    private static Func<Town, Task> At(Action<Town> change) => town =>
    {
        change(town);
        return Task.CompletedTask;
    };

    private static async Task SettleRoutesAsync(Town town) => town.Add((await RoutedTown.SettleAsync(town)).Gateway);

    private static int? Run(Town town) => town.Patch()?["status"]?["run"]?.GetValue<int>();

    private static JsonNode Container(JsonObject deployment) => deployment["spec"]!["template"]!["spec"]!["containers"]![0]!;

    /// <summary>Keeps the run in its step for as long as the story needs it there.</summary>
    private static void TooFewRequests(Town town) => town.Metrics.InRun = new TrackReading.Counts(0, 10);

    private static void StableCannotRollOut(Town town)
    {
        town.Pods.Set(Town.PatchedStable, PodBehaviour.NeverReady);
        town.Edit(ResourceName.Deployments, "magento-web", web => web["spec"]!["progressDeadlineSeconds"] = 5);
    }
}

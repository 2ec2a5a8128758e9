using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>The ways that a run can go besides the straight one. Each says in a few words how it ended, or throws.</summary>
internal static class EngineScenarios
{
    public static IReadOnlyDictionary<string, Func<EngineScene, Task<string>>> All { get; } = new Dictionary<string, Func<EngineScene, Task<string>>>
    {
        ["aborted in mid-step"] = async scene =>
        {
            await scene.ApplyAsync(EngineScene.OneLongStep);
            await scene.UntilServingAsync();
            await scene.Shop.AnnotateAsync("abort", "orders fail");
            await scene.EndsAsync("Reverted", Shop.StableImage);
            return "Reverted";
        },
        ["suspended and resumed"] = async scene =>
        {
            await scene.ApplyAsync("[{weight: 50, hold: 15s}]");
            await scene.UntilServingAsync();
            await scene.Shop.AnnotateAsync("suspend", "a look first");
            await scene.UntilAsync("Paused");
            await Task.Delay(TimeSpan.FromSeconds(18));
            Assert.Equal("Paused", (await scene.StatusAsync())["phase"]!.GetValue<string>());
            await scene.Shop.AnnotateAsync("resume", "looks good");
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "Paused beyond the hold, then Promoted";
        },
        ["promote-now"] = async scene =>
        {
            await scene.ApplyAsync("[{weight: 50, hold: 30m}, {weight: 80, hold: 30m}]");
            await scene.UntilServingAsync();
            await scene.Shop.AnnotateAsync("promote-now", "cards are being skimmed");
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "Promoted without the holds of 60 min";
        },
        ["rejected and retried"] = async scene =>
        {
            await scene.ApplyAsync();
            await scene.UntilAsync("AwaitingApproval");
            await scene.Shop.AnnotateAsync("reject", "not tonight");
            await scene.UntilAsync("Rejected");
            await scene.Shop.AnnotateAsync("retry", "now it is fine");
            await scene.ApproveAsync();
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "Rejected, then Promoted";
        },
        ["a gate in mid-run"] = async scene =>
        {
            await scene.ApplyAsync("[{weight: 30, hold: 2s}, {weight: 50, hold: 2s, approval: true}]", extra: "  approval: {required: 1}");
            await scene.UntilCanaryAsync();
            await scene.UntilReasonAsync("ApprovalMissing");
            await scene.Shop.AnnotateAsync("approve", "CHG-20871, second step");
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "waited for people before step 2, then Promoted";
        },
        ["broken glass"] = async scene =>
        {
            await scene.ApplyAsync(extra: "  approval: {required: 2}");
            await scene.UntilAsync("AwaitingApproval");
            await scene.Shop.AnnotateAsync("break-glass", "cards are being skimmed");
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            await scene.UntilReasonAsync("ReviewMissing");
            await Kubectl.RunAsync($"{OperatorUnderTest.AsReviewer} -n {scene.Shop.Namespace} annotate epatch fix patchoperator.io/review=rightly-so");
            await scene.UntilReasonAsync("Promoted");
            return "Promoted without approvals, not Ready until another person's review";
        },
        ["spec edited in mid-run"] = async scene =>
        {
            await scene.ApplyAsync(EngineScene.OneLongStep);
            await scene.UntilServingAsync();
            await scene.ApplyAsync();
            await scene.Shop.UntilAsync(async () => (await scene.StatusAsync())["run"]?.GetValue<int>() == 2, "the second run", 90);
            Assert.Null((await scene.StatusAsync())["approvals"]);
            await scene.ApproveAsync();
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "taken back, approvals void, then Promoted as run 2";
        },
        ["newer image by someone else"] = async scene =>
        {
            await scene.ApplyAsync(EngineScene.OneLongStep);
            await scene.UntilServingAsync();
            await scene.RunAsync($"set image deployment/magento-web php={Shop.NewerImage}");
            await scene.EndsAsync("Superseded", Shop.NewerImage);
            return "Superseded: the newer image stays";
        },
        ["second patch waits and follows"] = async scene =>
        {
            await scene.ApplyAsync(EngineScene.OneLongStep, "first");
            await scene.UntilServingAsync("first");
            await scene.ApplyAsync(name: "second");
            await scene.ApproveAsync("second");
            await scene.UntilReasonAsync("WaitingForPatch", "second");
            Assert.Contains("first", (await scene.Shop.ConditionAsync("Ready", "second"))!["message"]!.GetValue<string>(), StringComparison.Ordinal);
            await scene.Shop.AnnotateAsync("abort", "make room", "first");
            await scene.UntilAsync("Reverted", name: "first");
            await scene.EndsAsync("Promoted", Shop.HealthyImage, "second");
            return "the second waits and names the first, then Promoted";
        },
        ["stable scaled in mid-run, promoted"] = async scene =>
        {
            await scene.ApplyAsync(EngineScene.OneLongStep);
            await scene.UntilServingAsync();
            await scene.RunAsync("scale deployment/magento-web --replicas=3");
            await scene.Shop.UntilAsync(async () => (await scene.Shop.EndpointsAsync()).Count == 6, "the canary follows stable's scale", 90);
            await scene.UntilReadyAsync();
            await scene.Shop.AnnotateAsync("promote-now", "that was enough");
            await scene.EndsAsync("Promoted", Shop.HealthyImage, replicas: 3);
            return "the canary follows; Promoted with 3 replicas";
        },
        ["an HPA scales stable in mid-run"] = async scene =>
        {
            await scene.ScaleByHpaAsync(least: 2);
            await scene.ApplyAsync(EngineScene.OneLongStep);
            await scene.UntilServingAsync();
            await scene.ScaleByHpaAsync(least: 3);
            await scene.Shop.UntilAsync(async () => (await scene.Shop.EndpointsAsync()).Count == 6, "the HPA scales stable, and the canary follows", 120);
            var counted = await scene.PodsThatAnHpaCountsAsync();
            Assert.Equal(3, counted.Count);
            Assert.DoesNotContain(counted, pod => pod.Contains("-canary-", StringComparison.Ordinal));
            await scene.UntilReadyAsync();
            await scene.Shop.AnnotateAsync("promote-now", "that was enough");
            await scene.EndsAsync("Promoted", Shop.HealthyImage, replicas: 3);
            return "the HPA counts no canary pod, the canary follows; Promoted with 3 replicas";
        },
        ["reverted after the promotion"] = async scene =>
        {
            await scene.ApplyAsync();
            await scene.ApproveAsync();
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            await scene.Shop.AnnotateAsync("revert", "a partner's calls fail");
            await scene.EndsAsync("Reverted", Shop.StableImage);
            return "Promoted, then Reverted by command";
        },
        ["a quota forbids the canary"] = async scene =>
        {
            await scene.RunAsync("create quota few --hard=pods=2");
            await scene.ApplyAsync(deadline: "15s");
            await scene.ApproveAsync();
            await scene.EndsAsync("Reverted", Shop.StableImage);
            Assert.Contains("quota", (await scene.StatusAsync())["revert"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
            return "Reverted at the deadline with the quota's words";
        },
        ["an image that cannot be pulled"] = async scene =>
        {
            await scene.ApplyAsync(image: "localhost/nowhere@sha256:" + new string('0', 64), deadline: "20s");
            await scene.ApproveAsync();
            await scene.EndsAsync("Reverted", Shop.StableImage);
            var message = (await scene.StatusAsync())["revert"]!["message"]!.GetValue<string>();
            Assert.Matches("ErrImage|ImagePull", message);
            return "Reverted at the deadline with the node's words";
        },
        ["metrics that hang"] = async scene =>
        {
            await using var prometheus = await PrometheusServer.StartAsync(scene.Shop.Namespace, TimeSpan.FromSeconds(2));
            await prometheus.WaitForPodsAsync(EngineScene.Replicas);
            await Kubectl.ApplyAsync(scene.Shop.Manifest(Shop.HealthyImage, Shop.Prometheus(prometheus.Address), Shop.PrometheusMetric, "[{weight: 50, hold: 10s}]"));
            await scene.UntilServingAsync();
            await prometheus.FreezeAsync();
            await scene.UntilReasonAsync("MetricsUnavailable", condition: "CanaryHealthy");
            await Task.Delay(TimeSpan.FromSeconds(12));
            Assert.Equal("Progressing", (await scene.StatusAsync())["phase"]!.GetValue<string>());
            await prometheus.ThawAsync();
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            return "held beyond the hold time as MetricsUnavailable, then Promoted";
        },
        ["several workloads, promoted"] = async scene =>
        {
            await UnitScene.AddAsync(scene);
            await scene.ApplyAsync(others: UnitScene.Others(Shop.HealthyImage));
            await scene.ApproveAsync();
            await scene.EndsAsync("Promoted", Shop.HealthyImage);
            foreach (var workload in UnitScene.Workloads)
            {
                Assert.Equal(Shop.HealthyImage, await scene.ImageOfAsync(workload));
            }

            var order = (await scene.TrailAsync()).Where(r => r.Action == "WorkloadPatched").Select(r => r.Detail!.Split(' ')[1]).ToArray();
            Assert.Equal(["magento-web", "magento-cron"], order[..2]);
            Assert.Equal(["magento-consumers", "magento-indexer"], order[2..].Order(StringComparer.Ordinal));
            Assert.False((await Kubectl.GetAsync(scene.Shop.Namespace, "cronjob/magento-cron"))!["spec"]!["suspend"]?.GetValue<bool>() ?? false);
            return "Promoted: web, cron, then consumers and indexer; cron runs again";
        },
        ["several workloads, one cannot start"] = async scene =>
        {
            await UnitScene.AddAsync(scene);
            await scene.ApplyAsync(others: UnitScene.Others(Shop.CrashingImage), deadline: "25s");
            await scene.ApproveAsync();
            await scene.EndsAsync("Reverted", Shop.StableImage);
            foreach (var workload in UnitScene.Workloads)
            {
                Assert.Equal(Shop.StableImage, await scene.ImageOfAsync(workload));
            }

            await scene.Shop.UntilAsync(async () => (await Kubectl.GetAsync(scene.Shop.Namespace, "statefulset/magento-indexer"))!["status"]!["readyReplicas"]?.GetValue<int>() == 1, "the indexer serves again", 90);
            return "all of them Reverted";
        },
        ["a server-side sync from Git"] = scene => GitScene.PlayAsync(scene, "apply --server-side --force-conflicts --field-manager=argocd-controller --validate=false -f -"),
        ["a client-side sync from Git"] = scene => GitScene.PlayAsync(scene, "apply --validate=false -f -"),
        ["a replacing sync from Git"] = scene => GitScene.PlayAsync(scene, "replace --validate=false -f -"),
    };
}

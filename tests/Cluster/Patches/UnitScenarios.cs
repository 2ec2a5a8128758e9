using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Web, consumers, cron and a StatefulSet as one unit, on real controllers.</summary>
public sealed class UnitScenarios
{
    [Fact]
    public async Task All_are_promoted_in_order_and_no_code_runs_twice()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        town.Pods.Set(Town.Stable, PodBehaviour.SlowStop(TimeSpan.FromSeconds(2)));
        town.BeginJob("cron-1");
        await town.StartOperatorAsync();
        town.ApplyUnit();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.CronIsSuspended, "cron is suspended", 60);
        Assert.Equal(Town.Patched, town.TemplateImage(ResourceName.CronJobs, "cron"));
        Assert.Equal(Town.Patched, town.Image());
        Assert.Equal(Town.Stable, town.TemplateImage(ResourceName.Deployments, "consumers"));
        await Task.Delay(2500);
        Assert.True(town.CronIsSuspended, "a Job of the old code still runs");
        town.EndJob("cron-1");
        await town.UntilAsync(() => !town.CronIsSuspended, "cron goes on");
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        Assert.All([.. town.PodsOf("consumers"), .. town.PodsOf("indexer"), .. town.PodsOf("web")], image => Assert.Equal(Town.Patched, image));
        Assert.Null(town.Deployment("consumers-canary"));
    }

    [Fact]
    public async Task An_init_container_is_patched_and_given_back_as_any_other()
    {
        await using var town = await Town.FoundAsync();
        town.Edit(ResourceName.Deployments, "magento-web", d => d["spec"]!["template"]!["spec"]!["initContainers"] = new JsonArray(new JsonObject { ["name"] = "code", ["image"] = Town.Stable }));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"1s"}]""", spec: ""","promotion":{"hold":"UntilAdopted"}""");
        town.EditPatch("fix", patch => patch["spec"]!["workloads"]![0]!["containers"]!.AsArray().Add(new JsonObject { ["name"] = "code", ["image"] = Town.Patched }));
        await town.ApproveAsync();
        await town.UntilAsync(() => town.Deployment("magento-web-canary") is not null, "the canary is there", 60);
        Assert.Equal(Town.Patched, InitImage("magento-web-canary"));
        Assert.Equal(Town.Stable, InitImage("magento-web"));
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        Assert.Equal((Town.Patched, Town.Patched), (InitImage("magento-web"), town.Image()));

        // As a sync from a Git that lags behind would, in the init container alone.
        town.Edit(ResourceName.Deployments, "magento-web", d => d["spec"]!["template"]!["spec"]!["initContainers"]![0]!["image"] = Town.Stable);
        await town.UntilAsync(() => InitImage("magento-web") == Town.Patched, "the vulnerable image is replaced again");
        town.Annotate(Commands.Revert, "orders are missing");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.Equal((Town.Stable, Town.Stable), (InitImage("magento-web"), town.Image()));
        await town.UntilAsync(
            () => town.Deployment("magento-web")!["metadata"]!["managedFields"] is not JsonArray fields || fields.All(f => f!["manager"]!.GetValue<string>() != Names.FieldManager),
            "nothing of it is ours any more");

        string? InitImage(string deployment) => town.Deployment(deployment)!["spec"]!["template"]!["spec"]!["initContainers"]![0]!["image"]!.GetValue<string>();
    }

    [Fact]
    public async Task A_consumer_that_does_not_start_takes_all_back()
    {
        const string broken = "registry.example.com/magento@sha256:4444444444444444444444444444444444444444444444444444444444444444";
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        town.Pods.Set(broken, PodBehaviour.ImagePullBackOff("manifest unknown"));
        await town.StartOperatorAsync();
        town.Apply(
            steps: """[{"weight":25}],"progressDeadline":"6s" """,
            others: $$$"""
                ,{"name":"cron","role":"Cron","cronJob":"cron","containers":[{"name":"php","image":"{{{Town.Patched}}}"}]},
                {"name":"indexer","role":"Worker","statefulSet":"indexer","containers":[{"name":"php","image":"{{{broken}}}"}]}
                """);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.TemplateImage(ResourceName.StatefulSets, "indexer") == broken, "the indexer is promoted", 60);
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.Contains("manifest unknown", town.Patch()!["status"]!["revert"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal([Town.Stable, Town.Stable, Town.Stable], [town.Image(), town.TemplateImage(ResourceName.CronJobs, "cron"), town.TemplateImage(ResourceName.StatefulSets, "indexer")]);
        Assert.False(town.CronIsSuspended);
        await town.UntilAsync(() => town.PodsOf("indexer") is [Town.Stable, Town.Stable] && town.PodsOf("web").All(image => image == Town.Stable), "the pods are as before");
    }

    [Fact]
    public async Task A_patched_Job_that_cannot_start_is_ended_in_a_revert_and_cron_goes_on()
    {
        const string broken = "registry.example.com/magento@sha256:4444444444444444444444444444444444444444444444444444444444444444";
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        town.Pods.Set(broken, PodBehaviour.ImagePullBackOff("manifest unknown"));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50}]""", others: $$$"""
            ,{"name":"cron","role":"Cron","cronJob":"cron","containers":[{"name":"php","image":"{{{broken}}}"}]}
            """);
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        town.BeginJob("cron-1");
        town.BeginPod("cron-1");
        await town.UntilAsync(() => PodOf("cron-1")?["status"]?["containerStatuses"]?[0]?["state"]?["waiting"] is not null, "its pod cannot start");
        town.Annotate(Commands.Revert, "the wrong digest");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.Equal((Town.Stable, false), (town.TemplateImage(ResourceName.CronJobs, "cron"), town.CronIsSuspended));
        Assert.Null(town.Api.Store.Get(ResourceName.Jobs, Town.Namespace, "cron-1"));
        await town.UntilAsync(() => PodOf("cron-1") is null, "its pod is gone with it");

        JsonObject? PodOf(string job) => town.Api.Store.Get(ResourceName.Pods, Town.Namespace, $"{job}-pod");
    }

    [Fact]
    public async Task A_CronJob_that_its_user_suspends_while_its_images_are_written_stays_suspended()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        var reads = 0;
        using var user = town.Api.Faults.Before(call =>
        {
            if (call is { Verb: "get", Resource: "cronjobs", Name: "cron" } && Interlocked.Increment(ref reads) == 1)
            {
                town.Edit(ResourceName.CronJobs, "cron", cron => cron["spec"]!["suspend"] = true);
            }

            return null;
        });
        await town.StartOperatorAsync();
        town.ApplyUnit();
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        Assert.Equal((Town.Patched, true), (town.TemplateImage(ResourceName.CronJobs, "cron"), town.CronIsSuspended));
    }

    [Fact]
    public async Task A_StatefulSet_that_is_taken_back_half_way_is_back_when_its_last_pod_is()
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        town.Edit(ResourceName.StatefulSets, "indexer", set => set["spec"]!["replicas"] = 5);
        await town.UntilAsync(() => town.PodsOf("indexer").Count == 5, "five indexers are up");
        town.Pods.Set(Town.PatchedStable, PodBehaviour.SlowStop(TimeSpan.FromMilliseconds(500)));
        town.Pods.Set(Town.Stable, PodBehaviour.SlowStop(TimeSpan.FromMilliseconds(500)));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""", others: $$$"""
            ,{"name":"indexer","role":"Web","statefulSet":"indexer","canary":{"enabled":false},"containers":[{"name":"php","image":"{{{Town.Patched}}}"}]}
            """);
        await town.ApproveAsync();
        await town.UntilAsync(() => town.PodsOf("indexer").Count(image => image == Town.Patched) == 2, "two of five are patched", 60);
        town.Annotate(Commands.Abort, "orders are missing");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.All(town.PodsOf("indexer"), image => Assert.Equal(Town.Stable, image));
    }

    [Fact]
    public async Task Only_the_canary_gets_its_overlay_and_no_selector_of_stable_counts_its_pods()
    {
        await using var town = await Town.FoundAsync();
        town.Api.Store.Create(ResourceName.Deployments, Town.Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"admin","namespace":"{{{{{Town.Namespace}}}}}"},
             "spec":{"replicas":1,"selector":{"matchLabels":{"app":"web","tier":"admin"}},
                     "template":{"metadata":{"labels":{"app":"web","tier":"admin"}},
                                 "spec":{"volumes":[{"name":"config","configMap":{"name":"config","defaultMode":288}}],"containers":[{"name":"php","image":"{{{{{Town.Stable}}}}}"}]}}}}
            """));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""", others: $$$"""
            ,{"name":"admin","deployment":"admin","containers":[{"name":"php","image":"{{{Town.Patched}}}"}],
              "canary":{"env":[{"name":"PREFIX","value":"canary_"}],"volumes":[{"name":"config","configMap":{"name":"config-canary"}}]}}
            """);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["readyAt"] is not null, "both canaries serve");
        var template = town.Deployment("admin-canary")!["spec"]!["template"]!;
        Assert.Equal("canary_", template["spec"]!["containers"]![0]!["env"]![0]!["value"]!.GetValue<string>());
        Assert.Equal(("config-canary", 288), (template["spec"]!["volumes"]![0]!["configMap"]!["name"]!.GetValue<string>(), template["spec"]!["volumes"]![0]!["configMap"]!["defaultMode"]!.GetValue<int>()));
        Assert.Equal(("web", "admin-canary"), (template["metadata"]!["labels"]!["app"]!.GetValue<string>(), template["metadata"]!["labels"]!["tier"]!.GetValue<string>()));
        Assert.DoesNotContain("canary_", town.Deployment("admin")!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(50, town.Patch()!["status"]!["step"]!["actualWeight"]!.GetValue<int>());
    }
}

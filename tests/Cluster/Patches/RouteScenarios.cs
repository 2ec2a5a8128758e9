using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Runs whose traffic an HTTPRoute splits, with the whole operator.</summary>
public sealed class RouteScenarios
{
    [Fact]
    public async Task A_healthy_run_splits_the_route_and_leaves_it_as_it_was()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var before = (routed.Spec(), routed.Route()!["metadata"]!["annotations"]!.ToJsonString());
        var seen = new List<int>();
        using var watch = town.Api.Store.Subscribe(change =>
        {
            if (change.Resource == PlayedGateway.HttpRoutes)
            {
                lock (seen)
                {
                    seen.Add(change.Value["spec"]!["rules"]!.AsArray().Last()!["backendRefs"]!.AsArray().Where(b => b!["name"]!.GetValue<string>() == "web-canary").Select(b => b!["weight"]!.GetValue<int>()).FirstOrDefault());
                }
            }
        });
        await town.StartOperatorAsync();
        town.Apply(traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => routed.CanaryWeight() == 25, "the route gives the canary its first share");
        Assert.Equal(4, town.ReadyPods("web").Count);
        Assert.Single(town.ReadyPods("web-canary"));
        Assert.Equal(75, routed.Weights()["web"]);
        var service = routed.Service("web-canary")!;
        Assert.Equal("EmergencyPatch", service["metadata"]!["ownerReferences"]![0]!["kind"]!.GetValue<string>());
        Assert.Equal(8080, service["spec"]!["ports"]![0]!["targetPort"]!.GetValue<int>());
        await town.UntilPhaseAsync(PatchPhase.Promoted);

        Assert.Equal(before, (routed.Spec(), routed.Route()!["metadata"]!["annotations"]!.ToJsonString()));
        Assert.Null(routed.Service("web-canary"));
        Assert.Null(town.Deployment("magento-web-canary"));
        Assert.Equal(Town.Patched, town.Image());
        Assert.Equal([0, 25, 50, 0], Changes(seen));
        Assert.DoesNotContain(routed.Route()!["metadata"]!["managedFields"] as JsonArray ?? [], e => e!["manager"]!.GetValue<string>() == Names.FieldManager);
        await town.UntilAsync(() => town.Trail() is [.., { Action: "Promoted" }], "the trail is complete");
        Assert.Null(AuditChain.FindFault(town.Trail()));
        Assert.DoesNotContain(town.Trail(), r => r.Action is "TrafficEdited" or "WithdrawalNotProven");
    }

    [Fact]
    public async Task A_deletion_in_the_foreground_takes_nothing_from_under_a_route_even_while_there_is_no_operator()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var before = routed.Spec();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        await town.KillOperatorAsync();
        town.DeletePatch("foregroundDeletion");
        await town.UntilAsync(() => new[] { routed.Service("web-canary"), town.Deployment("magento-web-canary") }.All(canary => canary is null || canary["metadata"]!["ownerReferences"]!.AsArray().Count == 1), "the garbage collector has looked");
        Assert.Equal(25, routed.CanaryWeight());
        Assert.Single(town.ReadyPods("web-canary"));

        var isUnanswered = false;
        using var watch = town.Api.Store.Subscribe(change => isUnanswered |= change.Resource == ResourceName.Services && change.Type == StoreEventType.Deleted && routed.CanaryWeight() > 0);
        await town.StartOperatorAsync();
        await town.UntilAsync(() => town.Patch() is null, "the patch is gone");
        Assert.Equal(before, routed.Spec());
        Assert.Null(routed.Service("web-canary"));
        Assert.Null(town.Deployment("magento-web-canary"));
        Assert.False(isUnanswered);
    }

    [Fact]
    public async Task A_Service_that_is_made_anew_in_mid_run_owns_the_canarys_again()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        var stable = routed.Service("web")!;
        town.Api.Store.Delete(ResourceName.Services, Town.Namespace, "web");
        foreach (var field in (string[])["uid", "resourceVersion", "creationTimestamp"])
        {
            stable["metadata"]!.AsObject().Remove(field);
        }

        var uid = town.Api.Store.Create(ResourceName.Services, stable)["metadata"]!["uid"]!.GetValue<string>();
        await town.UntilAsync(() => routed.Service("web-canary")!["metadata"]!["ownerReferences"]!.AsArray().Any(o => o!["uid"]!.GetValue<string>() == uid), "it owns the canary's");
        Assert.Equal(25, routed.CanaryWeight());
        Assert.DoesNotContain(town.Trail(), r => r.Action is "TrafficEdited");
    }

    [Fact]
    public async Task A_canary_whose_pods_are_gone_gets_no_requests_until_they_are_back()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10s"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilServingAsync();
        town.Pods.Set(Town.Patched, TestKit.Controllers.PodBehaviour.NeverReady);
        town.KillCanary();
        await town.UntilAsync(() => routed.CanaryWeight() is null or 0, "stable gets all requests", 2);
        await town.UntilAsync(() => town.Condition("TrafficAtWeight")?["reason"]?.GetValue<string>() == "CanaryDown", "it says why");

        town.Pods.Set(Town.Patched, TestKit.Controllers.PodBehaviour.ReadyAtOnce);
        town.KillCanary();
        await town.UntilAsync(() => routed.CanaryWeight() == 25, "the canary has its share again");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        Assert.Single(town.Trail(), r => r.Action == "CanaryDown");
        Assert.DoesNotContain(town.Trail(), r => r.Action is "TrafficEdited" or "RouteLeadsElsewhere");
    }

    [Fact]
    public async Task The_weight_rises_only_when_the_pods_are_ready_and_the_step_counts_only_when_the_gateway_has_followed()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(traffic: RoutedTown.HttpRoute);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Pods.Set(Town.Patched, TestKit.Controllers.PodBehaviour.NeverReady);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Pod("canary").Count == 1, "the canary has a pod");
        await Task.Delay(500);
        Assert.Null(routed.CanaryWeight());

        routed.Gateway.IsSilent = true;
        town.Pods.Set(Town.Patched, TestKit.Controllers.PodBehaviour.ReadyAtOnce);
        town.KillCanary();

        await town.UntilAsync(() => routed.CanaryWeight() == 25, "the weight is set");
        await town.UntilAsync(() => town.Condition("TrafficAtWeight")?["reason"]?.GetValue<string>() == "WaitingForGateway", "it says what it waits for");
        await Task.Delay(1500);
        Assert.Null(town.Patch()!["status"]!["step"]!["servingSince"]);
        routed.Gateway.IsSilent = false;
        await town.UntilPhaseAsync(PatchPhase.Promoted);
    }

    [Fact]
    public async Task A_bad_canary_gives_its_traffic_back_and_the_route_is_as_before()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        town.Metrics.CanaryErrorRate = 0.2;
        var before = routed.Spec();
        await town.StartOperatorAsync();
        town.Apply(traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal(before, routed.Spec());
        Assert.Null(routed.Service("web-canary"));
        Assert.Equal(Town.Stable, town.Image());
        Assert.DoesNotContain(town.Trail(), r => r.Action is "WithdrawalNotProven");
    }

    [Fact]
    public async Task A_route_that_cannot_be_written_keeps_nobody_on_the_canary()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        using (town.Api.Faults.Before(call => call is { Resource: "httproutes", Verb: "patch" } ? new FaultAction.Fail(403, "Forbidden", Message: "no writes to routes today") : null))
        {
            town.Annotate(Commands.Abort, "second thoughts");
            await town.UntilAsync(() => town.ReadyPods("web-canary").Count == 4, "the canary's Service leads to stable", 5);
            await town.UntilAsync(() => town.Pod("canary").Count == 0, "the pods go all the same");
            Assert.Equal(50, routed.CanaryWeight());
            Assert.Equal(4, town.ReadyPods("web-canary").Count);
            Assert.Equal("Reverting", town.Phase());
            Assert.Contains("no writes to routes today", town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Null(routed.CanaryWeight());
        Assert.Null(routed.Service("web-canary"));
    }

    [Fact]
    public async Task An_edit_of_the_weights_is_undone_within_two_seconds_and_told_once()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        routed.Edit(PlayedGateway.HttpRoutes, "shop", route => route["spec"]!["rules"]![1]!["backendRefs"]![1]!["weight"] = 300);
        await town.UntilAsync(() => routed.CanaryWeight() == 25, "put back", 2);
        await town.UntilAsync(() => town.Events("TrafficEdited").Count > 0, "told");
        await Task.Delay(500);
        Assert.Contains("80 % instead of 25 %", Assert.Single(town.Events("TrafficEdited"))["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single(town.Trail(), r => r.Action == "TrafficEdited");
        await town.UntilAsync(() => town.Condition("TrafficAtWeight")!["status"]!.GetValue<string>() == "True", "at weight again");
    }

    [Fact]
    public async Task Edits_of_other_parts_stay_and_a_new_rule_is_split_too()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        routed.Edit(PlayedGateway.HttpRoutes, "shop", route =>
        {
            route["spec"]!["rules"]![1]!["timeouts"]!["request"] = "5s";
            route["spec"]!["rules"]!.AsArray().Insert(0, Town.Json("""{"matches":[{"path":{"type":"Exact","value":"/new"}}],"backendRefs":[{"name":"web","port":80,"weight":7}]}"""));
        });
        await town.UntilAsync(() => routed.Route()!["spec"]!["rules"]![0]!["backendRefs"]!.AsArray().Count == 2, "the new rule is split", 2);
        town.Annotate(Commands.Abort, "enough");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        var rules = routed.Route()!["spec"]!["rules"]!.AsArray();
        Assert.Equal(7, rules[0]!["backendRefs"]![0]!["weight"]!.GetValue<int>());
        Assert.Single(rules[0]!["backendRefs"]!.AsArray());
        Assert.Equal("5s", rules[2]!["timeouts"]!["request"]!.GetValue<string>());
        Assert.Equal(1, rules[2]!["backendRefs"]![0]!["weight"]!.GetValue<int>());
        Assert.Single(rules[2]!["backendRefs"]!.AsArray());
    }

    [Fact]
    public async Task A_route_that_leads_elsewhere_when_the_run_is_taken_back_leaves_nothing_behind()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        routed.Edit(PlayedGateway.HttpRoutes, "shop", route => route["spec"]!["rules"] = Town.Json("""{"r":[{"backendRefs":[{"name":"media","port":80}]}]}""")["r"]!.DeepClone());
        await town.UntilAsync(() => town.Condition("TrafficAtWeight")?["reason"]?.GetValue<string>() == "RouteLeadsElsewhere", "told");
        Assert.Equal("web", town.Patch()!["status"]!["workloads"]![0]!["routes"]![0]!["backends"]![0]!["service"]!.GetValue<string>());
        var during = routed.Spec();
        town.Annotate(Commands.Abort, "maintenance");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal(during, routed.Spec());
        Assert.Null(routed.Service("web-canary"));
        Assert.DoesNotContain(town.Trail(), r => r.Action is "WithdrawalNotProven");
    }

    [Fact]
    public async Task Who_keeps_writing_the_weights_is_named_once_and_the_run_is_taken_back_at_its_deadline()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        var original = routed.Route()!["spec"]!.DeepClone();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}],"progressDeadline":"8s" """, traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                routed.Edit(PlayedGateway.HttpRoutes, "shop", route => route["spec"] = original.DeepClone());
                await Task.Delay(100);
            }
        });
        await town.UntilAsync(() => town.Events("TrafficContested").Count > 0, "named");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        await stop.CancelAsync();
        await writer;
        Assert.Single(town.Trail(), r => r.Action == "TrafficContested");
        Assert.Equal(3, town.Trail().Count(r => r.Action == "TrafficEdited"));
        Assert.Equal("ProgressDeadlineExceeded", town.Patch()!["status"]!["revert"]!["reason"]!.GetValue<string>());
        Assert.True(routed.Route()!["metadata"]!["generation"]!.GetValue<long>() < 60, "both wrote without end");
    }

    [Fact]
    public async Task Several_routes_and_several_workloads_are_split_alike_and_all_of_them_come_back()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        town.Api.Store.Create(ResourceName.Services, Town.Json("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"api","namespace":"shop"},"spec":{"selector":{"app":"api"},"ports":[{"port":80}]}}"""));
        town.Api.Store.Create(ResourceName.Deployments, Town.Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"magento-api","namespace":"shop"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"api"}},"template":{"metadata":{"labels":{"app":"api"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{Town.Stable}}}}}"}]}}}}
            """));
        town.Api.Store.Create(PlayedGateway.HttpRoutes, Town.Json("""{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"api","namespace":"shop"},"spec":{"parentRefs":[{"name":"public"}],"rules":[{"backendRefs":[{"name":"api","port":80,"weight":100},{"name":"web","port":80,"weight":300}]}]}}"""));
        await town.UntilAsync(() => town.ReadyPods("api").Count == 2, "the second workload is up");
        var before = (routed.Spec(), routed.Spec("api"));
        await town.StartOperatorAsync();
        town.Apply(
            steps: """[{"weight":25,"hold":"10m"}]""",
            others: $$""",{"name":"api","role":"Web","deployment":"magento-api","containers":[{"name":"php","image":"{{Town.Patched}}"}]}""",
            traffic: ""","traffic":{"httpRoutes":[{"name":"shop"},{"name":"api"}]}""");
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "both canaries serve");
        Assert.Equal(
            ["api 75", "web 225", "web-canary 75", "api-canary 25"],
            routed.Route("api")!["spec"]!["rules"]![0]!["backendRefs"]!.AsArray().Select(b => $"{b!["name"]} {b["weight"]}").OrderBy(b => b.Contains("canary", StringComparison.Ordinal)).ThenByDescending(b => b.StartsWith("web-canary", StringComparison.Ordinal)));
        Assert.Equal(25, routed.CanaryWeight());
        Assert.Equal(25, town.Patch()!["status"]!["step"]!["actualWeight"]!.GetValue<int>());
        town.Annotate(Commands.Abort, "enough");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal(before, (routed.Spec(), routed.Spec("api")));
        Assert.Null(routed.Service("api-canary"));
        Assert.Null(routed.Service("web-canary"));
    }

    [Fact]
    public async Task With_the_shipped_configuration_self_heal_leaves_the_weights_alone_and_the_run_promotes()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var (town, route) = (routed.Town, routed.Route()!);
        var manifest = new JsonObject
        {
            ["apiVersion"] = route["apiVersion"]!.DeepClone(),
            ["kind"] = "HTTPRoute",
            ["metadata"] = new JsonObject { ["name"] = "shop", ["namespace"] = Town.Namespace },
            ["spec"] = route["spec"]!.DeepClone(),
        };
        using var argo = new PlayedArgo(town.Api.Address, $"/apis/gateway.networking.k8s.io/v1/namespaces/{Town.Namespace}/httproutes/shop", manifest, SyncMode.ServerSide);
        await argo.SyncAsync();
        await town.StartOperatorAsync();
        town.Apply(traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        var highest = 0;
        using var watch = town.Api.Store.Subscribe(change => highest = change.Resource == PlayedGateway.HttpRoutes ? Math.Max(highest, routed.CanaryWeight() ?? 0) : highest);
        while (town.Phase() is nameof(PatchPhase.AwaitingApproval) or nameof(PatchPhase.Validating) or nameof(PatchPhase.Progressing) or nameof(PatchPhase.Promoting) && town.Events("TrafficContested").Count == 0)
        {
            await argo.HealAsync();
            await Task.Delay(50);
        }

        Assert.Equal((nameof(PatchPhase.Promoted), 50, 1), (town.Phase(), highest, argo.Syncs));
        Assert.DoesNotContain(town.Trail(), r => r.Action == "TrafficEdited");

        // What is left is Git's, and its next change shows.
        Assert.False(await argo.SeesDifferenceAsync());
        manifest["spec"]!["rules"]![1]!["timeouts"]!["request"] = "5s";
        Assert.True(await argo.SeesDifferenceAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Service_that_leads_to_others_too_blocks_the_start_and_names_them(bool isInThePatch)
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        town.Api.Store.Create(ResourceName.Deployments, Town.Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"magento-spot","namespace":"shop"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"half":"spot"}},"template":{"metadata":{"labels":{"app":"web","half":"spot"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{Town.Stable}}}}}"}]}}}}
            """));
        await town.UntilAsync(() => town.ReadyPods("web").Count == 6, "the Service has both");
        await town.StartOperatorAsync();
        town.Apply(
            traffic: RoutedTown.HttpRoute,
            others: isInThePatch ? $$""",{"name":"spot","role":"Web","deployment":"magento-spot","containers":[{"name":"php","image":"{{Town.Patched}}"}]}""" : "");
        await town.UntilAsync(() => town.Condition("Accepted")?["reason"]?.GetValue<string>() == "ServiceShared", "blocked");
        Assert.Contains("Service web leads to pods of Deployment magento-spot", town.Condition("Accepted")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("Blocked", town.Phase());
        if (!isInThePatch)
        {
            town.Edit(ResourceName.Deployments, "magento-spot", spot => spot["spec"]!["replicas"] = 0);

            // What blocks is looked at again every 30 s where no event tells of it.
            await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, seconds: 60);
        }
    }

    [Fact]
    public async Task No_canary_is_made_before_the_Services_are_known_by_which_it_gets_its_labels()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        await town.StopOperatorAsync();
        town.Api.Store.Delete(ResourceName.Deployments, Town.Namespace, "magento-web-canary", force: true);
        await town.UntilAsync(() => town.Pod("canary").Count == 0, "its pods are gone");
        using (town.Api.Faults.Before(call => call is { Resource: "services", Verb: "list" } ? new FaultAction.Fail(503, "ServiceUnavailable") : null))
        {
            await town.StartOperatorAsync();
            await Task.Delay(TimeSpan.FromSeconds(8));
            Assert.Null(town.Deployment("magento-web-canary"));
        }

        await town.UntilAsync(() => town.Deployment("magento-web-canary") is not null, "it is made");
        Assert.Equal("web-canary", town.Deployment("magento-web-canary")!["spec"]!["template"]!["metadata"]!["labels"]!["app"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_canarys_Service_follows_the_ports_of_stables_own()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.HttpRoute);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        routed.Edit(ResourceName.Services, "web", service => service["spec"]!["ports"] = Town.Json("""{"p":[{"name":"http","port":80,"targetPort":9090,"protocol":"TCP"},{"name":"admin","port":81,"targetPort":8081,"protocol":"TCP"}]}""")["p"]!.DeepClone());
        await town.UntilAsync(() => Ports("web-canary") == Ports("web"), "the canary's Service has the same ports", 5);
        var version = routed.Service("web-canary")!["metadata"]!["resourceVersion"]!.ToString();
        await Task.Delay(500);
        Assert.Equal(version, routed.Service("web-canary")!["metadata"]!["resourceVersion"]!.ToString());
        Assert.DoesNotContain(town.Trail(), r => r.Action == "TrafficEdited");

        string Ports(string service) => string.Join(", ", routed.Service(service)!["spec"]!["ports"]!.AsArray().Select(p => $"{p!["port"]} {p["targetPort"]}"));
    }

    [Fact]
    public async Task A_route_that_appears_later_lets_the_patch_go_on()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        await town.StartOperatorAsync();
        town.Apply(traffic: ""","traffic":{"httpRoute":{"name":"late"}}""");
        await town.UntilPhaseAsync(PatchPhase.Blocked);
        town.Api.Store.Create(PlayedGateway.HttpRoutes, Town.Json("""{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"late","namespace":"shop"},"spec":{"parentRefs":[{"name":"public"}],"rules":[{"backendRefs":[{"name":"web","port":80}]}]}}"""));
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, seconds: 5);
    }

    [Fact]
    public async Task Testers_reach_the_canary_at_weight_nought()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var before = routed.Spec();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":0,"hold":"2s"},{"weight":50}]""", traffic: RoutedTown.HttpRoute + ""","preview":{"header":{"name":"X-Preview","value":"yes"}}""");
        await routed.ApproveAsync();
        await town.UntilAsync(() => routed.Route()!["spec"]!["rules"]!.AsArray().Count == 3, "a rule for testers stands ahead");
        var rule = routed.Route()!["spec"]!["rules"]![1]!;
        Assert.Equal("X-Preview", rule["matches"]![0]!["headers"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("web-canary", Assert.Single(rule["backendRefs"]!.AsArray())!["name"]!.GetValue<string>());
        Assert.Null(routed.CanaryWeight());
        await town.UntilAsync(() => routed.CanaryWeight() == 50, "the next step begins");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        Assert.Equal(before, routed.Spec());
    }

    [Fact]
    public async Task An_Ingress_gets_a_second_one_that_makes_nobody_else_act()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var before = town.Api.Store.Get(RoutedTown.Ingresses, Town.Namespace, "shop")!.ToJsonString();
        await town.StartOperatorAsync();
        town.Apply(traffic: RoutedTown.Ingress);
        await routed.ApproveAsync();
        await town.UntilAsync(() => routed.IngressWeight() == "25", "the second Ingress is there");
        var second = routed.SecondIngress()!;
        Assert.Equal(
            ["external-dns.alpha.kubernetes.io/controller", "nginx.ingress.kubernetes.io/affinity", "nginx.ingress.kubernetes.io/canary", "nginx.ingress.kubernetes.io/canary-weight", "patchoperator.io/patch"],
            second["metadata"]!["annotations"]!.AsObject().Select(a => a.Key).Order(StringComparer.Ordinal));
        Assert.Equal("nginx", second["spec"]!["ingressClassName"]!.GetValue<string>());
        Assert.Equal("shop-tls", Assert.Single(second["spec"]!["tls"]!.AsArray())!["secretName"]!.GetValue<string>());
        var path = Assert.Single(Assert.Single(second["spec"]!["rules"]!.AsArray())!["http"]!["paths"]!.AsArray())!;
        Assert.Equal("web-canary", path["backend"]!["service"]!["name"]!.GetValue<string>());
        Assert.Equal(4, town.ReadyPods("web").Count);
        await town.UntilAsync(() => routed.IngressWeight() == "50", "the next step");
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        Assert.Null(routed.SecondIngress());
        Assert.Null(routed.Service("web-canary"));
        Assert.Equal(before, town.Api.Store.Get(RoutedTown.Ingresses, Town.Namespace, "shop")!.ToJsonString());
    }

    [Fact]
    public async Task An_edit_of_the_second_Ingress_is_undone_and_a_revert_closes_it_first()
    {
        await using var routed = await RoutedTown.FoundAsync();
        var town = routed.Town;
        var weights = new List<string?>();
        using var watch = town.Api.Store.Subscribe(change =>
        {
            if (change.Resource == RoutedTown.Ingresses && change.Value["metadata"]!["name"]!.GetValue<string>() == "shop-canary")
            {
                lock (weights)
                {
                    weights.Add(change.Type is StoreEventType.Deleted ? "deleted" : change.Value["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-weight"]?.GetValue<string>());
                }
            }
        });
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""", traffic: RoutedTown.Ingress);
        await routed.ApproveAsync();
        await town.UntilAsync(() => town.Patch()?["status"]?["step"]?["servingSince"] is not null, "the canary serves");
        routed.Edit(RoutedTown.Ingresses, "shop-canary", ingress =>
        {
            ingress["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-weight"] = "90";
            ingress["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-by-header"] = "X-Mine";
        });
        await town.UntilAsync(() => routed.IngressWeight() == "25" && routed.SecondIngress()!["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/canary-by-header"] is null, "put back", 2);
        await town.UntilAsync(() => town.Events("TrafficEdited").Count == 1, "told");
        town.Annotate(Commands.Abort, "enough");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        lock (weights)
        {
            Assert.Equal(["0", "deleted"], weights.TakeLast(2));
        }
    }

    private static IReadOnlyList<int> Changes(List<int> seen)
    {
        lock (seen)
        {
            return [0, .. seen.Where((weight, i) => weight != (i == 0 ? 0 : seen[i - 1]))];
        }
    }
}

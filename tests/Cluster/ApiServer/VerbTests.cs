using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

public sealed class VerbTests
{
    [Fact]
    public async Task Pages_show_the_state_of_the_first_one_and_expire_with_a_compaction()
    {
        await using var api = await ApiClient.StartAsync();
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            (await api.SendAsync("POST", ApiClient.ConfigMaps, ConfigMap(name))).Expect(201);
        }

        var first = (await api.GetAsync(ApiClient.ConfigMaps + "?limit=2")).Expect(200);
        var token = Uri.EscapeDataString(first.Text("metadata", "continue")!);
        (await api.SendAsync("DELETE", ApiClient.ConfigMaps + "/d")).Expect(200);
        (await api.SendAsync("POST", ApiClient.ConfigMaps, ConfigMap("bb"))).Expect(201);

        var second = (await api.GetAsync($"{ApiClient.ConfigMaps}?limit=2&continue={token}")).Expect(200);
        Assert.Equal(["c", "d"], second.Objects("items").Select(i => i.Name()));
        Assert.Equal(first.Text("metadata", "resourceVersion"), second.Text("metadata", "resourceVersion"));

        api.Server.Faults.Compact();
        Assert.Equal("Expired", (await api.GetAsync($"{ApiClient.ConfigMaps}?limit=2&continue={token}")).Expect(410).Text("reason"));
    }

    [Fact]
    public async Task An_update_from_a_stale_version_is_a_conflict_and_an_update_without_change_is_none()
    {
        await using var api = await ApiClient.StartAsync();
        var created = (await api.SendAsync("POST", ApiClient.ConfigMaps, ConfigMap("a"))).Expect(201);
        var same = (await api.SendAsync("PUT", ApiClient.ConfigMaps + "/a", created)).Expect(200);
        Assert.Equal(created.Text("metadata", "resourceVersion"), same.Text("metadata", "resourceVersion"));

        (await api.MergeAsync(ApiClient.ConfigMaps + "/a", """{"data":{"k":"2"}}""")).Expect(200);
        var conflict = (await api.SendAsync("PUT", ApiClient.ConfigMaps + "/a", created)).Expect(409);
        Assert.Equal("Conflict", conflict.Text("reason"));
    }

    [Fact]
    public async Task Finalizers_hold_a_deleted_object_until_the_last_one_is_removed()
    {
        await using var api = await ApiClient.StartAsync();
        var widget = ApiClient.Widget("w");
        widget.Meta()["finalizers"] = new JsonArray("example.io/hold");
        (await api.SendAsync("POST", ApiClient.Widgets, widget)).Expect(201);
        var path = ApiClient.Widgets + "/w";

        var waiting = (await api.SendAsync("DELETE", path)).Expect(200);
        Assert.True(waiting.IsTerminating());
        (await api.MergeAsync(path, """{"metadata":{"finalizers":["example.io/hold","example.io/late"]}}""")).Expect(422);
        (await api.MergeAsync(path, """{"metadata":{"finalizers":null}}""")).Expect(200);
        (await api.GetAsync(path)).Expect(404);
    }

    [Fact]
    public async Task A_namespace_goes_when_its_last_object_has_gone_and_takes_nothing_new_meanwhile()
    {
        await using var api = await ApiClient.StartAsync();
        var widget = ApiClient.Widget("w");
        widget.Meta()["finalizers"] = new JsonArray("example.io/hold");
        (await api.SendAsync("POST", ApiClient.Widgets, widget)).Expect(201);
        (await api.SendAsync("DELETE", "/api/v1/namespaces/shop")).Expect(200);

        (await api.SendAsync("POST", ApiClient.ConfigMaps, ConfigMap("a"))).Expect(403);
        (await api.MergeAsync(ApiClient.Widgets + "/w", """{"metadata":{"finalizers":null}}""")).Expect(200);
        (await api.GetAsync("/api/v1/namespaces/shop")).Expect(404);
    }

    [Fact]
    public async Task A_failing_test_in_a_json_patch_changes_nothing()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.SendAsync("POST", ApiClient.ConfigMaps, ConfigMap("a"))).Expect(201);
        var patch = JsonNode.Parse("""[{"op":"replace","path":"/data/k","value":"2"},{"op":"test","path":"/data/k","value":"1"}]""");

        (await api.SendAsync("PATCH", ApiClient.ConfigMaps + "/a", patch, "application/json-patch+json")).Expect(422);
        Assert.Equal("1", (await api.GetAsync(ApiClient.ConfigMaps + "/a")).Body.Text("data", "k"));
    }

    [Fact]
    public async Task A_strategic_merge_reaches_into_keyed_lists()
    {
        await using var api = await ApiClient.StartAsync();
        var deployment = YamlReader.ReadAll("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: php, image: "a:1", env: [{name: X, value: "1"}, {name: Y, value: "2"}]}, {name: old, image: "o:1"}]}
            """)[0];
        (await api.SendAsync("POST", ApiClient.Deployments, deployment)).Expect(201);
        var patch = JsonNode.Parse("""
            {"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"new"},{"name":"php"}],"containers":[
              {"name":"php","image":"a:2","env":[{"name":"X","$patch":"delete"}]},{"name":"old","$patch":"delete"},{"name":"new","image":"n:1"}]}}}}
            """);

        var merged = (await api.SendAsync("PATCH", ApiClient.Deployments + "/web", patch, "application/strategic-merge-patch+json")).Expect(200);
        var containers = merged.Objects("spec", "template", "spec", "containers").ToList();
        Assert.Equal(["new=n:1", "php=a:2"], containers.Select(c => $"{c.Text("name")}={c.Text("image")}"));
        Assert.Equal("""[{"name":"Y","value":"2"}]""", containers[1]["env"]!.ToJsonString());
    }

    [Fact]
    public async Task A_deleted_pod_stays_until_its_node_confirms()
    {
        await using var api = await ApiClient.StartAsync();
        var pod = YamlReader.ReadAll("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}")[0];
        (await api.SendAsync("POST", "/api/v1/namespaces/shop/pods", pod)).Expect(201);
        var deleted = (await api.SendAsync("DELETE", "/api/v1/namespaces/shop/pods/p")).Expect(200);
        Assert.Equal(30, deleted.Integer("metadata", "deletionGracePeriodSeconds"));

        api.Server.Store.Delete(ResourceName.Pods, "shop", "p", force: true);
        (await api.GetAsync("/api/v1/namespaces/shop/pods/p")).Expect(404);
    }

    private static JsonObject ConfigMap(string name) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject { ["k"] = "1" },
    };
}

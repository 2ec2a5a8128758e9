using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

public sealed class ServerSideApplyTests
{
    private const string Web = ApiClient.Deployments + "/web";

    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: php, image: "shop:1"}
              - {name: proxy, image: "proxy:1"}
        """;

    private const string Patch = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {patched: "yes"}}
        spec:
          template:
            spec:
              containers:
              - {name: php, image: "shop:2"}
        """;

    [Fact]
    public async Task Another_managers_field_is_a_conflict_that_names_the_manager_and_the_field_and_force_takes_it()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);

        var refusal = (await api.ApplyAsync(Web, Patch, "patcher")).Expect(409);
        var cause = Assert.Single(refusal.Objects("details", "causes"));
        Assert.Equal("FieldManagerConflict", cause.Text("reason"));
        Assert.Equal("conflict with \"git\"", cause.Text("message"));
        Assert.Equal(".spec.template.spec.containers[name=\"php\"].image", cause.Text("field"));

        var forced = (await api.ApplyAsync(Web, Patch, "patcher", force: true)).Expect(200);
        Assert.Equal(["shop:2", "proxy:1"], Images(forced));
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(409);
    }

    [Fact]
    public async Task A_field_dropped_from_an_apply_disappears_only_when_nobody_else_owns_it()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);
        (await api.ApplyAsync(Web, Patch, "patcher", force: true)).Expect(200);

        var dropped = (await api.ApplyAsync(Web, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}", "patcher")).Expect(200);
        Assert.Null(dropped.At("metadata", "labels"));

        // git lost the image by force, so it went with its last owner; the container itself is still git's.
        Assert.Equal([null, "proxy:1"], Images(dropped));
        Assert.DoesNotContain("patcher", Managers(dropped));
    }

    [Fact]
    public async Task A_whole_list_item_goes_with_its_only_owner_including_the_fields_that_were_defaulted()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);
        var without = Deployment.Replace("- {name: proxy, image: \"proxy:1\"}", "", StringComparison.Ordinal);

        Assert.Equal(["shop:1"], Images((await api.ApplyAsync(Web, without, "git")).Expect(200)));
    }

    [Fact]
    public async Task Applying_the_same_again_writes_nothing_and_the_same_value_is_shared_not_fought_over()
    {
        await using var api = await ApiClient.StartAsync();
        var first = (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);
        var again = (await api.ApplyAsync(Web, Deployment, "git")).Expect(200);
        Assert.Equal(first.Text("metadata", "resourceVersion"), again.Text("metadata", "resourceVersion"));

        var shared = (await api.ApplyAsync(Web, Deployment, "other")).Expect(200);
        Assert.Equal(["git", "other"], Managers(shared));
        Assert.Equal(1, shared.Integer("metadata", "generation"));
    }

    [Fact]
    public async Task An_update_takes_ownership_of_what_it_changes_and_the_status_is_booked_apart()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);
        (await api.MergeAsync(Web, """{"spec":{"replicas":5}}""")).Expect(200);
        (await api.MergeAsync(Web + "/status", """{"status":{"replicas":5}}""")).Expect(200);

        var live = (await api.GetAsync(Web)).Expect(200);
        var entries = live.Objects("metadata", "managedFields").Where(e => e.Text("manager") == "tester").ToList();
        Assert.Equal([null, "status"], entries.Select(e => e.Text("subresource")));
        Assert.NotNull(entries[0].At("fieldsV1", "f:spec", "f:replicas"));

        var refusal = (await api.ApplyAsync(Web, Deployment, "git")).Expect(409);
        Assert.Contains("conflict with \"tester\" using apps/v1: .spec.replicas", refusal.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_version_in_the_applied_object_is_a_precondition()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.ApplyAsync(Web, Deployment, "git")).Expect(201);
        var stale = Patch.Replace("{name: web,", "{name: web, resourceVersion: \"1\",", StringComparison.Ordinal);

        Assert.Equal("Conflict", (await api.ApplyAsync(Web, stale, "patcher", force: true)).Expect(409).Text("reason"));
    }

    [Fact]
    public async Task Lists_of_custom_resources_merge_by_the_keys_of_their_schema()
    {
        await using var api = await ApiClient.StartAsync();
        const string header = "apiVersion: example.io/v1\nkind: Widget\nmetadata: {name: w}\n";
        (await api.ApplyAsync(ApiClient.Widgets + "/w", header + "spec: {severity: High, parts: [{name: a, count: 2}]}", "one")).Expect(201);
        var both = (await api.ApplyAsync(ApiClient.Widgets + "/w", header + "spec: {parts: [{name: b}]}", "two")).Expect(200);
        Assert.Equal("""[{"name":"a","count":2},{"name":"b","count":1}]""", both.At("spec", "parts")!.ToJsonString());

        var left = (await api.ApplyAsync(ApiClient.Widgets + "/w", header + "spec: {severity: High}", "one")).Expect(200);
        Assert.Equal("""[{"name":"b","count":1}]""", left.At("spec", "parts")!.ToJsonString());
    }

    private static List<string?> Images(JsonObject deployment) =>
        [.. deployment.Objects("spec", "template", "spec", "containers").Select(c => c.Text("image"))];

    private static List<string?> Managers(JsonObject obj) => [.. obj.Objects("metadata", "managedFields").Select(e => e.Text("manager"))];
}

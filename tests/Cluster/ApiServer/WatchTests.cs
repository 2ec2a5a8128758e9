using System.Diagnostics;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

public sealed class WatchTests
{
    [Fact]
    public async Task A_watch_from_a_version_misses_nothing_and_hears_of_changes_at_once()
    {
        await using var api = await ApiClient.StartAsync();
        var since = (await api.GetAsync(ApiClient.Widgets)).Body.Text("metadata", "resourceVersion");
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("before"))).Expect(201);

        using var watch = await api.WatchAsync($"{ApiClient.Widgets}?watch=1&resourceVersion={since}");
        Assert.Equal("ADDED before", Show(await watch.NextAsync()));
        (await api.MergeAsync(ApiClient.Widgets + "/before", """{"spec":{"size":4}}""")).Expect(200);
        Assert.Equal("MODIFIED before", Show(await watch.NextAsync()));
        var clock = Stopwatch.StartNew();
        api.Server.Store.Delete(new ResourceName("example.io", "v1", "widgets"), "shop", "before");
        Assert.Equal("DELETED before", Show(await watch.NextAsync()));
        Assert.True(clock.ElapsedMilliseconds < 500, $"delivery took {clock.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task An_object_that_leaves_the_selection_is_reported_as_deleted()
    {
        await using var api = await ApiClient.StartAsync();
        using var watch = await api.WatchAsync($"{ApiClient.Widgets}?watch=1&labelSelector=track+in+(canary)");
        var widget = ApiClient.Widget("w");
        widget.Meta()["labels"] = new JsonObject { ["track"] = "canary" };
        (await api.SendAsync("POST", ApiClient.Widgets, widget)).Expect(201);
        (await api.MergeAsync(ApiClient.Widgets + "/w", """{"metadata":{"labels":{"track":"stable"}}}""")).Expect(200);

        Assert.Equal("ADDED w", Show(await watch.NextAsync()));
        Assert.Equal("DELETED w", Show(await watch.NextAsync()));
    }

    [Fact]
    public async Task Bookmarks_come_on_demand_and_carry_a_version_to_resume_from()
    {
        await using var api = await ApiClient.StartAsync();
        using var watch = await api.WatchAsync($"{ApiClient.Widgets}?watch=1&allowWatchBookmarks=true");
        (await api.SendAsync("POST", "/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "other" } })).Expect(201);
        api.Server.Faults.SendBookmarks();

        var bookmark = (await watch.NextAsync())!;
        Assert.Equal("BOOKMARK", bookmark.Text("type"));
        Assert.Equal((await api.GetAsync(ApiClient.Widgets)).Body.Text("metadata", "resourceVersion"), bookmark.Text("object", "metadata", "resourceVersion"));
    }

    [Fact]
    public async Task After_a_compaction_old_versions_are_gone_over_http_and_in_the_stream()
    {
        await using var api = await ApiClient.StartAsync();
        var since = (await api.GetAsync(ApiClient.Widgets)).Body.Text("metadata", "resourceVersion");
        using var open = await api.WatchAsync($"{ApiClient.Widgets}?watch=1&resourceVersion={since}");
        api.Server.Faults.Compact();

        using var late = await api.WatchAsync($"{ApiClient.Widgets}?watch=1&resourceVersion={since}");
        Assert.Equal(410, late.Code);

        api.Server.Faults.ExpireWatchesInStream();
        var error = (await open.NextAsync())!;
        Assert.Equal(("ERROR", 410, "Expired"), (error.Text("type"), error.Integer("object", "code"), error.Text("object", "reason")));
        Assert.Null(await open.NextAsync());
    }

    [Fact]
    public async Task A_thousand_objects_arrive_complete_and_in_order()
    {
        await using var api = await ApiClient.StartAsync();
        using var watch = await api.WatchAsync($"{ApiClient.Widgets}?watch=1");
        var widgets = new ResourceName("example.io", "v1", "widgets");
        for (var i = 0; i < 1000; i++)
        {
            var widget = ApiClient.Widget($"w{i:0000}");
            widget.Meta()["namespace"] = "shop";
            api.Server.Store.Create(widgets, widget);
        }

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($"ADDED w{i:0000}", Show(await watch.NextAsync()));
        }
    }

    private static string Show(JsonObject? change) => $"{change.Text("type")} {change.Text("object", "metadata", "name")}";
}

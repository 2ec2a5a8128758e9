using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

public sealed class InformerTests
{
    private readonly MiniApi api = new();

    [Fact]
    public async Task Deletions_during_a_disconnect_are_announced()
    {
        Put("a", "b");
        await using var harness = await new Harness(api).StartAsync();
        var (informer, said) = await WatchAsync(harness);

        api.Intercept = request => MiniApi.IsWatch(request) ? MiniApi.Status(410, "Expired") : MiniApi.Status(503, "ServiceUnavailable");
        api.CloseWatches();
        api.Remove(MiniApi.Path("a"));
        await Harness.SettleAsync();
        api.Intercept = null;

        await harness.EventuallyAsync(() => said.Contains("Deleted a"), TimeSpan.FromMilliseconds(200));
        Assert.Null(informer.Get(Harness.Key("a")));
        Assert.Equal(1, said.Count(line => line == "Added b"));
    }

    [Fact]
    public async Task Of_a_kind_whose_metadata_is_enough_the_server_is_asked_for_no_more()
    {
        Put("a");
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        api.Intercept = request =>
        {
            asked.Enqueue($"{(MiniApi.IsWatch(request) ? "watch" : "list")} {request.Headers.Accept}");
            return null;
        };
        await using var harness = await new Harness(api).StartAsync();
        using var lease = harness.Services.GetRequiredService<IInformerFactory>().Shared(Widgets.Type with { IsMetadataOnly = true }, labelSelector: "a=b");
        await harness.EventuallyAsync(() => asked.Any(a => a.StartsWith("watch", StringComparison.Ordinal) && a.Contains("as=PartialObjectMetadata;", StringComparison.Ordinal)));
        Assert.Contains("list application/json; as=PartialObjectMetadataList; g=meta.k8s.io; v=v1, application/json".Replace("; ", ";", StringComparison.Ordinal), asked.Select(a => a.Replace("; ", ";", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_watch_that_silently_stops_is_noticed()
    {
        Put("a");
        await using var harness = await new Harness(api).StartAsync();
        api.Deaf = true;
        var (_, said) = await WatchAsync(harness);
        await harness.EventuallyAsync(() => api.WatchesOpened == 1);
        api.Put(MiniApi.Path("b"));
        await Harness.SettleAsync();
        Assert.DoesNotContain("Added b", said);

        api.Deaf = false;
        harness.Time.Advance(TimeSpan.FromSeconds(149));
        await Harness.SettleAsync();
        Assert.Equal(1, api.WatchesOpened);
        await harness.EventuallyAsync(() => said.Contains("Added b"), TimeSpan.FromSeconds(1));
        Assert.Equal(1, api.Lists);
    }

    [Fact]
    public async Task A_watch_that_only_bookmarks_keep_alive_is_left_open_and_resumed_at_the_bookmark()
    {
        await using var harness = await new Harness(api).StartAsync();
        await WatchAsync(harness);
        await harness.EventuallyAsync(() => api.OpenWatches == 1);
        for (var i = 0; i < 2; i++)
        {
            harness.Time.Advance(TimeSpan.FromSeconds(140));
            api.Send("""{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"4711"}}}""");
            await Harness.SettleAsync();
        }

        Assert.Equal(1, api.WatchesOpened);
        string? from = null;
        api.Intercept = request =>
        {
            from = request.RequestUri!.Query;
            return null;
        };
        api.CloseWatches();
        await harness.EventuallyAsync(() => from?.Contains("resourceVersion=4711", StringComparison.Ordinal) == true, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_version_leads_to_a_new_list(bool inStream)
    {
        Put("a");
        await using var harness = await new Harness(api).StartAsync();
        var (informer, _) = await WatchAsync(harness);
        await harness.EventuallyAsync(() => api.OpenWatches == 1);
        var refused = false;
        if (inStream)
        {
            api.Send("""{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""");
        }
        else
        {
            api.Intercept = request => MiniApi.IsWatch(request) && !refused && (refused = true) ? MiniApi.Status(410, "Expired") : null;
            api.CloseWatches();
        }

        await harness.EventuallyAsync(() => api.Lists == 2, TimeSpan.FromSeconds(1));
        api.Put(MiniApi.Path("b"));
        await harness.EventuallyAsync(() => informer.Get(Harness.Key("b")) is not null, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_unreachable_server_is_tried_for_ever_with_a_capped_delay()
    {
        var attempts = new List<DateTimeOffset>();
        await using var harness = new Harness(api);
        api.Intercept = _ =>
        {
            attempts.Add(harness.Time.GetUtcNow());
            throw new HttpRequestException(HttpRequestError.ConnectionError, "refused");
        };
        await harness.StartAsync();
        using var lease = harness.Services.GetRequiredService<IInformerFactory>().Shared(Widgets.Type);
        await harness.EventuallyAsync(() => attempts.Count >= 12, TimeSpan.FromMilliseconds(500));

        var delays = attempts.Zip(attempts.Skip(1), (a, b) => (b - a).TotalSeconds).ToList();
        Assert.InRange(delays[0], 1, 3);
        Assert.InRange(delays[^1], 60, 63);
        Assert.Contains("widgets.test.io is not listed yet: refused", harness.Services.GetRequiredService<RuntimeHealth>().ReadinessProblems);

        api.Intercept = null;
        await harness.EventuallyAsync(() => lease.Informer.HasSynced, TimeSpan.FromSeconds(1));
        await harness.EventuallyAsync(() => harness.Services.GetRequiredService<RuntimeHealth>().ReadinessProblems.Count == 0);
    }

    [Fact]
    public async Task A_list_whose_continue_token_expires_begins_anew_and_loses_nothing()
    {
        var expired = false;
        api.Intercept = request => request.RequestUri!.Query switch
        {
            var query when query.Contains("watch=", StringComparison.Ordinal) => null,
            var query when query.Contains("continue=one", StringComparison.Ordinal) && !expired && (expired = true) => MiniApi.Status(410, "Expired"),
            var query when query.Contains("continue=", StringComparison.Ordinal) => Page("b", ""),
            _ => Page("a", "one"),
        };
        await using var harness = await new Harness(api).StartAsync();
        var (informer, _) = await WatchAsync(harness);
        Assert.True(expired);
        Assert.Equal(["a", "b"], informer.List().Select(widget => widget.Metadata.Name).Order());
    }

    [Fact]
    public async Task One_undecodable_object_does_not_stop_the_rest()
    {
        Put("a");
        api.Put(MiniApi.Path("bad"), widget => widget["spec"] = "not an object");
        await using var harness = await new Harness(api).StartAsync();
        var (informer, said) = await WatchAsync(harness);
        Assert.NotNull(informer.Get(Harness.Key("a")));
        var bad = Assert.Single(informer.Undecodable);
        Assert.Equal(Harness.Key("bad"), bad.Key);
        Assert.Equal(api.Read(MiniApi.Path("bad"))!["metadata"]!["uid"]!.GetValue<string>(), bad.Uid);

        api.Put(MiniApi.Path("a"), widget => widget["spec"] = "now bad too");
        api.Put(MiniApi.Path("c"));
        await harness.EventuallyAsync(() => said.Contains("Added c"), TimeSpan.FromSeconds(1));
        Assert.NotNull(informer.Get(Harness.Key("a")));
        Assert.DoesNotContain("Deleted a", said);
        Assert.Equal(2, informer.Undecodable.Count);

        api.Put(MiniApi.Path("bad"), widget => widget.Remove("spec"));
        await harness.EventuallyAsync(() => said.Contains("Added bad"), TimeSpan.FromSeconds(1));
        Assert.Equal("a", Assert.Single(informer.Undecodable).Key.Name);
        Assert.Equal(1, harness.Log.Lines.Count(line => line.Contains("shop/bad", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_object_that_is_nested_too_deeply_stops_neither_a_list_nor_a_watch()
    {
        Put("a");
        api.Put(MiniApi.Path("deep"), widget => widget["spec"] = Deep());
        await using var harness = await new Harness(api).StartAsync();
        var (informer, said) = await WatchAsync(harness);
        Assert.NotNull(informer.Get(Harness.Key("a")));
        Assert.Equal("deep", Assert.Single(informer.Undecodable).Key.Name);

        api.Put(MiniApi.Path("deeper"), widget => widget["spec"] = Deep());
        api.Put(MiniApi.Path("c"));
        await harness.EventuallyAsync(() => said.Contains("Added c"), TimeSpan.FromSeconds(1));
        Assert.Equal(1, api.WatchesOpened);
    }

    private static JsonObject Deep()
    {
        var inner = new JsonObject();
        for (var level = 0; level < 400; level++)
        {
            inner = new JsonObject { ["a"] = inner };
        }

        return inner;
    }

    [Fact]
    public async Task An_informer_is_shared_and_stops_a_while_after_its_last_lease()
    {
        await using var harness = await new Harness(api).StartAsync();
        var factory = harness.Services.GetRequiredService<IInformerFactory>();
        var loops = harness.Services.GetRequiredService<LoopSupervisor>();
        var first = factory.Shared(Widgets.Type);
        var second = factory.Shared(Widgets.Type);
        Assert.Same(first.Informer, second.Informer);
        first.Dispose();
        first.Dispose();
        second.Dispose();
        harness.Time.Advance(TimeSpan.FromMinutes(4));
        using (factory.Shared(Widgets.Type))
        {
            harness.Time.Advance(TimeSpan.FromMinutes(10));
            Assert.Contains("informer widgets.test.io", loops.Running);
        }

        harness.Time.Advance(TimeSpan.FromMinutes(5));
        await harness.EventuallyAsync(() => loops.Running.Count == 0);
        Assert.Null(loops.Failure);
    }

    private static HttpResponseMessage Page(string name, string next) => new(HttpStatusCode.OK)
    {
        Content = new StringContent(
            $$$"""{"metadata":{"resourceVersion":"9","continue":"{{{next}}}"},"items":[{"metadata":{"name":"{{{name}}}","namespace":"shop","uid":"1","resourceVersion":"5"}}]}"""),
    };

    private static async Task<(IInformer<Widget> Informer, SynchronizedList Said)> WatchAsync(Harness harness)
    {
        var lease = harness.Services.GetRequiredService<IInformerFactory>().Shared(Widgets.Type);
        var said = new SynchronizedList();
        lease.Informer.Subscribe(change => said.Add($"{change.Type} {change.Object.Metadata.Name}"));
        await harness.EventuallyAsync(() => lease.Informer.HasSynced, TimeSpan.FromMilliseconds(1));
        return (lease.Informer, said);
    }

    private void Put(params string[] names)
    {
        foreach (var name in names)
        {
            api.Put(MiniApi.Path(name));
        }
    }
}

internal sealed class SynchronizedList : IEnumerable<string>
{
    private readonly List<string> lines = [];

    public void Add(string line)
    {
        lock (lines)
        {
            lines.Add(line);
        }
    }

    public IEnumerator<string> GetEnumerator()
    {
        lock (lines)
        {
            return lines.ToList().GetEnumerator();
        }
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

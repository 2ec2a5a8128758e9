using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

public sealed class FaultTests
{
    [Fact]
    public async Task An_injected_refusal_looks_like_the_real_one_and_ends_with_its_hook()
    {
        await using var api = await ApiClient.StartAsync();
        using (api.Server.Faults.Before(r => r is { Verb: "create", Resource: "widgets" }
            ? new FaultAction.Fail(429, "TooManyRequests", TimeSpan.FromSeconds(7))
            : null))
        {
            var refused = await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w"));
            refused.Expect(429);
            Assert.Equal(TimeSpan.FromSeconds(7), refused.RetryAfter);
            Assert.Equal(7, refused.Body.Integer("details", "retryAfterSeconds"));
        }

        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w"))).Expect(201);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_closed_before_leaves_no_effect_and_one_closed_after_does(bool after)
    {
        await using var api = await ApiClient.StartAsync();
        FaultAction action = after ? new FaultAction.CloseConnectionAfter() : new FaultAction.CloseConnectionBefore();
        using (api.Server.Faults.Before(r => r.Verb == "create" ? action : null))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w")));
        }

        (await api.GetAsync(ApiClient.Widgets + "/w")).Expect(after ? 200 : 404);
    }

    [Fact]
    public async Task A_silenced_watch_loses_what_happens_and_a_dropped_one_ends()
    {
        await using var api = await ApiClient.StartAsync();
        using var watch = await api.WatchAsync($"{ApiClient.Widgets}?watch=1");
        api.Server.Faults.SilenceWatches();
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("lost"))).Expect(201);
        api.Server.Faults.ResumeWatches();
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("seen"))).Expect(201);

        Assert.Equal("seen", (await watch.NextAsync()).Text("object", "metadata", "name"));
        api.Server.Faults.DropWatches();
        Assert.Null(await watch.NextAsync());
    }

    [Fact]
    public async Task During_an_outage_nobody_gets_an_answer_and_afterwards_everybody_does()
    {
        await using var api = await ApiClient.StartAsync();
        api.Server.Faults.Outage(true);

        // A connection that is closed while the handler still looks at it ends in the socket's own exception.
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => api.GetAsync(ApiClient.Widgets));
        Assert.True(exception is HttpRequestException or System.Net.Sockets.SocketException, exception.ToString());

        api.Server.Faults.Outage(false);
        (await api.GetAsync(ApiClient.Widgets)).Expect(200);
    }

    [Fact]
    public async Task The_log_counts_calls_by_verb_resource_and_user_agent()
    {
        await using var api = await ApiClient.StartAsync();
        var mark = api.Server.Requests.Mark;
        await api.GetAsync(ApiClient.Widgets);
        await api.MergeAsync(ApiClient.Widgets + "/none/status", "{}");

        Assert.Equal(new Dictionary<string, int> { ["list widgets"] = 1, ["patch widgets/status"] = 1 }, api.Server.Requests.CountByVerbAndResource(mark));
        Assert.Equal(2, api.Server.Requests.CountByUserAgent(mark)["tester/1.0"]);
    }
}

using System.Net;
using Microsoft.AspNetCore.Http;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;
using PatchOperator.Tests.Cluster.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Traffic;

public sealed class FrontDoorTests
{
    private static readonly FrontDoorOptions Seeded = new() { Seed = 7 };

    private readonly MemoryStore _store = new(TimeProvider.System);

    [Fact]
    public async Task Requests_spread_over_ready_pods_and_are_counted_by_track()
    {
        await using var first = await StubPod.StartAsync();
        await using var second = await StubPod.StartAsync();
        await using var canary = await StubPod.StartAsync(Fail);
        await using var unready = await StubPod.StartAsync();
        _store.AddPod("a");
        _store.AddPod("b");
        _store.AddPod("c", "canary");
        _store.SetEndpoints(("a", first.Ip, true), ("b", second.Ip, true), ("c", canary.Ip, true), ("d", unready.Ip, false));
        await using var door = await StartAsync();

        await SendAsync(door, 300);

        Assert.Empty(unready.Requests);
        Assert.All(new[] { first, second, canary }, pod => Assert.InRange(pod.Requests.Count, 70, 130));
        var traffic = door.Snapshot();
        Assert.Equal(300, traffic.Requests);
        Assert.Equal(first.Requests.Count + second.Requests.Count, traffic.RequestsOf("stable"));
        Assert.Equal((0, canary.Requests.Count), (traffic.ServerErrorsOf("stable"), traffic.ServerErrorsOf("canary")));
        Assert.Equal(canary.Requests.Count, traffic.Pods.Single(pod => pod.Pod == "c").Statuses[500]);
    }

    [Fact]
    public async Task A_pod_that_leaves_the_endpoints_gets_no_further_request()
    {
        await using var first = await StubPod.StartAsync();
        await using var second = await StubPod.StartAsync();
        _store.SetEndpoints(("a", first.Ip, true), ("b", second.Ip, true));
        await using var door = await StartAsync();
        await SendAsync(door, 20);
        var before = second.Requests.Count;
        Assert.True(before > 0);

        _store.SetEndpoints(("a", first.Ip, true), ("b", second.Ip, false));
        await SendAsync(door, 50);
        Assert.Equal(before, second.Requests.Count);
    }

    [Fact]
    public async Task A_pod_that_cannot_be_reached_is_a_502_and_no_pod_at_all_a_503()
    {
        _store.AddPod("dead");
        _store.SetEndpoints(("dead", StubPod.NewIp(), true));
        await using var door = await StartAsync();
        Assert.All(await SendAsync(door, 3), status => Assert.Equal(HttpStatusCode.BadGateway, status));

        _store.Delete(ResourceName.Endpoints, TestCluster.Namespace, "web");
        Assert.All(await SendAsync(door, 2), status => Assert.Equal(HttpStatusCode.ServiceUnavailable, status));
        Assert.Equal((3, 2), (door.Snapshot().ServerErrorsOf("stable"), door.Snapshot().WithoutEndpoint));
    }

    [Fact]
    public async Task Method_path_query_headers_and_bodies_pass_through_both_ways()
    {
        await using var echo = await StubPod.StartAsync(async context =>
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.Headers["X-Storefront-Version"] = context.Request.Headers["X-Asked"].ToString();
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        _store.SetEndpoints(("a", echo.Ip, true));
        await using var door = await StartAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(door.BaseAddress, "/rest/V1/carts%20x?a=b%2Fc")) { Content = new StringContent("four") };
        request.Headers.Add("X-Asked", "2.4.8-p3");

        using var response = await client.SendAsync(request);

        Assert.Equal("POST /rest/V1/carts%20x?a=b%2Fc", Assert.Single(echo.Requests));
        Assert.Equal((HttpStatusCode.Created, "2.4.8-p3", "four"),
            (response.StatusCode, response.Headers.GetValues("X-Storefront-Version").Single(), await response.Content.ReadAsStringAsync()));
    }

    private Task<FrontDoor> StartAsync() => FrontDoor.StartAsync(_store, TestCluster.Namespace, "web", Seeded);

    private static Task Fail(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    }

    private static async Task<List<HttpStatusCode>> SendAsync(FrontDoor door, int count)
    {
        using var client = new HttpClient { BaseAddress = door.BaseAddress };
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < count; i++)
        {
            using var response = await client.GetAsync(new Uri("/", UriKind.Relative));
            statuses.Add(response.StatusCode);
        }

        return statuses;
    }
}

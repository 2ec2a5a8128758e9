using PatchOperator.TestKit.Traffic;
using Xunit;

namespace PatchOperator.Tests.Cluster.Traffic;

/// <summary>Against real sockets and on the real clock; bounds are wide because machines are busy.</summary>
public sealed class LoadGeneratorTests
{
    [Fact]
    public async Task Failures_are_logged_with_the_version_and_the_pod_that_answered()
    {
        await using var pod = await StubPod.StartAsync(context =>
        {
            context.Response.Headers["X-Storefront-Version"] = "2.4.8-p3";
            context.Response.Headers["X-Storefront-Pod"] = "web-canary-1";
            context.Response.StatusCode = context.Request.Path == "/checkout" ? 500 : 200;
            return Task.CompletedTask;
        });
        await using var load = LoadGenerator.Start(Url(pod), new() { RequestsPerSecond = 200, Seed = 1 });
        await Eventually.TrueAsync(() => load.Snapshot().Sent >= 200);
        var result = await load.StopAsync();

        Assert.Equal((0, result.Sent), (result.InFlight, result.Succeeded + result.Failed));
        Assert.Equal(result.Sent, result.Versions["2.4.8-p3"]);
        Assert.InRange(result.Failed, result.Sent / 10, result.Sent / 3);
        Assert.All(result.Failures, failure =>
            Assert.Equal(("/checkout", 500, "2.4.8-p3", "web-canary-1"), (failure.Path, failure.Status, failure.Version, failure.Pod)));
        Assert.Equal(result.Failed, result.Paths.Single(path => path.Path == "/checkout").Statuses[500]);
        Assert.Contains(pod.Requests, request => request == "POST /rest/V1/carts/mine/payment-information");
        Assert.InRange(result.Rate, 150, 250);
        Assert.True(result.Paths[0].P50 > TimeSpan.Zero && result.Paths[0].P50 <= result.Paths[0].Max);
    }

    [Fact]
    public async Task The_rate_holds_while_nothing_answers_and_each_request_times_out()
    {
        await using var pod = await StubPod.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await using var load = LoadGenerator.Start(Url(pod), new() { RequestsPerSecond = 50, Timeout = TimeSpan.FromMilliseconds(300) });
        await Eventually.TrueAsync(() => load.Snapshot().Sent >= 30);
        var result = await load.StopAsync();

        Assert.Equal(result.Sent, result.Failed);
        Assert.All(result.Failures, failure => Assert.Equal("Timeout", failure.Error));
    }

    [Fact]
    public async Task Memory_is_bounded_and_what_is_not_sent_counts_as_failed()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pod = await StubPod.StartAsync(_ => release.Task);
        await using var load = LoadGenerator.Start(Url(pod), new() { RequestsPerSecond = 500, MaxInFlight = 10, MaxFailuresKept = 20, Timeout = TimeSpan.FromMinutes(1) });
        await Eventually.TrueAsync(() => load.Snapshot().Failed >= 50);
        var stopped = load.Snapshot();
        release.SetResult();

        Assert.InRange(stopped.InFlight, 1, 10);
        Assert.Equal(20, stopped.Failures.Count);
        Assert.All(stopped.Failures, failure => Assert.Equal("TooManyInFlight", failure.Error));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_connection_is_made_per_request_only_if_asked_for(bool each)
    {
        await using var pod = await StubPod.StartAsync();
        await using var load = LoadGenerator.Start(Url(pod), new() { RequestsPerSecond = 50, NewConnectionPerRequest = each });
        await Eventually.TrueAsync(() => load.Snapshot().Succeeded >= 40);
        await load.StopAsync();

        Assert.Equal(each, pod.Connections.Count == pod.Requests.Count);
    }

    private static Uri Url(StubPod pod) => new($"http://{pod.Ip}:{StubPod.Port}");
}

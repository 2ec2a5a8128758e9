using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using PatchOperator.Metrics.Probes;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>Pods are addresses of the loopback network on one server: 127.0.0.1 is a canary pod, 127.0.0.2 and 127.0.0.3 are stable.</summary>
public sealed class ProbeProviderTests : IAsyncLifetime
{
    private static readonly ProbeSpec Probe = new()
    {
        Name = "place-order",
        Path = "/graphql?store=de",
        Method = "POST",
        Host = "shop.example.com",
        Every = new Duration("50ms"),
        Timeout = new Duration("300ms"),
        Headers = [new() { Name = "Authorization", ValueSecretRef = new() { Name = "customer", Key = "token" } }],
        BodySecretRef = new() { Name = "customer", Key = "body" },
        Expect = new() { NoGraphQLErrors = true },
    };

    private readonly ConcurrentQueue<(string Pod, string Method, string Path, string Host, string Authorization, string Agent, string Body)> _requests = new();
    private readonly ConcurrentDictionary<string, Func<CancellationToken, Task<(int Status, string Body)>>> _answers = new();
    private readonly ConcurrentDictionary<string, SecretResource> _secrets = new();
    private WebApplication _app = null!;
    private int _port;
    private ProbeSender _sender = null!;
    private ProbeProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://0.0.0.0:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var pod = context.Connection.LocalIpAddress!.MapToIPv4().ToString();
            _requests.Enqueue((pod, context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.Host.ToString(), context.Request.Headers.Authorization.ToString(), context.Request.Headers.UserAgent.ToString(), await reader.ReadToEndAsync()));
            var (status, body) = _answers.TryGetValue(pod, out var answer) ? await answer(context.RequestAborted) : (200, """{"data":{}}""");
            context.Response.StatusCode = status;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body), context.RequestAborted);
        });
        await _app.StartAsync();
        _port = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        Plant("customer", ("token", "Bearer planted-token"), ("body", """{"query":"mutation { placeOrder(planted-body) }"}"""));
        _sender = new ProbeSender(new Secrets((key, _) => Task.FromResult(_secrets.GetValueOrDefault(key.Name)), TimeProvider.System), TimeProvider.System);
        _provider = new ProbeProvider(_sender, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _provider.Dispose();
        _sender.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Failures_that_answer_200_are_counted_for_the_canary_and_stable_beside_it()
    {
        Answer("127.0.0.1", 200, """{"errors":[{"message":"planted-answer"}]}""");
        await ReadAsync();
        await UntilAsync(async () => await ReadAsync() is { Canary: TrackReading.Counts { Total: > 5 }, Stable: TrackReading.Counts { Total: > 5 } }, "both tracks were probed");
        var reading = await ReadAsync();

        var canary = Assert.IsType<TrackReading.Counts>(reading.Canary);
        Assert.Equal(canary.Total, canary.Failures);
        Assert.Equal(0, Assert.IsType<TrackReading.Counts>(reading.Stable).Failures);
        Assert.Equal("probe place-order: POST :PORT/graphql?… (last failure: GraphQL errors in the answer)".Replace("PORT", _port.ToString(), StringComparison.Ordinal), reading.CanaryQuery);
        Assert.DoesNotContain("planted", $"{reading}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_spec_and_its_Secrets_say_is_sent_to_all_pods_in_turn()
    {
        await ReadAsync();
        await UntilAsync(() => Task.FromResult(_requests.Select(r => r.Pod).Distinct().Count() == 3), "all pods were probed");

        Assert.All(_requests, request => Assert.Equal(
            ("POST", "/graphql?store=de", "shop.example.com", "Bearer planted-token", ProbeSender.UserAgent, """{"query":"mutation { placeOrder(planted-body) }"}"""),
            (request.Method, request.Path, request.Host, request.Authorization, request.Agent, request.Body)));
    }

    [Fact]
    public async Task A_stop_ends_it_at_once_and_breaks_off_what_is_under_way()
    {
        var brokenOff = 0;
        _answers["127.0.0.1"] = async ct =>
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(30), ct));
            Interlocked.Exchange(ref brokenOff, ct.IsCancellationRequested ? 1 : 0);
            return (200, "");
        };
        await ReadAsync(Probe with { Timeout = new Duration("30s") });
        await UntilAsync(() => Task.FromResult(_requests.Any(r => r.Pod == "127.0.0.1")), "a probe is under way");

        _provider.Stop("uid");

        await UntilAsync(() => Task.FromResult(Volatile.Read(ref brokenOff) == 1), "it was broken off");
        Assert.Equal(0, _provider.Runs);
        await Task.Delay(300);
        var sent = _requests.Count;
        await Task.Delay(300);
        Assert.Equal(sent, _requests.Count);
    }

    [Fact]
    public async Task A_pod_that_answers_nothing_fails_if_visitors_are_still_sent_to_it_and_not_if_it_was_on_its_way_out()
    {
        _answers["127.0.0.1"] = async ct =>
        {
            await Task.Delay(TimeSpan.FromSeconds(30), ct);
            return (200, "");
        };
        await ReadAsync();
        await Task.Delay(800);
        Assert.Equal(new TrackReading.NoData("the canary has no ready pods to probe", BeganAnew: true), (await ReadAsync(canary: [new PodTarget("canary-1", "127.0.0.1", IsReady: false)])).Canary);

        await ReadAsync();
        await UntilAsync(async () => (await ReadAsync()).Canary is TrackReading.Counts { Failures: > 0 }, "silence of a ready pod is a failure");
    }

    [Fact]
    public async Task Slow_pods_get_no_pile_of_requests_and_delay_no_read()
    {
        var underWay = 0;
        var most = 0;
        _answers["127.0.0.1"] = async ct =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(2), ct));
            Interlocked.Decrement(ref underWay);
            return (200, """{"data":{}}""");
        };
        await ReadAsync(Probe with { Timeout = new Duration("5s") });
        await Task.Delay(1500);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await ReadAsync(Probe with { Timeout = new Duration("5s") });

        Assert.InRange(clock.ElapsedMilliseconds, 0, 500);
        Assert.InRange(most, 1, 8);
    }

    [Fact]
    public async Task A_new_step_counts_from_zero_and_the_last_ones_probes_are_over()
    {
        Answer("127.0.0.1", 500, "");
        await ReadAsync();
        await UntilAsync(async () => (await ReadAsync()).Canary is TrackReading.Counts { Failures: > 3 }, "the first step failed");
        Answer("127.0.0.1", 200, """{"data":{}}""");

        var next = await ReadAsync(run: "uid/1/1");

        Assert.IsType<TrackReading.NoData>(next.Canary);
        Assert.Equal(1, _provider.Runs);
    }

    [Fact]
    public async Task Before_the_start_a_probe_that_fails_on_stable_is_named()
    {
        Answer("127.0.0.2", 404, "");

        var failed = Assert.IsType<TrackReading.Failed>((await ReadAsync(Probe with { Timeout = new Duration("5s") }, isPreflight: true)).Canary);

        Assert.Equal("probe place-order fails on stable's pod stable-1 as well: status 404 where 200 was expected. Correct the probe, or leave it out.", failed.Message);
        Assert.Single(_requests);
        Assert.Equal(0, _provider.Runs);
    }

    [Fact]
    public async Task A_Secret_that_is_missing_is_the_users_to_make_and_no_failure_of_the_canary()
    {
        _secrets.Clear();
        Assert.True(Assert.IsType<TrackReading.Failed>((await ReadAsync(isPreflight: true)).Canary).Terminal);
        await ReadAsync();
        await UntilAsync(async () => (await ReadAsync()).Canary is TrackReading.Failed { Terminal: true }, "it is said");
        Assert.Contains("Secret customer does not exist", ((TrackReading.Failed)(await ReadAsync()).Canary).Message, StringComparison.Ordinal);
        Assert.Empty(_requests);
    }

    private static async Task UntilAsync(Func<Task<bool>> reached, string what)
    {
        for (var left = 500; !await reached(); left--)
        {
            Assert.True(left > 0, $"Not within 25 s: {what}");
            await Task.Delay(50);
        }
    }

    private void Answer(string pod, int status, string body) => _answers[pod] = _ => Task.FromResult((status, body));

    private void Plant(string name, params (string Key, string Value)[] values) => _secrets[name] = new SecretResource
    {
        Metadata = new() { Name = name },
        Data = values.ToDictionary(value => value.Key, value => Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Value))),
    };

    private async Task<MetricReading> ReadAsync(ProbeSpec? probe = null, string run = "uid/1/0", IReadOnlyList<PodTarget>? canary = null, bool isPreflight = false) => Assert.Single(await _provider.ReadAsync(
        new MetricReadRequest
        {
            Namespace = "shop",
            Workloads = ["web"],
            CanaryPods = canary ?? [new PodTarget("canary-1", "127.0.0.1")],
            StablePods = [new PodTarget("stable-1", "127.0.0.2"), new PodTarget("stable-2", "127.0.0.3")],
            Window = TimeSpan.FromSeconds(1),
            Metrics = [new MetricQuery { Name = "orders", Failures = "", Total = "", ReadStable = true, Source = MetricSource.Probe, Probe = (probe ?? Probe) with { Port = _port } }],
            Timeout = TimeSpan.FromSeconds(2),
            RunId = run,
            IsPreflight = isPreflight,
        },
        CancellationToken.None));
}

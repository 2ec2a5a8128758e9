using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>Pods are addresses of the loopback network: 127.0.0.1 is a canary pod, 127.0.0.2 a stable one, and so on, all on one port
/// of one server, which tells them apart by the address that was called.</summary>
public sealed class PodMetricsProviderTests : IAsyncLifetime
{
    private static readonly MetricQuery Preset = new() { Name = "http-errors", Failures = "http_requests_total{status=~\"5..\"}", Total = "http_requests_total", ReadStable = true };

    private readonly HttpClient _client = new();
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _pods = new();
    private StubServer _server = null!;
    private PodMetricsProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StubServer.StartAsync(
            async (pod, _, ct) =>
            {
                var (status, body) = _pods.GetValueOrDefault(pod, (404, ""));
                if (body == "slow")
                {
                    await Task.Delay(TimeSpan.FromSeconds(30), ct);
                }

                return (status, body);
            },
            "http://0.0.0.0:0");
        _provider = Provider(TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task Counts_of_all_pods_are_summed_from_the_runs_beginning()
    {
        Serve("127.0.0.1", failures: 1, successes: 9);
        Serve("127.0.0.2", failures: 100, successes: 9000);
        Serve("127.0.0.3", failures: 0, successes: 5000);
        await ReadAsync();

        Serve("127.0.0.1", failures: 3, successes: 27);
        Serve("127.0.0.2", failures: 101, successes: 9099);
        Serve("127.0.0.3", failures: 0, successes: 5100);
        var reading = await ReadAsync();

        Assert.Equal(new TrackReading.Counts(3, 30), reading.Canary);
        Assert.Equal(new TrackReading.Counts(1, 200), reading.Stable);
        Assert.Equal("http_requests_total{status=~\"5..\"} / http_requests_total", reading.CanaryQuery);
    }

    [Fact]
    public async Task Slow_requests_are_those_outside_the_bucket_and_a_histogram_without_it_gives_no_numbers()
    {
        var metric = new MetricSpec { Name = "slow", Preset = "podMetrics", Latency = new LatencySpec { SlowerThan = new Duration("500ms") }, CompareWith = "Stable" };
        var asked = MetricQueries.Of(metric, new AnalysisSpec { Provider = new MetricProviderSpec { PodMetrics = new PodMetricsProviderSpec { Port = 9113 } } });
        var query = new MetricQuery { Name = "slow", Failures = asked.Failures, Total = asked.Total, CountsTheRest = asked.CountsTheRest, ReadStable = true };
        _pods["127.0.0.1"] = (200, "h_bucket{le=\"0.5\"} 1\nhttp_request_duration_seconds_bucket{le=\"0.25\"} 10\nhttp_request_duration_seconds_bucket{le=\"0.5\"} 30\nhttp_request_duration_seconds_bucket{le=\"5\"} 38\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} 40\n");
        _pods["127.0.0.2"] = _pods["127.0.0.3"] = (200, "http_request_duration_seconds_bucket{le=\"1\"} 30\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} 40\n");

        var reading = Assert.Single(await _provider.ReadAsync(Request([query]), CancellationToken.None));

        Assert.Equal(new TrackReading.Counts(10, 40), reading.Canary);
        Assert.IsType<TrackReading.NoData>(reading.Stable);
    }

    [Fact]
    public async Task Pods_that_do_not_answer_are_left_out_as_long_as_one_does()
    {
        Serve("127.0.0.1", failures: 0, successes: 10);
        Serve("127.0.0.2", failures: 0, successes: 10);
        _pods["127.0.0.3"] = (500, "");

        var reading = await ReadAsync();

        Assert.Equal(new TrackReading.Counts(0, 0), reading.Stable);
    }

    [Theory]
    [InlineData(500, "", "HTTP 500")]
    [InlineData(200, "<html></html>", "not in the Prometheus text format")]
    [InlineData(200, "", "not in the Prometheus text format")]
    [InlineData(200, "http_requests_total NaN", "are no counters")]
    [InlineData(200, "http_requests_total -4", "are no counters")]
    [InlineData(200, "slow", "no answer within 0.5 s")]
    public async Task A_canary_of_which_no_pod_answers_is_an_error_and_not_a_count(int status, string body, string expected)
    {
        Serve("127.0.0.1", failures: 0, successes: 10);
        Serve("127.0.0.2", failures: 0, successes: 10);
        await ReadAsync();
        _pods["127.0.0.1"] = (status, body);

        var reading = await ReadAsync(timeout: TimeSpan.FromSeconds(1));

        var failed = Assert.IsType<TrackReading.Failed>(reading.Canary);
        Assert.False(failed.Terminal);
        Assert.Contains(expected, failed.Message, StringComparison.Ordinal);
        Assert.Contains("none of 1 canary pods gave its metrics, for example canary-1 at http://127.0.0.1:", failed.Message, StringComparison.Ordinal);
        Assert.IsType<TrackReading.Counts>(reading.Stable);
    }

    [Fact]
    public async Task What_is_no_counter_spoils_only_the_metric_that_asks_for_it()
    {
        var latency = new MetricQuery { Name = "latency", Failures = "latency_seconds{quantile=\"0.99\"}", Total = "latency_seconds_count" };
        foreach (var (ip, successes) in (IEnumerable<(string, int)>)[("127.0.0.1", 10), ("127.0.0.2", 10), ("127.0.0.3", 10), ("127.0.0.1", 30)])
        {
            Serve(ip, failures: 0, successes);
            _pods[ip] = (200, _pods[ip].Body + "latency_seconds{quantile=\"0.99\"} NaN\nlatency_seconds_count 0\n");
            await _provider.ReadAsync(Request([Preset, latency]), CancellationToken.None);
        }

        var readings = await _provider.ReadAsync(Request([Preset, latency]), CancellationToken.None);

        Assert.Equal(new TrackReading.Counts(0, 30), readings[0].Canary);
        Assert.Contains("latency counts NaN failures of 0, which are no counters", Assert.IsType<TrackReading.Failed>(readings[1].Canary).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_restart_in_mid_step_both_tracks_begin_with_nothing_and_no_data_is_no_verdict()
    {
        Serve("127.0.0.1", failures: 0, successes: 900);
        Serve("127.0.0.2", failures: 0, successes: 900);
        Serve("127.0.0.3", failures: 0, successes: 900);
        var policy = new MetricPolicy { Name = "http-errors", MaxRate = 0.02, CompareWithStable = true, MinRequests = 50, OnNoData = DataPolicy.Fail };
        var now = DateTimeOffset.UnixEpoch;
        var before = MetricAssessor.Assess(policy, new MetricReading { Metric = "http-errors", Canary = new TrackReading.Counts(0, 900), Stable = new TrackReading.Counts(0, 1800), SampledAt = now, CanaryQuery = "" }, null, now);

        var reading = Assert.Single(await _provider.ReadAsync(Request([Preset]) with { Window = TimeSpan.FromMinutes(2) }, CancellationToken.None));

        Assert.Equal(new TrackReading.Counts(0, 0), reading.Canary);
        Assert.Equal(Verdict.Hold, MetricAssessor.Assess(policy, reading, before.Memory, now.AddSeconds(5)).Verdict);
    }

    [Fact]
    public async Task A_refused_connection_is_an_error_that_names_pod_and_address()
    {
        await _server.DisposeAsync();

        var failed = Assert.IsType<TrackReading.Failed>((await ReadAsync()).Canary);

        Assert.Contains("canary-1 at http://127.0.0.1:", failed.Message, StringComparison.Ordinal);
        Assert.Contains("the connection failed", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pods_without_the_series_are_no_data()
    {
        _pods["127.0.0.1"] = (200, "process_cpu_seconds_total 5");

        Assert.Equal(new TrackReading.NoData("no canary pod has a series for http_requests_total"), (await ReadAsync()).Canary);
    }

    [Fact]
    public async Task A_track_without_pods_is_no_data()
    {
        Assert.Equal(new TrackReading.NoData("the canary has no pods"), (await ReadAsync(canaryPods: [])).Canary);
    }

    [Fact]
    public async Task A_selector_with_a_mistake_is_the_users_to_change_and_spoils_no_other_metric()
    {
        Serve("127.0.0.1", failures: 1, successes: 9);
        var broken = Preset with { Name = "broken", Total = "sum(http_requests_total)" };

        var readings = await _provider.ReadAsync(Request([broken, Preset]), CancellationToken.None);

        Assert.True(Assert.IsType<TrackReading.Failed>(readings[0].Canary).Terminal);
        Assert.Equal(new TrackReading.Counts(1, 10), readings[1].Canary);
    }

    [Fact]
    public async Task Runs_do_not_share_counters_and_are_forgotten_when_they_are_over()
    {
        var time = new FakeTimeProvider();
        var provider = Provider(time);
        Serve("127.0.0.1", failures: 0, successes: 10);

        await provider.ReadAsync(Request([Preset], "run-1"), CancellationToken.None);
        await provider.ReadAsync(Request([Preset], "run-2"), CancellationToken.None);
        Assert.Equal(2, provider.Runs);

        time.Advance(PodMetricsProvider.ForgetAfter + TimeSpan.FromSeconds(1));
        await provider.ReadAsync(Request([Preset], "run-3"), CancellationToken.None);
        Assert.Equal(1, provider.Runs);
    }

    [Fact]
    public async Task Many_pods_of_which_one_hangs_are_read_within_the_deadline()
    {
        Serve("127.0.0.1", failures: 0, successes: 10);
        _pods["127.0.0.2"] = (200, "slow");
        var pods = Enumerable.Range(0, 100).Select(i => new PodTarget($"canary-{i}", i == 50 ? "127.0.0.2" : "127.0.0.1")).ToList();

        var reading = await ReadAsync(timeout: TimeSpan.FromSeconds(4), canaryPods: pods);

        Assert.Equal(new TrackReading.Counts(0, 990), reading.Canary);
    }

    [Fact]
    public async Task The_callers_cancellation_is_the_only_thing_thrown()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _provider.ReadAsync(Request([Preset]), new CancellationToken(canceled: true)));
    }

    private void Serve(string ip, int failures, int successes) => _pods[ip] = (200, $$"""
        # TYPE http_requests_total counter
        http_requests_total{status="200"} {{successes}}
        http_requests_total{status="503"} {{failures}}

        """);

    private PodMetricsProvider Provider(TimeProvider time) => new(new PodEndpoint("http", _server.Port, "/metrics"), new OpenAccess(_client), time);

    private async Task<MetricReading> ReadAsync(TimeSpan? timeout = null, IReadOnlyList<PodTarget>? canaryPods = null) =>
        Assert.Single(await _provider.ReadAsync(Request([Preset], timeout: timeout, canaryPods: canaryPods), CancellationToken.None));

    private static MetricReadRequest Request(
        IReadOnlyList<MetricQuery> metrics, string runId = "run", TimeSpan? timeout = null, IReadOnlyList<PodTarget>? canaryPods = null) => new()
        {
            Namespace = "shop",
            Workloads = ["web"],
            CanaryPods = canaryPods ?? [new PodTarget("canary-1", "127.0.0.1")],
            StablePods = [new PodTarget("stable-1", "127.0.0.2"), new PodTarget("stable-2", "127.0.0.3")],
            Window = TimeSpan.FromSeconds(1),
            Metrics = metrics,
            Timeout = timeout ?? TimeSpan.FromSeconds(5),
            RunId = runId,
        };
}

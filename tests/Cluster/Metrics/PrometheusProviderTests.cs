using System.Diagnostics;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

public sealed class PrometheusProviderTests : IDisposable
{
    private const string Empty = """{"status":"success","data":{"resultType":"vector","result":[]}}""";

    private readonly HttpClient _client = new();

    public void Dispose() => _client.Dispose();

    public static TheoryData<string, int, string, string> TotalOutcomes() => new()
    {
        { "one series", 200, Vector("100"), "Counts { Failures = 3, Total = 100 }" },
        { "a scalar", 200, """{"status":"success","data":{"resultType":"scalar","result":[1764000000.5,"100"]}}""", "Counts { Failures = 3, Total = 100 }" },
        { "infos", 200, """{"status":"success","infos":["metric might not be a counter"],"data":{"resultType":"scalar","result":[1,"100"]}}""", "Counts { Failures = 3, Total = 100 }" },
        { "NaN", 200, Vector("NaN"), "Counts { Failures = 3, Total = NaN }" },
        { "infinity", 200, Vector("+Inf"), "Counts { Failures = 3, Total = Infinity }" },
        { "nothing", 200, Empty, "has no samples for the total query" },
        { "several series", 200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"2"]}]}}""", "terminal: the query returns 2 series and one number is needed: wrap it in sum()" },
        { "a matrix", 200, """{"status":"success","data":{"resultType":"matrix","result":[]}}""", "terminal: the query returns a range of samples" },
        { "a string", 200, """{"status":"success","data":{"resultType":"string","result":[1,"x"]}}""", "terminal: the query returns a string" },
        { "a histogram", 200, """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}}""", "terminal: the query returns a native histogram" },
        { "warnings", 200, """{"status":"success","warnings":["store a is down"],"data":{"resultType":"vector","result":[]}}""", "passing: answered with warnings, so the numbers may be partial: store a is down" },
        { "a bad sample", 200, """{"status":"success","data":{"resultType":"scalar","result":["1"]}}""", "passing: answered with a sample that cannot be read" },
        { "no result", 200, """{"status":"success"}""", "passing: answered without a result" },
        { "a parse error", 400, """{"status":"error","errorType":"bad_data","error":"1:5: parse error: unclosed left parenthesis"}""", "terminal: rejected the query (bad_data): 1:5: parse error: unclosed left parenthesis" },
        { "an evaluation error", 422, """{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}""", "terminal: rejected the query (execution): many-to-many matching" },
        { "a query timeout", 503, """{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}""", "passing: could not answer (timeout, HTTP 503): query timed out" },
        { "overload", 500, "boom", "passing: answered HTTP 500" },
        { "too many requests", 429, "slow down", "passing: answered HTTP 429" },
        { "a login page", 200, "<html>Log in</html>", "terminal: did not answer like Prometheus" },
        { "JSON of something else", 200, "[1]", "terminal: did not answer like Prometheus" },
        { "a wrong prefix", 404, "404 page not found", "terminal: has no /api/v1/query here (HTTP 404)" },
        { "no credentials", 401, "", "terminal: refused the credentials (HTTP 401)" },
    };

    [Theory]
    [MemberData(nameof(TotalOutcomes))]
    public async Task Every_answer_has_its_defined_outcome(string answer, int status, string body, string expected)
    {
        await using var server = await StubServer.StartAsync(query => query.StartsWith("total", StringComparison.Ordinal) ? (status, body) : (200, Vector("3")));

        var reading = await ReadAsync(server.Address);

        Assert.True(Describe(reading.Canary).Contains(expected, StringComparison.Ordinal), $"{answer}: {Describe(reading.Canary)}");
    }

    [Fact]
    public async Task No_failed_requests_are_zero_failures_but_only_beside_a_total()
    {
        await using var server = await StubServer.StartAsync(query => (200, query.StartsWith("total", StringComparison.Ordinal) ? Vector("100") : Empty));

        Assert.Equal(new TrackReading.Counts(0, 100), (await ReadAsync(server.Address)).Canary);
    }

    [Fact]
    public async Task A_rejected_failures_query_is_never_zero_failures()
    {
        await using var server = await StubServer.StartAsync(query => query.StartsWith("total", StringComparison.Ordinal)
            ? (200, Vector("100"))
            : (400, """{"status":"error","errorType":"bad_data","error":"no such function"}"""));

        Assert.Equal(
            new TrackReading.Failed($"{server.Address}, failures query: rejected the query (bad_data): no such function", Terminal: true),
            (await ReadAsync(server.Address)).Canary);
    }

    [Fact]
    public async Task The_queries_are_filled_in_for_each_track_under_the_path_prefix_and_for_one_moment()
    {
        await using var server = await StubServer.StartAsync(_ => (200, Vector("5")));

        var reading = await ReadAsync(new Uri(server.Address, "/prom/"), readStable: true);

        Assert.Equal("failures{pod=~\"web-canary-a|web-canary-b\"}[90s] / total{pod=~\"web-canary-a|web-canary-b\"}[90s]", reading.CanaryQuery);
        Assert.Equal("failures{pod=~\"web-a\"}[90s] / total{pod=~\"web-a\"}[90s]", reading.StableQuery);
        Assert.Equal(new TrackReading.Counts(5, 5), reading.Stable);
        Assert.All(server.Requests, request => Assert.Equal("/prom/api/v1/query", request.Path));
        Assert.All(server.Requests, request => Assert.Equal(request.Query.StartsWith("failures", StringComparison.Ordinal) ? "1764000000.781" : null, NullIfEmpty(request.Time)));
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task Stable_is_read_only_where_it_is_compared_with()
    {
        await using var server = await StubServer.StartAsync(_ => (200, Vector("5")));

        Assert.Null((await ReadAsync(server.Address)).Stable);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_track_without_pods_is_not_asked_for()
    {
        await using var server = await StubServer.StartAsync(_ => (200, Vector("5")));

        var reading = await ReadAsync(server.Address, canaryPods: []);

        Assert.Equal(new TrackReading.NoData("the canary has no pods"), reading.Canary);
        Assert.Empty(server.Requests);
    }

    public static TheoryData<string, string, string, int> Sightings() => new()
    {
        { "both scraped", Vector("2"), Vector("1"), 2 },
        { "one of two", Vector("1"), Vector("1"), 0 },
        { "none yet", Empty, Vector("1"), 0 },
        { "other labels", Empty, Empty, 2 },
        { "an error", """{"status":"error","errorType":"internal","error":"x"}""", Vector("1"), 0 },
        { "an error of the second question", Empty, """{"status":"error","errorType":"internal","error":"x"}""", 0 },
    };

    [Theory]
    [MemberData(nameof(Sightings))]
    public async Task Pods_are_waited_for_until_all_are_scraped_unless_nothing_is_known_by_their_labels(string answer, string ofCanary, string ofStable, int admitted)
    {
        await using var server = await StubServer.StartAsync(query => (200, query.Contains("web-canary", StringComparison.Ordinal) ? ofCanary : ofStable));
        IMetricProvider provider = new PrometheusProvider(server.Address, new OpenAccess(_client), TimeProvider.System);

        var sighting = await provider.LookForAsync(new PodLookout("shop", ["web-canary-a", "web-canary-b"], ["web-a"]), TestContext.Current.CancellationToken);

        Assert.True(sighting.Pods.Count == admitted, answer);
        Assert.Contains(server.Requests, request => request.Query == """count(count by (pod) (up{namespace="shop",pod=~"web-canary-a|web-canary-b"} == 1))""");
    }

    [Fact]
    public async Task A_failure_that_passes_is_retried_within_the_deadline()
    {
        var calls = 0;
        await using var server = await StubServer.StartAsync(_ => Interlocked.Increment(ref calls) <= 2 ? (503, "starting") : (200, Vector("5")));

        Assert.Equal(new TrackReading.Counts(5, 5), (await ReadAsync(server.Address)).Canary);
    }

    [Fact]
    public async Task A_rejected_query_is_not_retried()
    {
        await using var server = await StubServer.StartAsync(_ => (400, """{"status":"error","errorType":"bad_data","error":"x"}"""));

        await ReadAsync(server.Address);

        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_slow_prometheus_ends_with_the_deadline_and_delays_no_other()
    {
        await using var slow = await StubServer.StartAsync(async (_, _, ct) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(30), ct);
            return (200, Vector("1"));
        });
        await using var quick = await StubServer.StartAsync(_ => (200, Vector("5")));
        var watch = Stopwatch.StartNew();

        var waiting = ReadAsync(slow.Address, timeout: TimeSpan.FromSeconds(2));
        var answered = await ReadAsync(quick.Address);
        var quickAfter = watch.Elapsed;
        var reading = await waiting;

        Assert.Equal(new TrackReading.Counts(5, 5), answered.Canary);
        Assert.InRange(quickAfter.TotalSeconds, 0, 1.9);
        Assert.Contains("passing: did not answer within 2 s", Describe(reading.Canary), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 1.5, 6);
    }

    [Fact]
    public async Task A_refused_connection_names_the_address_and_may_pass()
    {
        var server = await StubServer.StartAsync(_ => (200, ""));
        var address = server.Address;
        await server.DisposeAsync();

        var reading = Describe((await ReadAsync(address)).Canary);

        Assert.Contains("passing: the connection failed", reading, StringComparison.Ordinal);
        Assert.Contains(address.ToString(), reading, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_host_is_named()
    {
        var reading = Describe((await ReadAsync(new Uri("http://prometheus.invalid:9090"))).Canary);

        Assert.StartsWith("passing: ", reading, StringComparison.Ordinal);
        Assert.Contains("http://prometheus.invalid:9090", reading, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_variable_is_the_users_to_change()
    {
        await using var server = await StubServer.StartAsync(_ => (200, Vector("5")));

        var reading = await ReadAsync(server.Address, total: "total{pod=~\"{{ pod }}\"}");

        Assert.Contains("unknown variable 'pod'", Assert.IsType<TrackReading.Failed>(reading.Canary).Message, StringComparison.Ordinal);
        Assert.True(((TrackReading.Failed)reading.Canary).Terminal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task The_callers_cancellation_is_the_only_thing_thrown()
    {
        await using var server = await StubServer.StartAsync(_ => (200, Vector("5")));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(server.Address, ct: new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_gauge_is_one_number_for_each_track_and_never_zero_where_there_is_none()
    {
        await using var server = await StubServer.StartAsync(query => (200, query.Contains("web-canary-a", StringComparison.Ordinal) ? Vector("12.5") : Empty));
        var provider = new PrometheusProvider(server.Address, new OpenAccess(_client), TimeProvider.System);

        var reading = Assert.Single(await provider.ReadAsync(
            new MetricReadRequest
            {
                Namespace = "shop",
                Workloads = ["web"],
                CanaryPods = [new PodTarget("web-canary-a", "10.0.0.1")],
                StablePods = [new PodTarget("web-a", "10.0.0.3")],
                Window = TimeSpan.FromSeconds(90),
                Metrics = [new MetricQuery { Name = "queue", Failures = "", Total = "", Value = "avg(queue{pod=~\"{{ pods }}\"})", ReadStable = true }],
                Timeout = TimeSpan.FromSeconds(10),
                RunId = "run",
            },
            CancellationToken.None));

        Assert.Equal(new TrackReading.Value(12.5), reading.Canary);
        Assert.IsType<TrackReading.NoData>(reading.Stable);
        Assert.Equal("avg(queue{pod=~\"web-canary-a\"})", reading.CanaryQuery);
    }

    private async Task<MetricReading> ReadAsync(
        Uri address,
        bool readStable = false,
        string total = "total{pod=~\"{{ pods }}\"}[{{ window }}]",
        TimeSpan? timeout = null,
        IReadOnlyList<PodTarget>? canaryPods = null,
        CancellationToken ct = default)
    {
        var provider = new PrometheusProvider(address, new OpenAccess(_client), TimeProvider.System);
        var readings = await provider.ReadAsync(
            new MetricReadRequest
            {
                Namespace = "shop",
                Workloads = ["web"],
                CanaryPods = canaryPods ?? [new PodTarget("web-canary-a", "10.0.0.1"), new PodTarget("web-canary-b", "10.0.0.2")],
                StablePods = [new PodTarget("web-a", "10.0.0.3")],
                Window = TimeSpan.FromSeconds(90),
                Metrics = [new MetricQuery { Name = "http-errors", Failures = "failures{pod=~\"{{ pods }}\"}[{{ window }}]", Total = total, ReadStable = readStable }],
                Timeout = timeout ?? TimeSpan.FromSeconds(10),
                RunId = "run",
            },
            ct);
        return Assert.Single(readings);
    }

    private static string Describe(TrackReading reading) => reading switch
    {
        TrackReading.Failed failed => $"{(failed.Terminal ? "terminal" : "passing")}: {failed.Message.Split("query: ")[^1]} ({failed.Message})",
        _ => reading.ToString()!,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string Vector(string value) =>
        """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764000000.781,"VALUE"]}]}}""".Replace("VALUE", value, StringComparison.Ordinal);
}

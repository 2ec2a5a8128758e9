using Microsoft.Extensions.Time.Testing;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using Xunit;

namespace PatchOperator.Tests.Unit.Metrics;

public sealed class PacedProviderTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Counting _inner = new();

    [Fact]
    public async Task Between_two_reads_the_last_one_stands_and_is_dated_by_the_tick_that_uses_it()
    {
        var paced = new PacedProvider(_inner, TimeSpan.FromSeconds(15), _time);
        var totals = new List<double>();
        for (var tick = 0; tick < 31; tick++)
        {
            var reading = Assert.Single(await paced.ReadAsync(Request("run"), CancellationToken.None));
            var total = ((TrackReading.Counts)reading.Canary).Total;
            Assert.Equal(_time.GetUtcNow(), reading.SampledAt);
            totals.Add(total);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // A tick that is a little early is no reason to skip: the 14th second of 15 is near enough.
        Assert.Equal([1, 2, 3], totals.Distinct());
        Assert.Equal(14, totals.Count(total => total == 1));
    }

    [Fact]
    public async Task Another_run_is_read_by_itself()
    {
        var paced = new PacedProvider(_inner, TimeSpan.FromSeconds(15), _time);
        await paced.ReadAsync(Request("one"), CancellationToken.None);
        await paced.ReadAsync(Request("two"), CancellationToken.None);
        Assert.Equal(2, _inner.Reads);
    }

    [Fact]
    public async Task A_value_that_stands_carries_the_time_at_which_it_was_asked_for()
    {
        var paced = new PacedProvider(new Answering(request => Task.FromResult(Readings(new TrackReading.Value(30)))), TimeSpan.FromSeconds(15), _time);
        var times = new List<DateTimeOffset?>();
        for (var tick = 0; tick < 30; tick++)
        {
            times.Add(((TrackReading.Value)Assert.Single(await paced.ReadAsync(Request("run"), CancellationToken.None)).Canary).MeasuredAt);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, times.Distinct().Count());
        Assert.DoesNotContain(null, times);
    }

    [Fact]
    public async Task A_slow_source_has_the_time_of_its_own_interval_and_holds_up_no_tick()
    {
        var answer = new TaskCompletionSource<IReadOnlyList<MetricReading>>();
        var timeouts = new List<TimeSpan>();
        var paced = new PacedProvider(
            new Answering(request =>
            {
                timeouts.Add(request.Timeout);
                return answer.Task;
            }),
            TimeSpan.FromSeconds(10),
            _time);

        var first = paced.ReadAsync(Request("run"), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Assert.IsType<TrackReading.NoData>(Assert.Single(await first).Canary).BeganAnew);

        answer.SetResult(Readings(new TrackReading.Counts(1, 40)));
        var second = await paced.ReadAsync(Request("run"), CancellationToken.None);

        Assert.Equal(new TrackReading.Counts(1, 40), Assert.Single(second).Canary);
        Assert.Equal([TimeSpan.FromSeconds(8)], timeouts);
    }

    [Fact]
    public async Task A_read_that_breaks_is_followed_by_another()
    {
        var reads = 0;
        var paced = new PacedProvider(
            new Answering(_ => ++reads == 1 ? Task.FromException<IReadOnlyList<MetricReading>>(new InvalidOperationException("broken")) : Task.FromResult(Readings(new TrackReading.Counts(0, 1)))),
            TimeSpan.FromSeconds(10),
            _time);

        await Assert.ThrowsAsync<InvalidOperationException>(() => paced.ReadAsync(Request("run"), CancellationToken.None));
        Assert.Equal(new TrackReading.Counts(0, 1), Assert.Single(await paced.ReadAsync(Request("run"), CancellationToken.None)).Canary);
    }

    private static IReadOnlyList<MetricReading> Readings(TrackReading canary) => [new MetricReading { Metric = "m", Canary = canary, CanaryQuery = "", SampledAt = default }];

    private static MetricReadRequest Request(string run) => new()
    {
        Namespace = "shop",
        Workloads = ["web"],
        CanaryPods = [],
        StablePods = [],
        Window = TimeSpan.FromSeconds(1),
        Metrics = [new MetricQuery { Name = "m", Failures = "f", Total = "t" }],
        Timeout = TimeSpan.FromSeconds(1),
        RunId = run,
    };

    private sealed class Answering(Func<MetricReadRequest, Task<IReadOnlyList<MetricReading>>> answer) : IMetricProvider
    {
        public Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct) => answer(request);
    }

    private sealed class Counting : IMetricProvider
    {
        public int Reads { get; private set; }

        public Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct) =>
            Task.FromResult<IReadOnlyList<MetricReading>>([new MetricReading { Metric = "m", Canary = new TrackReading.Counts(0, ++Reads), CanaryQuery = "", SampledAt = default }]);
    }
}

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
            Assert.Equal(totals.Contains(total) ? _time.GetUtcNow() : default, reading.SampledAt);
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

    private static MetricReadRequest Request(string run) => new()
    {
        Namespace = "shop",
        Workloads = ["web"],
        CanaryPods = [],
        StablePods = [],
        Window = TimeSpan.FromSeconds(1),
        Metrics = [],
        Timeout = TimeSpan.FromSeconds(1),
        RunId = run,
    };

    private sealed class Counting : IMetricProvider
    {
        public int Reads { get; private set; }

        public Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct) =>
            Task.FromResult<IReadOnlyList<MetricReading>>([new MetricReading { Metric = "m", Canary = new TrackReading.Counts(0, ++Reads), CanaryQuery = "", SampledAt = default }]);
    }
}

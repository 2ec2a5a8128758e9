using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

public sealed class MetricHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_day_of_ticks_fits_and_every_request_is_in_it()
    {
        MetricStatus? last = null;
        const int ticks = 24 * 3600 / 5;
        for (var tick = 0; tick < ticks; tick++)
        {
            last = Extended(last, Status($"{tick / 10}/{50 * (tick + 1)}", $"{tick / 20}/{200 * (tick + 1)}"), tick * 5);
        }

        var (canary, stable) = (MetricSeries.Parse(last!.Series!.Canary), MetricSeries.Parse(last.Series.Stable));
        Assert.InRange(canary.Count, 61, MetricSeries.MostPoints);
        Assert.Equal(canary.Count, stable.Count);
        Assert.Equal(50 * ticks, canary.Sum(point => point!.Value.Total));
        Assert.Equal((ticks - 1) / 20, stable.Sum(point => point!.Value.Failures));
        Assert.InRange(last.Series.Canary.Length + last.Series.Stable!.Length, 0, 4000);
    }

    [Fact]
    public void Counters_that_start_over_with_a_pod_count_nothing_twice()
    {
        var first = Extended(null, Status("2/100", null), 0);
        var restarted = Extended(first, Status("1/30", null), 5);
        var grown = Extended(restarted, Status("2/50", null), 10);

        Assert.Equal("2/100 - 1/20", grown.Series!.Canary);
        Assert.Null(grown.Series.Stable);
    }

    [Theory]
    [InlineData("3/60000", "3/55000", "4/55100", "1/100")]
    [InlineData("0.2/100.2", "0.2/99.9", "1.2/105.9", "1/6")]
    [InlineData("500/60000", "40/57000", "41/57100", "1/100")]
    public void Counts_that_dip_are_not_counted_again(string before, string dip, string after, string counted)
    {
        var status = Extended(Extended(null, Status(before, before), 0), Status(dip, dip), 5);
        status = Extended(status, Status(after, after), 10);

        Assert.Equal($"{before} - {counted}", status.Series!.Canary);
        Assert.Equal(status.Series.Canary, status.Series.Stable);
    }

    [Fact]
    public void A_tick_without_numbers_makes_nothing_count_again()
    {
        var policy = new MetricPolicy { Name = "http-errors", CompareWithStable = true };
        var (outage, counts) = (new TrackReading.Failed("HTTP 503", false), new TrackReading.Counts(2, 1000));
        var status = Measured(policy, counts, counts, null, 0);
        status = Measured(policy, outage, outage, status, 5);
        status = Measured(policy, new TrackReading.Counts(3, 1100), new TrackReading.Counts(2, 1200), status, 10);

        Assert.Equal(("2/1000 - 1/100", "2/1000 - 0/200"), (status.Series!.Canary, status.Series.Stable));
    }

    [Fact]
    public void Counts_that_somebody_edited_stop_nothing()
    {
        var edited = Extended(null, Status("2/100", null), 0) with { CanaryCounts = "x/y" };

        Assert.Equal("2/100 3/120", Extended(edited, Status("3/120", null), 5).Series!.Canary);
    }

    [Fact]
    public void The_moment_of_the_first_failure_stays()
    {
        var healthy = Extended(null, Status("0/100", "0/100"), 0);
        var failed = Extended(healthy, Status("50/200", "0/200") with { Verdict = nameof(Verdict.Fail) }, 5);
        var later = Extended(failed, Status("90/300", "0/300") with { Verdict = nameof(Verdict.Fail) }, 10);

        Assert.Null(healthy.Series!.FailedAt);
        Assert.Equal(Start.AddSeconds(5), later.Series!.FailedAt);
    }

    private static MetricStatus Measured(MetricPolicy policy, TrackReading canary, TrackReading stable, MetricStatus? last, double seconds)
    {
        var now = Start.AddSeconds(seconds);
        var reading = new MetricReading { Metric = policy.Name, Canary = canary, Stable = stable, SampledAt = now, CanaryQuery = "q" };
        return MetricReport.Of(MetricAssessor.Assess(policy, reading, MetricReport.Memory(last), now), reading, last, TimeSpan.FromSeconds(5), now);
    }

    private static MetricStatus Extended(MetricStatus? last, MetricStatus current, double seconds) =>
        current with { Series = MetricHistory.Extend(last, current, TimeSpan.FromSeconds(5), Start.AddSeconds(seconds)) };

    private static MetricStatus Status(string canary, string? stable) =>
        new() { Name = "http-errors", Verdict = nameof(Verdict.Pass), Reason = "", Message = "", CanaryCounts = canary, StableCounts = stable };
}

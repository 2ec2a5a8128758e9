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
    public void Counters_that_start_over_with_a_step_or_a_pod_count_once()
    {
        var first = Extended(null, Status("2/100", null), 0);
        var restarted = Extended(first, Status("1/30", null), 5);

        Assert.Equal("2/100 1/30", restarted.Series!.Canary);
        Assert.Null(restarted.Series.Stable);
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

    private static MetricStatus Extended(MetricStatus? last, MetricStatus current, double seconds) =>
        current with { Series = MetricHistory.Extend(last, current, TimeSpan.FromSeconds(5), Start.AddSeconds(seconds)) };

    private static MetricStatus Status(string canary, string? stable) =>
        new() { Name = "http-errors", Verdict = nameof(Verdict.Pass), Reason = "", Message = "", CanaryCounts = canary, StableCounts = stable };
}

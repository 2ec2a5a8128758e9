using PatchOperator.Cli.Cluster;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class MetricPlotTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Both_tracks_are_drawn_to_one_scale_with_the_moment_of_the_verdict()
    {
        var lines = MetricPlot.Draw("errors", new SeriesStatus
        {
            StartedAt = Start,
            Seconds = 5,
            Canary = "0/100 - 10/100 20/100",
            Stable = "1/900 0/900 0/900 10/900",
            FailedAt = Start.AddSeconds(17),
        }).ToList();

        Assert.Equal(
        [
            "errors  canary ▁ ▅█  10% of 300 requests",
            "        stable ▁▁▁▁  0.31% of 3600 requests",
            "                  ^ failed at 2026-11-24 09:00:17Z",
            "               2026-11-24 09:00:00Z, 5 s each, full height 20%",
        ], lines);
    }

    [Fact]
    public void A_long_series_fits_a_terminal()
    {
        var series = new SeriesStatus { StartedAt = Start, Seconds = 15, Canary = string.Join(' ', Enumerable.Repeat("0/10", 120)) };

        var lines = MetricPlot.Draw("errors", series).ToList();

        Assert.All(lines, line => Assert.InRange(line.Length, 1, 110));
        Assert.Contains("30 s each", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void One_measurement_is_no_plot() => Assert.Empty(MetricPlot.Draw("errors", new SeriesStatus { StartedAt = Start, Seconds = 15, Canary = "0/10" }));
}

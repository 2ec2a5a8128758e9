using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class MetricSeriesTests
{
    [Fact]
    public void What_is_counted_in_one_stretch_is_summed_and_stretches_without_numbers_stay_empty()
    {
        var text = MetricSeries.Add(null, 0, new SeriesPoint(0, 40));
        text = MetricSeries.Add(text, 0, new SeriesPoint(1, 10));
        text = MetricSeries.Add(text, 1, null);
        text = MetricSeries.Add(text, 3, new SeriesPoint(2.5, 41));

        Assert.Equal("1/50 - - 2.5/41", text);
    }

    [Fact]
    public void Stretches_twice_as_long_lose_no_request()
    {
        var halved = MetricSeries.Halve("1/50 2/40 - 2.5/41 - - 7/9");

        Assert.Equal("3/90 2.5/41 - 7/9", halved);
    }

    [Fact]
    public void Text_that_someone_wrote_by_hand_is_a_gap_and_no_error()
    {
        Assert.Equal([null, new SeriesPoint(1, 2), null], MetricSeries.Parse("x 1/2 1/y"));
        Assert.Empty(MetricSeries.Parse(null));
    }
}

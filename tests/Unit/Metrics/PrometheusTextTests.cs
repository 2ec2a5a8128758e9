using System.Text;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using Xunit;

namespace PatchOperator.Tests.Unit.Metrics;

public sealed class PrometheusTextTests
{
    [Theory]
    [InlineData("x 1\nx{a=\"b\"} 2\n", 3, 2)]
    [InlineData("x 1\r\n  x\t2  \n\n", 3, 2)]
    [InlineData("x{a=\"b\"} 1.5e+03 1700000000000", 1500, 1)]
    [InlineData("x{a=\"b\"} 12 # {trace_id=\"abc\"} 0.67", 12, 1)]
    [InlineData("x{a=\"}\"} 4", 4, 1)]
    [InlineData("x{a=\"say \\\"}\\\" \\\\\"} 4", 4, 1)]
    [InlineData("x{a=\"1\", b=\"2\",} 4", 4, 1)]
    [InlineData("# x 9\n#x 9\nxx 9\nx_total 9", 0, 0)]
    [InlineData("x +Inf", double.PositiveInfinity, 1)]
    [InlineData("x -Inf", double.NegativeInfinity, 1)]
    [InlineData("x NaN", double.NaN, 1)]
    public void Samples_are_summed(string text, double expected, int series)
    {
        var (sum, samples) = Sum(text, "x");

        Assert.Equal(expected, sum.Value);
        Assert.Equal(series, sum.Series);
        Assert.True(series == 0 || samples >= series);
    }

    [Theory]
    [InlineData("<html><body>Not found</body></html>")]
    [InlineData("{\"status\":\"ok\"}")]
    [InlineData("x")]
    [InlineData("x{a=\"b\" 4")]
    [InlineData("x{a=\"b} 4")]
    [InlineData("x four")]
    [InlineData("")]
    public void What_is_not_an_exposition_has_no_samples(string text)
    {
        Assert.Equal(0, Sum(text, "x").Samples);
    }

    [Theory]
    [InlineData("x{path=\"C:\\\\dir\"} 1", "x{path=\"C:\\\\dir\"}")]
    [InlineData("x{path=\"a\\nb\"} 1", "x{path=\"a\\nb\"}")]
    [InlineData("x{path=\"a\\\"b\"} 1", "x{path='a\"b'}")]
    [InlineData("x{path=\"Zürich\"} 1", "x{path=~\"Z.rich\"}")]
    [InlineData("x{b=\"path=\\\"no\\\"\",path=\"yes\"} 1", "x{path=\"yes\"}")]
    [InlineData("x{xpath=\"no\",path=\"yes\"} 1", "x{path!=\"no\"}")]
    public void Labels_are_unescaped_before_they_are_compared(string text, string selector)
    {
        Assert.Equal(1, Sum(text, selector).Sum.Value);
    }

    [Fact]
    public void A_cut_or_garbled_text_never_throws()
    {
        var text = Encoding.UTF8.GetBytes("http_requests_total{method=\"GET\",path=\"/a\\\"b\"} 12.5 1700 # {t=\"1\"} 3\n# HELP x\nx{a=\"\\\\\"} NaN\n");
        var random = new Random(7);
        Assert.True(SeriesSelector.TryParse("http_requests_total{path=~\".*\",method=\"GET\"}", out var selector, out _));
        for (var i = 0; i < 20_000; i++)
        {
            var garbled = text[..random.Next(text.Length + 1)];
            if (garbled.Length > 0)
            {
                garbled[random.Next(garbled.Length)] = (byte)random.Next(256);
            }

            PrometheusText.Sum(garbled, [selector], new SeriesSum[1]);
        }
    }

    [Fact]
    public void Lines_cost_no_memory()
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000)
            .Select(i => $"http_requests_total{{method=\"GET\",status=\"{200 + (i % 400)}\",path=\"/p/{i}\"}} {i}\n")));
        Assert.True(SeriesSelector.TryParse("http_requests_total{status=~\"5..\"}", out var failures, out _));
        Assert.True(SeriesSelector.TryParse("http_requests_total", out var total, out _));
        SeriesSelector[] selectors = [failures, total];
        var sums = new SeriesSum[2];
        PrometheusText.Sum(text, selectors, sums);

        var before = GC.GetAllocatedBytesForCurrentThread();
        PrometheusText.Sum(text, selectors, sums);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(5000, sums[1].Series);
        Assert.InRange(allocated, 0, 4096);
    }

    private static (SeriesSum Sum, int Samples) Sum(string text, string selector)
    {
        Assert.True(SeriesSelector.TryParse(selector, out var parsed, out var error), error);
        var sums = new SeriesSum[1];
        var samples = PrometheusText.Sum(Encoding.UTF8.GetBytes(text), [parsed], sums);
        return (sums[0], samples);
    }
}

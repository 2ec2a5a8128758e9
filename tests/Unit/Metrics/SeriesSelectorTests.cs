using System.Text;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using Xunit;

namespace PatchOperator.Tests.Unit.Metrics;

public sealed class SeriesSelectorTests
{
    private const string Exposition = """
        # HELP http_requests_total Requests.
        # TYPE http_requests_total counter
        http_requests_total{method="GET",status="200",path="/checkout"} 100
        http_requests_total{method="GET",status="500",path="/checkout"} 7
        http_requests_total{method="GET",status="503",path="/health/ready"} 3
        http_requests_total{method="POST",path="/rest"} 5
        http_requests_total_other 1000
        """;

    [Theory]
    [InlineData("http_requests_total", 115)]
    [InlineData(" http_requests_total { } ", 115)]
    [InlineData("http_requests_total{status=~\"5..\"}", 10)]
    [InlineData("http_requests_total{status=~\"5..\",path!~\"/health.*\"}", 7)]
    [InlineData("http_requests_total{status='200', method=\"GET\",}", 100)]
    [InlineData("http_requests_total{status!=\"200\"}", 15)]
    [InlineData("http_requests_total{status=~\"5\"}", 0)]
    [InlineData("http_requests_total{status=~\"200|50.\"}", 110)]
    [InlineData("http_requests_total{status=\"\"}", 5)]
    [InlineData("http_requests_total{status=~\"2..|\"}", 105)]
    [InlineData("http_requests_total{absent!=\"x\"}", 115)]
    [InlineData("http_requests_total{path=~`/health/\\w+`}", 3)]
    public void A_selector_matches_as_in_promql(string text, double expected)
    {
        Assert.True(SeriesSelector.TryParse(text, out var selector, out var error), error);

        Assert.Equal(expected, Sum(Exposition, selector).Value);
    }

    [Theory]
    [InlineData("", "metric name is expected")]
    [InlineData("{status=\"200\"}", "metric name is expected")]
    [InlineData("9lives", "metric name is expected")]
    [InlineData("sum(http_requests_total)", "nothing may follow")]
    [InlineData("http_requests_total[5m]", "nothing may follow")]
    [InlineData("x{status}", "=, !=, =~ or !~ is expected")]
    [InlineData("x{status==\"200\"}", "string in quotes is expected")]
    [InlineData("x{status=\"200}", "string in quotes is expected")]
    [InlineData("x{status=200}", "string in quotes is expected")]
    [InlineData("x{status=\"200\" path=\"/\"}", "',' or '}' is expected")]
    [InlineData("x{status=\"200\"", "',' or '}' is expected")]
    [InlineData("x{=\"200\"}", "label name is expected")]
    [InlineData("x{status=~\"5(..\"}", "not an RE2 regular expression")]
    [InlineData("x{status=~\"(?=5)..\"}", "not an RE2 regular expression")]
    [InlineData("x{status=~\"(a)\\\\1\"}", "not an RE2 regular expression")]
    public void A_mistake_is_located_and_the_message_says_what_is_allowed(string text, string expected)
    {
        Assert.False(SeriesSelector.TryParse(text, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("Allowed is a metric name and label conditions", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_would_backtrack_for_ever_runs_in_linear_time()
    {
        Assert.True(SeriesSelector.TryParse("x{path=~\"(a+)+b\"}", out var selector, out _));

        Assert.Equal(0, Sum($"x{{path=\"{new string('a', 20_000)}\"}} 1", selector).Value);
    }

    private static SeriesSum Sum(string text, SeriesSelector selector)
    {
        var sums = new SeriesSum[1];
        PrometheusText.Sum(Encoding.UTF8.GetBytes(text), [selector], sums);
        return sums[0];
    }
}

using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class MetricQueriesTests
{
    private static readonly MetricProviderSpec Prometheus = new() { Prometheus = new() { Address = "http://prometheus" } };
    private static readonly MetricProviderSpec Pods = new() { PodMetrics = new() { Port = 9113 } };
    private static readonly MetricProviderSpec Both = new() { Prometheus = Prometheus.Prometheus, PodMetrics = Pods.PodMetrics };

    [Fact]
    public void The_pods_own_preset_reads_the_pods_where_they_can_be_read_and_asks_Prometheus_otherwise()
    {
        var metric = new MetricSpec { Name = "errors", Preset = "podMetrics" };

        Assert.Equal(MetricSource.PodMetrics, Of(metric, Pods).Source);
        Assert.Equal(MetricSource.PodMetrics, Of(metric, Both).Source);
        Assert.Equal(MetricSource.Prometheus, Of(metric, Prometheus).Source);
        Assert.Equal(MetricSource.Prometheus, Of(metric with { Source = "Prometheus" }, Both).Source);
        Assert.Equal("http_requests_total{status=~\"0+|5..\"}", Of(metric, Pods).Failures);
        Assert.Equal("http_requests_total", Of(metric, Pods).Total);
        Assert.StartsWith("sum((http_requests_total{namespace=", Of(metric, Prometheus).Total, StringComparison.Ordinal);
    }

    [Fact]
    public void Beside_a_tripwire_everything_else_asks_Prometheus_unless_it_says_otherwise()
    {
        var metric = new MetricSpec { Name = "errors", Failures = "a", Total = "b" };

        Assert.Equal(MetricSource.Prometheus, Of(metric, Both).Source);
        Assert.Equal(MetricSource.PodMetrics, Of(metric with { Source = "PodMetrics" }, Both).Source);
        Assert.Equal(MetricSource.PodMetrics, Of(metric, Pods).Source);
        Assert.Equal(MetricSource.Prometheus, Of(new MetricSpec { Name = "errors", Preset = "istio" }, Both).Source);
    }

    [Fact]
    public void Surfaces_limit_a_preset_to_their_paths_and_a_spec_may_bring_its_own()
    {
        var metric = new MetricSpec { Name = "errors", Preset = "podMetrics", Surfaces = ["Checkout", "Onboarding"] };
        var analysis = new AnalysisSpec { Provider = Pods, Surfaces = [new SurfaceSpec { Name = "Checkout", Paths = ["/kasse/**"] }] };

        var queries = MetricQueries.Of(metric, analysis);

        Assert.Equal("http_requests_total{status=~\"0+|5..\",path=~\"{{ paths }}\"}", queries.Failures);
        Assert.Contains("/kasse(/.*)?", queries.Paths);
        Assert.Contains("/rest/V1/customers", queries.Paths);
        Assert.DoesNotContain("/checkout(/.*)?", queries.Paths);
    }

    [Fact]
    public void Every_query_of_every_preset_names_only_known_variables()
    {
        var all = from name in MetricPresets.Names
                  let preset = MetricPresets.Find(name)!
                  from failures in Enum.GetValues<FailureClass>()
                  where failures == FailureClass.ServerErrors || preset.NoClientErrors is null
                  from bySurface in new[] { false, preset.PathLabel is not null }
                  from query in new[] { preset.FailuresQuery(failures, bySurface), preset.TotalQuery(bySurface) }
                  select (name, query);
        Assert.All(all, each => Assert.True(QueryTemplate.TryParse(each.query, out _, out var error), $"{each.name}: {error}"));
    }

    [Fact]
    public void Slow_requests_are_all_but_those_in_the_bucket_and_a_missing_bucket_leaves_no_total()
    {
        var metric = new MetricSpec { Name = "slow", Latency = new LatencySpec { SlowerThan = new Duration("500ms"), Histogram = "http_request_duration_seconds" } };

        var asked = Of(metric, Prometheus);

        Assert.Contains("http_request_duration_seconds_bucket{namespace=\"{{ namespace }}\",pod=~\"{{ pods }}\",le=~\"0[.]50*\"}", asked.Failures, StringComparison.Ordinal);
        Assert.Contains(" and sum(", asked.Total, StringComparison.Ordinal);
        Assert.All([asked.Failures, asked.Total], query => Assert.True(QueryTemplate.TryParse(query, out _, out var error), error));
        Assert.False(asked.CountsTheRest);
    }

    [Fact]
    public void Pods_are_asked_for_the_fast_requests_since_a_selector_cannot_subtract()
    {
        var metric = new MetricSpec { Name = "slow", Preset = "podMetrics", Surfaces = ["Checkout"], Latency = new LatencySpec { SlowerThan = new Duration("1s") } };

        var asked = Of(metric, Pods);

        Assert.Equal("http_request_duration_seconds_bucket{path=~\"{{ paths }}\",le=~\"1([.]0+)?\"}", asked.Failures);
        Assert.Equal("http_request_duration_seconds_bucket{path=~\"{{ paths }}\",le=\"+Inf\"}", asked.Total);
        Assert.True(asked.CountsTheRest);
    }

    [Fact]
    public void A_preset_brings_its_histogram_and_its_unit()
    {
        var asked = Of(new MetricSpec { Name = "slow", Preset = "istio", Latency = new LatencySpec { SlowerThan = new Duration("1.5s") } }, Prometheus);

        Assert.Contains("istio_request_duration_milliseconds_bucket{reporter=\"source\"", asked.Total, StringComparison.Ordinal);
        Assert.Contains("le=~\"1500([.]0+)?\"", asked.Total, StringComparison.Ordinal);
    }

    private static MetricQueries Of(MetricSpec metric, MetricProviderSpec provider) => MetricQueries.Of(metric, new AnalysisSpec { Provider = provider });
}

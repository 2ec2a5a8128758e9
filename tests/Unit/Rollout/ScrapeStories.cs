using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>A canary that Prometheus measures by its pods gets no request before Prometheus has found them.</summary>
public sealed class ScrapeStories
{
    private const string ByPod = """sum(http_requests_total{pod=~"{{ pods }}"})""";
    private readonly Story story = new();

    public ScrapeStories() => Measure(new MetricProviderSpec { Prometheus = new PrometheusProviderSpec { Address = "http://prometheus.monitoring:9090" } }, ByPod);

    [Fact]
    public void No_request_goes_to_a_pod_that_nobody_measures()
    {
        story.IsScraped = false;
        story.Approve();
        story.RunUntil(() => story.CanaryPods.Count > 0, TimeSpan.FromMinutes(1));
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.All(story.CanaryPods, pod => Assert.False(pod.Ready));
        Assert.Null(story.Status.Step!.ServingSince);
        Assert.Contains("when Prometheus has scraped it, or at", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);

        story.IsScraped = true;
        story.RunUntil(() => story.Status.Step!.ReadyAt is not null, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void What_Prometheus_never_finds_serves_after_a_while()
    {
        story.IsScraped = false;
        story.Approve();
        story.RunUntil(() => story.CanaryPods.Count > 0, TimeSpan.FromMinutes(1));
        var since = story.Now;
        story.RunUntil(() => story.CanaryPods.All(p => p.Ready), TimeSpan.FromMinutes(5));
        Assert.InRange(story.Now - since, story.Policy.ScrapePatience, story.Policy.ScrapePatience + TimeSpan.FromSeconds(2));
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void A_short_deadline_leaves_time_to_serve_in()
    {
        story.Edit(s => s with { Canary = s.Canary! with { ProgressDeadline = new Duration("20s") } });
        story.IsScraped = false;
        story.Approve();
        story.RunUntil(PatchPhase.Promoted, TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Pods_of_later_steps_wait_too_and_the_canary_goes_on_being_measured()
    {
        story.StartCanary();
        story.IsScraped = false;
        story.RunUntil(() => story.Status.Step!.Index == 1 && story.CanaryPods.Any(p => p.IsShut), TimeSpan.FromMinutes(5));
        story.CanaryErrorRate = 0.5;
        story.IsScraped = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_revert_lets_nobody_in()
    {
        story.IsScraped = false;
        story.Approve();
        story.RunUntil(() => story.CanaryPods.Count > 0, TimeSpan.FromMinutes(1));
        story.Command(Commands.Abort, "not tonight");
        story.IsScraped = true;
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(story.Done, action => action is AdmitPods);
    }

    [Fact]
    public void Pods_that_are_read_directly_wait_for_nobody()
    {
        Measure(new MetricProviderSpec { PodMetrics = new PodMetricsProviderSpec { Port = 9113 } }, "http_requests_total");
        Assert.False(Gate());
    }

    [Fact]
    public void A_tripwire_beside_Prometheus_waits_for_nobody()
    {
        Measure(new MetricProviderSpec { Prometheus = new PrometheusProviderSpec { Address = "http://prometheus.monitoring:9090" }, PodMetrics = new PodMetricsProviderSpec { Port = 9113 } }, ByPod);
        Assert.False(Gate());
    }

    [Fact]
    public void A_gateway_that_counts_by_its_own_labels_knows_no_pods_to_wait_for()
    {
        Measure(new MetricProviderSpec { Prometheus = new PrometheusProviderSpec { Address = "http://prometheus.monitoring:9090" } }, """sum(requests_total{service=~"{{ services }}"})""");
        Assert.False(Gate());
    }

    private bool Gate()
    {
        story.StartCanary();
        return Assert.Single(story.Done.OfType<EnsureCanary>()).IsGated;
    }

    private void Measure(MetricProviderSpec provider, string query) => story.Edit(s => s with
    {
        Analysis = s.Analysis! with
        {
            Provider = provider,
            Metrics = [new MetricSpec { Name = "http-errors", Failures = query, Total = query, MaxRate = "2%", CompareWith = "Stable", MinRequests = 50 }],
        },
    });
}

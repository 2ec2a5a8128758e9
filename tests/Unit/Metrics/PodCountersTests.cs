using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using Xunit;

namespace PatchOperator.Tests.Unit.Metrics;

public sealed class PodCountersTests
{
    private long _sequence;

    [Fact]
    public void Stable_pods_start_at_what_they_had_counted_before_and_canary_pods_at_zero()
    {
        var counters = First(TimeSpan.FromSeconds(1));

        Apply(counters, Canary("c1", 1, 10), Stable("s1", 500, 90_000));
        Assert.Equal(new TrackReading.Counts(1, 10), counters.Sum("canary", "m"));
        Assert.Equal(new TrackReading.Counts(0, 0), counters.Sum("stable", "m"));

        Apply(counters, Canary("c1", 2, 30), Stable("s1", 501, 90_100));
        Assert.Equal(new TrackReading.Counts(2, 30), counters.Sum("canary", "m"));
        Assert.Equal(new TrackReading.Counts(1, 100), counters.Sum("stable", "m"));
    }

    [Fact]
    public void A_pod_that_appears_later_counts_from_zero_on_both_tracks()
    {
        var counters = First(TimeSpan.FromSeconds(1));
        Apply(counters, Canary("c1", 0, 10), Stable("s1", 0, 90_000));

        Apply(counters, Canary("c2", 1, 5), Stable("s2", 2, 7));

        Assert.Equal(new TrackReading.Counts(1, 15), counters.Sum("canary", "m"));
        Assert.Equal(new TrackReading.Counts(2, 7), counters.Sum("stable", "m"));
    }

    [Fact]
    public void A_restarted_container_loses_nothing_and_counts_nothing_twice()
    {
        var counters = First(TimeSpan.FromSeconds(1));
        Apply(counters, Canary("c1", 4, 100));

        // The failures are already past their old value; that the total fell shows that both began anew.
        Apply(counters, Canary("c1", 6, 20));

        Assert.Equal(new TrackReading.Counts(10, 120), counters.Sum("canary", "m"));
    }

    [Fact]
    public void The_counts_of_a_pod_that_went_are_kept()
    {
        var counters = First(TimeSpan.FromSeconds(1));
        Apply(counters, Canary("c1", 4, 100), Canary("c2", 1, 50));

        Apply(counters, Canary("c2", 1, 60));

        Assert.Equal(new TrackReading.Counts(5, 160), counters.Sum("canary", "m"));
    }

    [Fact]
    public void After_a_restart_of_the_operator_both_tracks_look_back_equally_far()
    {
        var counters = First(PodCounters.LateAfter);

        Apply(counters, Canary("c1", 40, 1000), Stable("s1", 500, 90_000));
        Apply(counters, Canary("c1", 41, 1010), Stable("s1", 500, 90_100));

        Assert.Equal(new TrackReading.Counts(1, 10), counters.Sum("canary", "m"));
        Assert.Equal(new TrackReading.Counts(0, 100), counters.Sum("stable", "m"));
    }

    [Fact]
    public void At_a_later_step_the_canary_is_not_judged_by_what_it_answered_in_the_one_before()
    {
        var counters = First(TimeSpan.FromSeconds(1), canaryHasServed: true);

        Apply(counters, Canary("c1", 40, 1000), Stable("s1", 500, 90_000));
        Apply(counters, Canary("c1", 41, 1010), Canary("c2", 1, 5), Stable("s1", 500, 90_100));

        Assert.Equal(new TrackReading.Counts(2, 15), counters.Sum("canary", "m"));
        Assert.Equal(new TrackReading.Counts(0, 100), counters.Sum("stable", "m"));
    }

    [Fact]
    public void A_series_that_is_made_at_the_first_request_loses_none()
    {
        var counters = First(TimeSpan.FromSeconds(1));

        Apply(counters, new PodSample("stable", "s1", "m", 0, 0, HasSeries: false));
        Assert.Null(counters.Sum("stable", "m"));

        Apply(counters, Stable("s1", 2, 8));
        Assert.Equal(new TrackReading.Counts(2, 8), counters.Sum("stable", "m"));
    }

    [Fact]
    public void A_read_that_was_overtaken_is_not_taken_for_a_restart()
    {
        var counters = First(TimeSpan.FromSeconds(1));
        counters.Apply(2, [Canary("c1", 0, 100)]);

        counters.Apply(1, [Canary("c1", 0, 90)]);

        Assert.Equal(new TrackReading.Counts(0, 100), counters.Sum("canary", "m"));
    }

    private static PodSample Canary(string pod, double failures, double total) => new("canary", pod, "m", failures, total, HasSeries: true);

    private static PodSample Stable(string pod, double failures, double total) => new("stable", pod, "m", failures, total, HasSeries: true);

    private void Apply(PodCounters counters, params PodSample[] samples) => counters.Apply(++_sequence, samples);

    private static PodCounters First(TimeSpan window, bool canaryHasServed = false) => new(new MetricReadRequest
    {
        Namespace = "shop",
        Workloads = ["web"],
        CanaryPods = [new PodTarget("c1", "10.0.0.1")],
        StablePods = [new PodTarget("s1", "10.0.0.2")],
        Window = window,
        Metrics = [],
        Timeout = TimeSpan.FromSeconds(1),
        RunId = "run",
        CanaryHasServed = canaryHasServed,
    });
}

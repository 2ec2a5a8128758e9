using PatchOperator.Domain.Analysis;

namespace PatchOperator.Benchmarks.Analysis;

/// <summary>The whole assessor, as a step asks it: ticks are summed up and judged one after the other.</summary>
internal sealed class Judge(MetricPolicy policy)
{
    private MetricMemory? memory;
    private double canaryFailures;
    private double canary;
    private double stableFailures;
    private double stable;

    public Verdict Take(Tick tick, int second)
    {
        (canaryFailures, canary) = (canaryFailures + tick.CanaryFailures, canary + tick.CanaryTotal);
        (stableFailures, stable) = (stableFailures + tick.StableFailures, stable + tick.StableTotal);
        var now = DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(second);
        var reading = new MetricReading
        {
            Metric = policy.Name,
            Canary = new TrackReading.Counts(canaryFailures, canary),
            Stable = new TrackReading.Counts(stableFailures, stable),
            SampledAt = now,
            CanaryQuery = "",
        };
        var assessment = MetricAssessor.Assess(policy, reading, memory, now);
        memory = assessment.Memory;
        return assessment.Verdict;
    }
}

using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics.Probes;

/// <summary>What the probes of one track have come to.</summary>
internal sealed class ProbeCounter
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> unanswered = new(StringComparer.Ordinal);
    private HashSet<string> pods = new(StringComparer.Ordinal);
    private long failures;
    private long total;
    private string? lastFailure;
    private ProbeResult.NotSent? obstacle;

    /// <summary>
    /// The pods that visitors are sent to now. What a pod left unanswered before counts if it is still one of them: otherwise it was on its way out,
    /// and that is no failure of what it runs.
    /// </summary>
    public void Settle(IEnumerable<string> readyPods)
    {
        lock (gate)
        {
            pods = new HashSet<string>(readyPods, StringComparer.Ordinal);
            foreach (var (pod, count) in unanswered)
            {
                if (pods.Contains(pod))
                {
                    failures += count;
                    total += count;
                }
            }

            unanswered.Clear();
        }
    }

    public void Add(string pod, ProbeResult result)
    {
        lock (gate)
        {
            obstacle = result as ProbeResult.NotSent;
            switch (result)
            {
                case ProbeResult.Passed:
                    total++;
                    break;
                case ProbeResult.Failed failed:
                    total++;
                    failures++;
                    lastFailure = failed.Reason;
                    break;
                case ProbeResult.NoAnswer none:
                    unanswered[pod] = unanswered.GetValueOrDefault(pod) + 1;
                    lastFailure = none.Reason;
                    break;
            }
        }
    }

    public TrackReading Read(string track)
    {
        lock (gate)
        {
            return obstacle is not null ? new TrackReading.Failed($"the probe cannot be sent: {obstacle.Reason}", obstacle.IsTerminal)
                : total > 0 ? new TrackReading.Counts(failures, total)
                : new TrackReading.NoData(pods.Count == 0 ? $"the {track} has no ready pods to probe" : $"no probe of the {track} has ended yet", BeganAnew: true);
        }
    }

    /// <summary>Why a probe of this track failed last, for people who look for the cause.</summary>
    public string? LastFailure()
    {
        lock (gate)
        {
            return lastFailure;
        }
    }
}

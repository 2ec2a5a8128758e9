using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics.Probes;

/// <summary>
/// Results of the operator's own synthetic requests. They are sent from the first read of a step until <see cref="Stop"/>, between the ticks too; a
/// read only looks. Counts live in memory: a restart begins anew for both tracks, as the sequential test allows.
/// </summary>
internal sealed class ProbeProvider(ProbeSender sender, TimeProvider time) : IMetricProvider, IDisposable
{
    /// <summary>Of all patches together.</summary>
    private const int MostAtOnce = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Run, string Metric), ProbeRun> runs = [];
    private readonly SemaphoreSlim everyone = new(MostAtOnce);

    internal int Runs
    {
        get
        {
            lock (gate)
            {
                return runs.Count;
            }
        }
    }

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return request.IsPreflight
            ? await Task.WhenAll(request.Metrics.Select(metric => TryAsync(metric, request, ct)))
            : [.. request.Metrics.Select(metric => RunOf(metric, request).Read(metric, request))];
    }

    /// <summary>No further probe is sent for this patch, and those under way are broken off.</summary>
    /// <param name="patch">Its uid, with which the identities of its runs begin.</param>
    public void Stop(string patch)
    {
        lock (gate)
        {
            StopWhere(run => IsOf(run, patch));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            StopWhere(_ => true);
        }
    }

    private static bool IsOf(string run, string patch) => run.StartsWith(patch + "/", StringComparison.Ordinal);

    private ProbeRun RunOf(MetricQuery metric, MetricReadRequest request)
    {
        lock (gate)
        {
            // A new step counts anew, and the last one's probes are over.
            StopWhere(run => run != request.RunId && IsOf(run, request.RunId.Split('/')[0]));
            if (!runs.TryGetValue((request.RunId, metric.Name), out var known))
            {
                runs[(request.RunId, metric.Name)] = known = new ProbeRun(metric.Probe!, request.Namespace, sender, everyone, time);
            }

            return known;
        }
    }

    private void StopWhere(Func<string, bool> isOver)
    {
        foreach (var (key, run) in runs.Where(each => isOver(each.Key.Run)).ToArray())
        {
            runs.Remove(key);
            run.Dispose();
        }
    }

    /// <summary>A probe that fails on stable as well could never let a canary pass: better to hear of it before the start.</summary>
    private async Task<MetricReading> TryAsync(MetricQuery metric, MetricReadRequest request, CancellationToken ct)
    {
        var probe = metric.Probe!;
        using var timeout = new CancellationTokenSource(request.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        TrackReading reading;
        if (request.StablePods.FirstOrDefault(pod => pod.IsReady) is not { } stable)
        {
            reading = new TrackReading.NoData("stable has no ready pods to probe");
        }
        else
        {
            try
            {
                reading = await sender.SendAsync(probe, request.Namespace, stable, deadline.Token) switch
                {
                    ProbeResult.Failed failed => new TrackReading.Failed($"probe {probe.Name} fails on stable's pod {stable.Name} as well: {failed.Reason}. Correct the probe, or leave it out.", Terminal: false),
                    ProbeResult.NoAnswer none => new TrackReading.Failed($"probe {probe.Name} gets no answer from stable's pod {stable.Name} either: {none.Reason}. Correct the probe, or leave it out.", Terminal: false),
                    ProbeResult.NotSent not => new TrackReading.Failed($"probe {probe.Name} cannot be sent: {not.Reason}", not.IsTerminal),
                    _ => new TrackReading.Counts(0, 1),
                };
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                reading = new TrackReading.Failed($"probe {probe.Name} gets no answer from stable's pod {stable.Name} within {request.Timeout.TotalSeconds:0.###} s", Terminal: false);
            }
        }

        return new MetricReading { Metric = metric.Name, Canary = reading, CanaryQuery = ProbeRun.Describe(probe, null), SampledAt = time.GetUtcNow() };
    }
}

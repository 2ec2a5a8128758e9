using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Metrics.Probes;

/// <summary>One probe of one step: sends to both tracks in turn with their pods, until it is stopped or nobody reads it any more.</summary>
internal sealed class ProbeRun : IDisposable
{
    /// <summary>Unread for so long, it rests: the run is over, or another process leads.</summary>
    private static readonly TimeSpan RestsAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(1);

    /// <summary>Of one track, so that pods that are slow get no pile of requests.</summary>
    private const int MostAtOnce = 8;

    private readonly CancellationTokenSource stop = new();
    private readonly ProbeSender sender;
    private readonly ProbeSpec probe;
    private readonly string ns;
    private readonly SemaphoreSlim everyone;
    private readonly TimeProvider time;
    private readonly Track canary = new(TrackVariables.Canary);
    private readonly Track stable = new(TrackVariables.Stable);
    private long readAt;

    /// <param name="probe">Validated.</param>
    /// <param name="ns">Where its Secrets are.</param>
    /// <param name="sender">Sends and judges.</param>
    /// <param name="everyone">Requests at once of all runs together.</param>
    /// <param name="time">Clock.</param>
    public ProbeRun(ProbeSpec probe, string ns, ProbeSender sender, SemaphoreSlim everyone, TimeProvider time)
    {
        (this.probe, this.ns, this.sender, this.everyone, this.time) = (probe, ns, sender, everyone, time);
        readAt = time.GetTimestamp();
    }

    /// <summary>The results so far; keeps the run going for the pods that are there now.</summary>
    public MetricReading Read(MetricQuery metric, MetricReadRequest request)
    {
        Interlocked.Exchange(ref readAt, time.GetTimestamp());
        canary.Aim(request.CanaryPods);
        stable.Aim(metric.ReadStable ? request.StablePods : []);
        var reading = new MetricReading
        {
            Metric = metric.Name,
            Canary = canary.Results.Read(canary.Name),
            CanaryQuery = Describe(probe, canary.Results.LastFailure()),
            Stable = metric.ReadStable ? stable.Results.Read(stable.Name) : null,
            StableQuery = metric.ReadStable ? Describe(probe, stable.Results.LastFailure()) : null,
            SampledAt = time.GetUtcNow(),
        };
        Start(canary);
        if (metric.ReadStable)
        {
            Start(stable);
        }

        return reading;
    }

    public static string Describe(ProbeSpec probe, string? lastFailure)
    {
        var path = probe.Path ?? "/";

        // A query may carry what is not for everyone's eyes, such as an address or a key.
        var query = path.IndexOf('?', StringComparison.Ordinal);
        return $"probe {probe.Name}: {probe.Method ?? "GET"} :{probe.Port}{(query < 0 ? path : path[..query] + "?…")}" + (lastFailure is null ? "" : $" (last failure: {lastFailure})");
    }

    public void Dispose() => stop.Cancel();

    private void Start(Track track)
    {
        if (!stop.IsCancellationRequested && track.TryBegin())
        {
            _ = SendAsync(track);
        }
    }

    private async Task SendAsync(Track track)
    {
        using var timer = new PeriodicTimer(probe.Every.OrElse(DefaultInterval), time);
        try
        {
            do
            {
                if (track.Next() is { } pod && track.UnderWay < MostAtOnce && await everyone.WaitAsync(TimeSpan.Zero, stop.Token))
                {
                    _ = SendAsync(track, pod);
                }
            }
            while (await timer.WaitForNextTickAsync(stop.Token) && time.GetElapsedTime(Interlocked.Read(ref readAt)) < RestsAfter);
        }
        catch (OperationCanceledException)
        {
            // Stopped: nothing more is sent, and what is under way is cancelled with it.
        }
        finally
        {
            track.End();
        }
    }

    private async Task SendAsync(Track track, PodTarget pod)
    {
        track.Enter();
        try
        {
            track.Results.Add(pod.Name, await sender.SendAsync(probe, ns, pod, stop.Token));
        }
        catch (OperationCanceledException)
        {
            // A probe that was broken off says nothing of the pod.
        }
        finally
        {
            track.Leave();
            everyone.Release();
        }
    }

    private sealed class Track(string name)
    {
        private IReadOnlyList<PodTarget> pods = [];
        private int turn;
        private int running;
        private int underWay;

        public string Name { get; } = name;

        public ProbeCounter Results { get; } = new();

        public int UnderWay => Volatile.Read(ref underWay);

        public void Aim(IReadOnlyList<PodTarget> all)
        {
            IReadOnlyList<PodTarget> ready = [.. all.Where(pod => pod.IsReady)];
            Results.Settle(ready.Select(pod => pod.Name));
            Volatile.Write(ref pods, ready);
        }

        public PodTarget? Next()
        {
            var now = Volatile.Read(ref pods);
            return now.Count == 0 ? null : now[(int)((uint)turn++ % (uint)now.Count)];
        }

        public bool TryBegin() => Interlocked.Exchange(ref running, 1) == 0;

        public void End() => Volatile.Write(ref running, 0);

        public void Enter() => Interlocked.Increment(ref underWay);

        public void Leave() => Interlocked.Decrement(ref underWay);
    }
}

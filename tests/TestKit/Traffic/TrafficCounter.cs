using System.Collections.Concurrent;

namespace PatchOperator.TestKit.Traffic;

/// <summary>Answers of one pod, by status code.</summary>
public sealed record PodTraffic(string Pod, string Track, IReadOnlyDictionary<int, long> Statuses)
{
    public long Requests => Statuses.Values.Sum();

    public long ServerErrors => Statuses.Where(status => status.Key >= 500).Sum(status => status.Value);
}

/// <summary>What went through a <see cref="FrontDoor"/> since its start.</summary>
/// <param name="Pods">One entry per pod and track; pods that are gone stay counted.</param>
/// <param name="WithoutEndpoint">Requests that were answered 503 because nothing was ready.</param>
public sealed record TrafficSnapshot(IReadOnlyList<PodTraffic> Pods, long WithoutEndpoint)
{
    public long Requests => Pods.Sum(pod => pod.Requests) + WithoutEndpoint;

    public long RequestsOf(string track) => Pods.Where(pod => pod.Track == track).Sum(pod => pod.Requests);

    public long ServerErrorsOf(string track) => Pods.Where(pod => pod.Track == track).Sum(pod => pod.ServerErrors);
}

internal sealed class TrafficCounter
{
    private readonly ConcurrentDictionary<(string Pod, string Track), ConcurrentDictionary<int, long>> _counts = new();
    private long _withoutEndpoint;

    public void Count(ServiceEndpoint endpoint, int status) =>
        _counts.GetOrAdd((endpoint.Pod, endpoint.Track), static _ => new()).AddOrUpdate(status, 1, static (_, count) => count + 1);

    public void CountWithoutEndpoint() => Interlocked.Increment(ref _withoutEndpoint);

    public TrafficSnapshot Snapshot() => new(
        [.. _counts.Select(entry => new PodTraffic(entry.Key.Pod, entry.Key.Track, new Dictionary<int, long>(entry.Value)))],
        Interlocked.Read(ref _withoutEndpoint));
}

using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Metrics;

/// <summary>
/// Reads failures and totals of canary and stable. A provider never throws for a problem with the data, the query or the source:
/// each becomes a <see cref="TrackReading.NoData"/> or <see cref="TrackReading.Failed"/> of the track it concerns.
/// It throws only <see cref="OperationCanceledException"/>, and only when the caller's own token was cancelled.
/// </summary>
public interface IMetricProvider
{
    /// <summary>One reading for each of <see cref="MetricReadRequest.Metrics"/>, in that order, within about <see cref="MetricReadRequest.Timeout"/>.</summary>
    Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct);

    /// <summary>Which of these pods the source collects metrics of by now. One that reads the pods itself, or cannot tell, names all of them.</summary>
    Task<PodSighting> LookForAsync(PodLookout lookout, CancellationToken ct) => Task.FromResult(new PodSighting(lookout.Pods));
}

/// <param name="Namespace">Of all of them.</param>
/// <param name="Pods">To be looked for.</param>
/// <param name="Known">Pods that run for long: a source that does not know them by name, either, will not know the others.</param>
public sealed record PodLookout(string Namespace, IReadOnlyList<string> Pods, IReadOnlyList<string> Known);

/// <param name="Pods">That need not be waited for.</param>
public sealed record PodSighting(IReadOnlyList<string> Pods);

/// <summary>What to read: which pods are canary and stable, since when, and which metrics.</summary>
public sealed record MetricReadRequest
{
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(10);

    public required string Namespace { get; init; }

    /// <summary>Names of the workloads that are judged.</summary>
    public required IReadOnlyList<string> Workloads { get; init; }

    /// <summary>Services that send requests to stable's pods.</summary>
    public IReadOnlyList<string> StableServices { get; init; } = [];

    public required IReadOnlyList<PodTarget> CanaryPods { get; init; }

    public required IReadOnlyList<PodTarget> StablePods { get; init; }

    /// <summary>Time since the canary began to take traffic; rounded up to whole seconds, at least one. Prometheus sees counts only where it scraped twice.</summary>
    public required TimeSpan Window { get; init; }

    public required IReadOnlyList<MetricQuery> Metrics { get; init; }

    /// <summary>The time for the whole read, retries included.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>An answer that comes after the next read is due helps nobody.</summary>
    public static TimeSpan TimeoutFor(TimeSpan interval) =>
        interval * 0.8 is var timeout && timeout < ShortestTimeout ? ShortestTimeout : timeout > LongestTimeout ? LongestTimeout : timeout;

    /// <summary>Identity of the run (and step, if counts start over with a step), for providers that keep counters between reads.</summary>
    public required string RunId { get; init; }

    /// <summary>A try before the start, of stable in both roles: does the source answer, and does it understand?</summary>
    public bool IsPreflight { get; init; }

    /// <summary>Counts start over while the canary serves already, as they do at every step but the first, and where one canary served before the others: what it answered before must not count again.</summary>
    public bool CanaryHasServed { get; init; }
}

/// <summary>A pod that answers metrics requests.</summary>
/// <param name="Name">The pod's name.</param>
/// <param name="Ip">The pod's address, IPv4 or IPv6, without brackets.</param>
/// <param name="IsReady">Whether visitors may be sent to it.</param>
public sealed record PodTarget(string Name, string Ip, bool IsReady = true);

/// <summary>The two numbers of one metric: PromQL templates for Prometheus, instant-vector selectors for pods' own metrics.</summary>
public sealed record MetricQuery
{
    public required string Name { get; init; }

    public required string Failures { get; init; }

    public required string Total { get; init; }

    /// <summary>Asked instead of the two, for one number: PromQL only.</summary>
    public string? Value { get; init; }

    /// <summary>Whether stable is read as well; false where nothing compares with it.</summary>
    public bool ReadStable { get; init; }

    /// <summary>Who is to be asked, where there are several.</summary>
    public MetricSource Source { get; init; }

    /// <summary>For a probe's results.</summary>
    public ProbeSpec? Probe { get; init; }

    /// <summary>Failures selects the requests that did not fail; for pods' selectors only.</summary>
    public bool CountsTheRest { get; init; }

    public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>();

    /// <summary>Patterns of paths, for <c>{{ paths }}</c>; none for all.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
}

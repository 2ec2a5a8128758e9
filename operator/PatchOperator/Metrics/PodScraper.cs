using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics.Http;

namespace PatchOperator.Metrics;

/// <summary>A metric whose selectors were parsed for one track, or the error that they could not be.</summary>
internal sealed record PodMetric(MetricQuery Query, string Text, SeriesSelector? Failures, SeriesSelector? Total, string? Error)
{
    // Patterns are costly to build and a run asks for the same few each second. Emptied when it grows, as only edited policies would make it.
    private const int LargestCache = 256;
    private static readonly ConcurrentDictionary<string, (SeriesSelector? Selector, string? Error)> Parsed = new();

    public static PodMetric Of(MetricReadRequest request, MetricQuery query, string track)
    {
        if (!QueryTemplate.TryParse(query.Failures, query.Args, out var failuresTemplate, out var error) || !QueryTemplate.TryParse(query.Total, query.Args, out var totalTemplate, out error))
        {
            return new PodMetric(query, $"{query.Failures} / {query.Total}", null, null, error);
        }

        var variables = TrackVariables.Of(request, query, track);
        var (failuresText, totalText) = (failuresTemplate.Render(variables), totalTemplate.Render(variables));
        var (failures, failuresError) = Parse(failuresText);
        var (total, totalError) = Parse(totalText);
        return new PodMetric(query, $"{failuresText} / {totalText}", failures, total, failuresError ?? totalError);
    }

    private static (SeriesSelector? Selector, string? Error) Parse(string text)
    {
        if (Parsed.Count > LargestCache)
        {
            Parsed.Clear();
        }

        return Parsed.GetOrAdd(text, static unparsed => SeriesSelector.TryParse(unparsed, out var selector, out var error) ? (selector, null) : (null, error));
    }
}

/// <summary>What one pod answered: samples, or the problem that there are none.</summary>
internal sealed record PodAnswer(string Track, string Pod, string Address, IReadOnlyList<PodSample> Samples, string? Problem)
{
    /// <summary>Metrics whose own samples cannot be used; the others are not theirs to spoil.</summary>
    public IReadOnlyDictionary<string, string> Unusable { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether other credentials are wanted, such as rotated ones.</summary>
    public bool RefusedCredentials { get; init; }

    public string? ProblemOf(string metric) => Problem ?? Unusable.GetValueOrDefault(metric);
}

/// <summary>Asks many pods for their metrics at once and sums what the selectors match.</summary>
internal sealed class PodScraper(PodEndpoint endpoint, HttpSession session, TimeProvider time)
{
    private const int LongestAnswer = 16 * 1024 * 1024;
    private const int FirstBuffer = 64 * 1024;

    /// <summary>One answer for each pod, in any order, within <paramref name="timeout"/>; one pod may take half of it.</summary>
    public async Task<IReadOnlyList<PodAnswer>> ReadAsync(
        IReadOnlyList<(string Track, PodTarget Pod, IReadOnlyList<PodMetric> Metrics)> pods, TimeSpan timeout, int podsAtOnce, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        using var slots = new SemaphoreSlim(podsAtOnce);
        return await Task.WhenAll(pods.Select(pod => ReadInTurnAsync(slots, pod.Track, pod.Pod, pod.Metrics, timeout / 2, deadline.Token)));
    }

    private async Task<PodAnswer> ReadInTurnAsync(
        SemaphoreSlim slots, string track, PodTarget pod, IReadOnlyList<PodMetric> metrics, TimeSpan timeout, CancellationToken ct)
    {
        var address = endpoint.AddressOf(pod);
        try
        {
            await slots.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return new PodAnswer(track, pod.Name, address, [], "its turn did not come before the deadline");
        }

        using var timer = new CancellationTokenSource(timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await ReadPodAsync(track, pod.Name, address, metrics, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            return new PodAnswer(track, pod.Name, address, [], $"no answer within {timeout.TotalSeconds:0.###} s");
        }
        catch (HttpRequestException exception)
        {
            return new PodAnswer(track, pod.Name, address, [], session.Redaction.Of(HttpProblem.Describe(exception))) { RefusedCredentials = HttpProblem.MayBeRefusal(exception) };
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or SocketException or UriFormatException)
        {
            return new PodAnswer(track, pod.Name, address, [], exception.Message) { RefusedCredentials = exception is IOException };
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<PodAnswer> ReadPodAsync(string track, string pod, string address, IReadOnlyList<PodMetric> metrics, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        session.Sign(message);
        message.Headers.TryAddWithoutValidation("Accept", "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5");
        using var response = await session.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
        {
            return new PodAnswer(track, pod, address, [], $"HTTP {(int)response.StatusCode}")
            {
                RefusedCredentials = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden,
            };
        }

        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var length = 0;
            while (await stream.ReadAsync(buffer.AsMemory(length), ct) is var read and > 0)
            {
                length += read;
                if (length == buffer.Length)
                {
                    if (length >= LongestAnswer)
                    {
                        return new PodAnswer(track, pod, address, [], $"more than {LongestAnswer >> 20} MiB of metrics");
                    }

                    var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return Answer(track, pod, address, metrics, buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static PodAnswer Answer(string track, string pod, string address, IReadOnlyList<PodMetric> metrics, ReadOnlySpan<byte> text)
    {
        var selectors = new SeriesSelector[metrics.Count * 2];
        for (var i = 0; i < metrics.Count; i++)
        {
            (selectors[2 * i], selectors[(2 * i) + 1]) = (metrics[i].Failures!, metrics[i].Total!);
        }

        var sums = new SeriesSum[selectors.Length];
        if (PrometheusText.Sum(text, selectors, sums) == 0)
        {
            return new PodAnswer(track, pod, address, [], "the answer is not in the Prometheus text format");
        }

        var samples = new List<PodSample>();
        var unusable = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < metrics.Count; i++)
        {
            var (failures, total) = (sums[2 * i], sums[(2 * i) + 1]);
            if (!double.IsFinite(failures.Value) || !double.IsFinite(total.Value) || failures.Value < 0 || total.Value < 0)
            {
                // One such sample would spoil the run's sums for good.
                unusable[metrics[i].Query.Name] = $"{metrics[i].Query.Name} counts {failures.Value} failures of {total.Value}, which are no counters";
                continue;
            }

            if (metrics[i].Query.CountsTheRest)
            {
                // Without a series of the good ones nothing is known of the others.
                samples.Add(new PodSample(track, pod, metrics[i].Query.Name, Math.Max(0, total.Value - failures.Value), total.Value, total.Series > 0 && failures.Series > 0));
                continue;
            }

            // Failures without a series are zero failures; a total without a series is no reading.
            samples.Add(new PodSample(track, pod, metrics[i].Query.Name, failures.Value, total.Value, total.Series > 0));
        }

        return new PodAnswer(track, pod, address, samples, null) { Unusable = unusable };
    }
}

/// <summary>Where every pod of a workload has its metrics.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Port">The same for all pods.</param>
/// <param name="Path">With its leading slash.</param>
internal sealed record PodEndpoint(string Scheme, int Port, string Path)
{
    public string AddressOf(PodTarget pod)
    {
        var host = pod.Ip.Contains(':', StringComparison.Ordinal) ? $"[{pod.Ip}]" : pod.Ip;
        return $"{Scheme}://{host}:{Port}{(Path.StartsWith('/') ? Path : "/" + Path)}";
    }
}

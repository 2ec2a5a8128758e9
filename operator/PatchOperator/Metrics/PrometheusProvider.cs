using System.Net.Http.Headers;
using System.Net.Sockets;
using PatchOperator.Domain.Analysis;
using Polly;
using Polly.Retry;

namespace PatchOperator.Metrics;

/// <summary>Reads metrics from Prometheus, or from anything with its HTTP API (Thanos, Mimir, VictoriaMetrics).</summary>
/// <remarks>
/// Stateless and without a shared lock: a Prometheus that is slow for one patch delays no other.
/// The total is asked first; the failures are asked for the moment at which Prometheus evaluated the total, so that the two belong together
/// and no clock but Prometheus' own matters.
/// </remarks>
/// <param name="address">Base address, with a path prefix if there is one: <c>http://prometheus.monitoring:9090/prom</c>.</param>
/// <param name="httpClient">Gives the client to use; called once per read, never disposed here.</param>
/// <param name="time">Clock for the deadline and the delays between attempts.</param>
public sealed class PrometheusProvider(Uri address, Func<HttpClient> httpClient, TimeProvider time) : IMetricProvider
{
    private const int LongestAnswer = 4 * 1024 * 1024;

    private readonly Uri _endpoint = new(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/api/v1/query");

    private readonly ResiliencePipeline<PrometheusAnswer> _retry = new ResiliencePipelineBuilder<PrometheusAnswer> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<PrometheusAnswer>
        {
            // The deadline of the read ends the attempts; three bridge a restart of a load balancer's back end, more would hammer.
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is PrometheusAnswer.Error { Retry: true }),
        })
        .Build();

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(request.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var client = httpClient();
        var readings = await Task.WhenAll(request.Metrics.Select(metric => ReadMetricAsync(client, request, metric, deadline.Token)));
        ct.ThrowIfCancellationRequested();
        return readings;
    }

    private async Task<MetricReading> ReadMetricAsync(HttpClient client, MetricReadRequest request, MetricQuery metric, CancellationToken ct)
    {
        var canaryTask = ReadTrackAsync(client, request, metric, "canary", request.CanaryPods, ct);
        var stable = metric.ReadStable ? await ReadTrackAsync(client, request, metric, "stable", request.StablePods, ct) : default;
        var canary = await canaryTask;
        return new MetricReading
        {
            Metric = metric.Name,
            Canary = canary.Reading,
            CanaryQuery = canary.Query,
            Stable = stable.Reading,
            StableQuery = stable.Query,
            SampledAt = time.GetUtcNow(),
        };
    }

    private async Task<(TrackReading Reading, string Query)> ReadTrackAsync(
        HttpClient client, MetricReadRequest request, MetricQuery metric, string track, IReadOnlyList<PodTarget> pods, CancellationToken ct)
    {
        if (!QueryTemplate.TryParse(metric.Failures, out var failuresTemplate, out var error) || !QueryTemplate.TryParse(metric.Total, out var totalTemplate, out error))
        {
            return (new TrackReading.Failed(error, Terminal: true), $"{metric.Failures} / {metric.Total}");
        }

        var variables = new QueryVariables
        {
            Namespace = request.Namespace,
            Workload = request.Workload,
            Pods = [.. pods.Select(pod => pod.Name)],
            Track = track,
            Window = request.Window,
        };
        var failuresQuery = failuresTemplate.Render(variables);
        var totalQuery = totalTemplate.Render(variables);
        var query = $"{failuresQuery} / {totalQuery}";
        if (pods.Count == 0)
        {
            return (new TrackReading.NoData($"the {track} has no pods"), query);
        }

        switch (await QueryAsync(client, totalQuery, evaluateAt: null, request.Timeout, ct))
        {
            case PrometheusAnswer.Error failed:
                return (Failed("total", failed), query);
            case PrometheusAnswer.Value total:
                var failures = await QueryAsync(client, failuresQuery, total.EvaluatedAt, request.Timeout, ct);
                return failures switch
                {
                    PrometheusAnswer.Error failed => (Failed("failures", failed), query),
                    PrometheusAnswer.Value count => (new TrackReading.Counts(count.Number, total.Number), query),

                    // No failed request has made a series yet. Only here is nothing zero: a total that is missing is missing.
                    _ => (new TrackReading.Counts(0, total.Number), query),
                };
            default:
                // A mistake in the other query must show before the start, and before the start there is often no traffic.
                if (await QueryAsync(client, failuresQuery, evaluateAt: null, request.Timeout, ct) is PrometheusAnswer.Error { Terminal: true } rejected)
                {
                    return (Failed("failures", rejected), query);
                }

                return (new TrackReading.NoData($"{address} has no samples for the total query {totalQuery}"), query);
        }
    }

    private TrackReading.Failed Failed(string which, PrometheusAnswer.Error error) => new($"{address}, {which} query: {error.Message}", error.Terminal);

    private async Task<PrometheusAnswer> QueryAsync(HttpClient client, string query, string? evaluateAt, TimeSpan timeout, CancellationToken ct)
    {
        PrometheusAnswer.Error? last = null;
        try
        {
            return await _retry.ExecuteAsync(
                async token =>
                {
                    var answer = await PostAsync(client, query, evaluateAt, token);
                    last = answer as PrometheusAnswer.Error;
                    return answer;
                },
                ct);
        }
        catch (OperationCanceledException)
        {
            // The caller's own cancellation is rethrown by ReadAsync once every query has ended.
            return last ?? new PrometheusAnswer.Error($"did not answer within {timeout.TotalSeconds:0.###} s", Terminal: false);
        }
    }

    private async Task<PrometheusAnswer> PostAsync(HttpClient client, string query, string? evaluateAt, CancellationToken ct)
    {
        // POST, because a list of pods does not always fit into a URL.
        var form = new List<KeyValuePair<string, string>> { new("query", query) };
        if (evaluateAt is not null)
        {
            form.Add(new("time", evaluateAt));
        }

        using var message = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new FormUrlEncodedContent(form) };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        try
        {
            using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, ct);
            return PrometheusAnswer.Parse(response.StatusCode, await response.Content.ReadAsByteArrayAsync(ct));
        }
        catch (HttpRequestException exception)
        {
            return new PrometheusAnswer.Error(HttpProblem.Describe(exception), Terminal: false, Retry: exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // A connection that is reset while the handler still looks at it ends in the socket's own exception.
            return new PrometheusAnswer.Error($"cut the answer short ({exception.Message})", Terminal: false, Retry: true);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new PrometheusAnswer.Error("did not answer within the client's own timeout", Terminal: false);
        }
    }
}

using System.Net.Http.Headers;
using System.Net.Sockets;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics.Http;
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
/// <param name="access">Opens a session for each read.</param>
/// <param name="time">Clock for the deadline and the delays between attempts.</param>
internal sealed class PrometheusProvider(Uri address, IHttpAccess access, TimeProvider time) : IMetricProvider
{
    private const int LongestAnswer = 4 * 1024 * 1024;
    private static readonly TimeSpan SightingTimeout = TimeSpan.FromSeconds(2);
    private static readonly QueryTemplate Scraped = QueryTemplate.Parse("""count(count by (pod) (up{namespace="{{ namespace }}",pod=~"{{ pods }}"} == 1))""");

    // Without a user and password, which validation refuses, but a resource may be older than the rule.
    private readonly string _name = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
    private readonly Uri _endpoint = new(address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/') + "/api/v1/query");

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
        try
        {
            var session = await access.OpenAsync(request.Namespace, deadline.Token);
            var readings = await Task.WhenAll(request.Metrics.Select(metric => ReadMetricAsync(session, request, metric, deadline.Token)));
            ct.ThrowIfCancellationRequested();
            return readings;
        }
        catch (AccessProblemException problem)
        {
            return Unreadable(request, new TrackReading.Failed($"{_name}: {problem.Message}", problem.IsTerminal));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return Unreadable(request, new TrackReading.Failed($"{_name}: its credentials could not be read within {request.Timeout.TotalSeconds:0.###} s", Terminal: false));
        }
    }

    /// <summary>
    /// By <c>up</c>, which every scrape writes, with the labels of the usual relabelling: namespace and pod. Where stable's pods are not found by these, the
    /// labels are other ones, and no pod is to wait for them. All are found, or none: the last one comes with the next scrape.
    /// </summary>
    public async Task<PodSighting> LookForAsync(PodLookout lookout, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(SightingTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            var session = await access.OpenAsync(lookout.Namespace, deadline.Token);
            var found = await CountAsync(session, lookout.Namespace, lookout.Pods, deadline.Token);
            var isBlind = found is 0 && await CountAsync(session, lookout.Namespace, lookout.Known, deadline.Token) is 0;
            ct.ThrowIfCancellationRequested();
            return new PodSighting(isBlind || found >= lookout.Pods.Count ? lookout.Pods : []);
        }
        catch (Exception exception) when (exception is AccessProblemException || (exception is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return new PodSighting([]);
        }
    }

    /// <summary>Null when there is no answer.</summary>
    private async Task<double?> CountAsync(HttpSession session, string ns, IReadOnlyList<string> pods, CancellationToken ct)
    {
        var query = Scraped.Render(new QueryVariables { Namespace = ns, Workload = "", Pods = pods, Track = TrackVariables.Canary, Window = TimeSpan.Zero });
        return await QueryAsync(session, ns, query, evaluateAt: null, SightingTimeout, ct) switch
        {
            PrometheusAnswer.Value number => number.Number,
            PrometheusAnswer.Empty => 0,
            _ => null,
        };
    }

    private IReadOnlyList<MetricReading> Unreadable(MetricReadRequest request, TrackReading.Failed why) =>
        [.. request.Metrics.Select(metric => new MetricReading
        {
            Metric = metric.Name,
            Canary = why,
            CanaryQuery = metric.Value ?? $"{metric.Failures} / {metric.Total}",
            Stable = metric.ReadStable ? why : null,
            SampledAt = time.GetUtcNow(),
        })];

    private async Task<MetricReading> ReadMetricAsync(HttpSession session, MetricReadRequest request, MetricQuery metric, CancellationToken ct)
    {
        var canaryTask = ReadTrackAsync(session, request, metric, TrackVariables.Canary, request.CanaryPods, ct);
        var stable = metric.ReadStable ? await ReadTrackAsync(session, request, metric, TrackVariables.Stable, request.StablePods, ct) : default;
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
        HttpSession session, MetricReadRequest request, MetricQuery metric, string track, IReadOnlyList<PodTarget> pods, CancellationToken ct)
    {
        if (metric.Value is { } value)
        {
            return await ReadValueAsync(session, request, metric, value, track, pods, ct);
        }

        if (!QueryTemplate.TryParse(metric.Failures, metric.Args, out var failuresTemplate, out var error)
            || !QueryTemplate.TryParse(metric.Total, metric.Args, out var totalTemplate, out error))
        {
            return (new TrackReading.Failed(error, Terminal: true), $"{metric.Failures} / {metric.Total}");
        }

        var variables = TrackVariables.Of(request, metric, track);
        var failuresQuery = failuresTemplate.Render(variables);
        var totalQuery = totalTemplate.Render(variables);
        var query = $"{failuresQuery} / {totalQuery}";
        if (pods.Count == 0)
        {
            return (new TrackReading.NoData($"the {track} has no pods"), query);
        }

        switch (await QueryAsync(session, request.Namespace, totalQuery, evaluateAt: null, request.Timeout, ct))
        {
            case PrometheusAnswer.Error failed:
                return (Failed(session, "total", failed), query);
            case PrometheusAnswer.Value total:
                var failures = await QueryAsync(session, request.Namespace, failuresQuery, total.EvaluatedAt, request.Timeout, ct);
                return failures switch
                {
                    PrometheusAnswer.Error failed => (Failed(session, "failures", failed), query),
                    PrometheusAnswer.Value count => (new TrackReading.Counts(count.Number, total.Number), query),

                    // No failed request has made a series yet. Only here is nothing zero: a total that is missing is missing.
                    _ => (new TrackReading.Counts(0, total.Number), query),
                };
            default:
                // A mistake in the other query must show before the start, and before the start there is often no traffic.
                if (await QueryAsync(session, request.Namespace, failuresQuery, evaluateAt: null, request.Timeout, ct) is PrometheusAnswer.Error { Terminal: true } rejected)
                {
                    return (Failed(session, "failures", rejected), query);
                }

                return (new TrackReading.NoData($"{_name} has no samples for the total query {totalQuery}"), query);
        }
    }

    private async Task<(TrackReading Reading, string Query)> ReadValueAsync(
        HttpSession session, MetricReadRequest request, MetricQuery metric, string value, string track, IReadOnlyList<PodTarget> pods, CancellationToken ct)
    {
        if (!QueryTemplate.TryParse(value, metric.Args, out var template, out var error))
        {
            return (new TrackReading.Failed(error, Terminal: true), value);
        }

        var query = template.Render(TrackVariables.Of(request, metric, track));
        if (pods.Count == 0)
        {
            return (new TrackReading.NoData($"the {track} has no pods"), query);
        }

        return await QueryAsync(session, request.Namespace, query, evaluateAt: null, request.Timeout, ct) switch
        {
            PrometheusAnswer.Error failed => (Failed(session, "value", failed), query),
            PrometheusAnswer.Value number => (new TrackReading.Value(number.Number), query),
            _ => (new TrackReading.NoData($"{_name} has no samples for {query}"), query),
        };
    }

    private TrackReading.Failed Failed(HttpSession session, string which, PrometheusAnswer.Error error) =>
        new(session.Redaction.Of($"{_name}, {which} query: {error.Message}"), error.Terminal);

    private async Task<PrometheusAnswer> QueryAsync(HttpSession session, string ns, string query, string? evaluateAt, TimeSpan timeout, CancellationToken ct)
    {
        PrometheusAnswer.Error? last = null;
        try
        {
            return await _retry.ExecuteAsync(
                async token =>
                {
                    var answer = await PostAsync(session, query, evaluateAt, token);
                    last = answer as PrometheusAnswer.Error;
                    if (last is { RefusedCredentials: true })
                    {
                        access.Distrust(ns);
                    }

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

    private async Task<PrometheusAnswer> PostAsync(HttpSession session, string query, string? evaluateAt, CancellationToken ct)
    {
        // POST, because a list of pods does not always fit into a URL.
        var form = new List<KeyValuePair<string, string>> { new("query", query) };
        if (evaluateAt is not null)
        {
            form.Add(new("time", evaluateAt));
        }

        using var message = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new FormUrlEncodedContent(form) };
        session.Sign(message);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        try
        {
            using var response = await session.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, ct);
            return PrometheusAnswer.Parse(response.StatusCode, await response.Content.ReadAsByteArrayAsync(ct));
        }
        catch (HttpRequestException exception)
        {
            return new PrometheusAnswer.Error(
                HttpProblem.Describe(exception), Terminal: false, Retry: exception.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded, RefusedCredentials: HttpProblem.MayBeRefusal(exception));
        }
        catch (InvalidDataException)
        {
            return new PrometheusAnswer.Error("sent an answer that cannot be decompressed", Terminal: false);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // A connection that is reset while the handler still looks at it ends in the socket's own exception.
            return new PrometheusAnswer.Error($"cut the answer short ({exception.Message})", Terminal: false, Retry: true, RefusedCredentials: true);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new PrometheusAnswer.Error("did not answer within the client's own timeout", Terminal: false);
        }
    }
}

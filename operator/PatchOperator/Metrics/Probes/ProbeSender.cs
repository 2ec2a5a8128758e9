using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics.Http;

namespace PatchOperator.Metrics.Probes;

/// <summary>How one probe ended. Reasons name what was expected; they never show a body, a header or a credential.</summary>
internal abstract record ProbeResult
{
    private ProbeResult()
    {
    }

    public sealed record Passed : ProbeResult;

    /// <summary>The pod answered, and not as expected.</summary>
    public sealed record Failed(string Reason) : ProbeResult;

    /// <summary>No answer came: a failure if the pod is still one that visitors are sent to, and nothing if it was on its way out.</summary>
    public sealed record NoAnswer(string Reason) : ProbeResult;

    /// <summary>The probe could not be sent, which says nothing of the pod.</summary>
    public sealed record NotSent(string Reason, bool IsTerminal) : ProbeResult;
}

/// <summary>Sends probes and judges the answers. Redirects are answers like any other; nothing is retried, since a failure is what is counted.</summary>
internal sealed class ProbeSender(Secrets secrets, TimeProvider time) : IDisposable
{
    public const string UserAgent = "patch-operator-probe/1";

    /// <summary>By this header a shop can tell synthetic requests from visitors'.</summary>
    public const string Header = "X-Patch-Operator-Probe";

    private const int LongestAnswer = 1 << 20;
    private const int MostPrepared = 256;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClients clients = new(useProxy: false, time);
    private readonly ConcurrentDictionary<string, (HttpAccess Access, ProbeExpectation Expectation)> prepared = new(StringComparer.Ordinal);

    public async Task<ProbeResult> SendAsync(ProbeSpec probe, string ns, PodTarget pod, CancellationToken cancellation)
    {
        var (access, expectation) = Prepare(probe);
        HttpSession session;
        string? body;
        try
        {
            session = await access.OpenAsync(ns, cancellation);
            body = probe.BodySecretRef is { } from ? await secrets.TextAsync(new ObjectKey(ns, from.Name!), from.Key!, fresh: false, cancellation) : probe.Body;
        }
        catch (AccessProblemException problem)
        {
            return new ProbeResult.NotSent(problem.Message, problem.IsTerminal);
        }

        using var message = Message(probe, pod, body);
        session.Sign(message);
        var limit = probe.Timeout.OrElse(DefaultTimeout);
        using var timer = new CancellationTokenSource(limit, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        var started = time.GetTimestamp();
        try
        {
            using var response = await session.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            await response.Content.LoadIntoBufferAsync(LongestAnswer, deadline.Token);
            var answer = await response.Content.ReadAsByteArrayAsync(deadline.Token);
            return expectation.Failure((int)response.StatusCode, answer, time.GetElapsedTime(started)) is { } failure ? new ProbeResult.Failed(failure) : new ProbeResult.Passed();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeResult.NoAnswer($"no answer within {Duration.Format(limit)}");
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new ProbeResult.Failed($"an answer of more than {LongestAnswer >> 20} MiB");
        }
        catch (HttpRequestException exception)
        {
            return new ProbeResult.NoAnswer(session.Redaction.Of(HttpProblem.Describe(exception)));
        }
        catch (InvalidDataException)
        {
            return new ProbeResult.Failed("an answer that cannot be decompressed");
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return new ProbeResult.NoAnswer("the connection was cut");
        }
    }

    public void Dispose() => clients.Dispose();

    private static HttpRequestMessage Message(ProbeSpec probe, PodTarget pod, string? body)
    {
        var endpoint = new PodEndpoint(probe.Scheme == "HTTPS" ? "https" : "http", probe.Port!.Value, probe.Path ?? "/");
        var message = new HttpRequestMessage(new HttpMethod(probe.Method ?? "GET"), endpoint.AddressOf(pod));
        message.Headers.Host = probe.Host;
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        message.Headers.TryAddWithoutValidation(Header, probe.Name);
        if (body is not null)
        {
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            message.Content.Headers.TryAddWithoutValidation("Content-Type", probe.ContentType ?? "application/json");
        }

        return message;
    }

    private (HttpAccess Access, ProbeExpectation Expectation) Prepare(ProbeSpec probe)
    {
        if (prepared.Count > MostPrepared)
        {
            prepared.Clear();
        }

        return prepared.GetOrAdd(
            JsonSerializer.Serialize(probe, DomainJson.Default.ProbeSpec),
            _ => (new HttpAccess(null, probe.Tls, probe.Headers, clients, secrets), new ProbeExpectation(probe.Expect)));
    }
}

using System.Net.Http.Headers;
using k8s.Authentication;

namespace PatchOperator.Runtime;

/// <summary>
/// Sends one request once and classifies what comes back. No repetition and no deadline: that is the caller's policy.
/// HTTP/1.1 on purpose: one dead HTTP/2 connection would stall every watch and write at once until its ping fails.
/// </summary>
internal sealed class ApiTransport(
    HttpClient http, Uri baseUri, ServiceClientCredentials? credentials, string userAgent, RuntimeMetrics metrics, TimeProvider time)
{
    private const int LongestErrorBody = 64 * 1024;

    private readonly Uri root = new(baseUri.AbsoluteUri.EndsWith('/') ? baseUri.AbsoluteUri : baseUri.AbsoluteUri + "/");

    /// <returns>A success whose headers are read and whose body may still be on its way.</returns>
    /// <exception cref="ClusterException">Every other outcome but cancellation.</exception>
    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var message = new HttpRequestMessage(request.Method, new Uri(root, request.RelativeUrl));
        message.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        if (request.Type.IsMetadataOnly)
        {
            message.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse($"application/json;as=PartialObjectMetadata{(request.Verb is "list" ? "List" : "")};g=meta.k8s.io;v=v1"));
        }

        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        var started = time.GetTimestamp();
        var code = "none";
        try
        {
            if (credentials is not null)
            {
                // Asks the token provider each time, which reads the file again when the token was rotated.
                await credentials.ProcessHttpRequestAsync(message, cancellation);
            }

            var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
            code = ((int)response.StatusCode).ToString();
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                var error = await ReadErrorAsync(response, cancellation);
                throw new ClusterException(error, request.ToString());
            }
        }
        catch (Exception exception) when (exception is not ClusterException && !(exception is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            throw new ClusterException(ApiErrors.FromTransport(exception), request.ToString(), exception);
        }
        finally
        {
            metrics.Requested(request.Verb, request.Type, code, time.GetElapsedTime(started));
        }
    }

    private async Task<ApiError> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = new byte[LongestErrorBody];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation);
        var retryAfter = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return ApiErrors.FromResponse((int)response.StatusCode, body.AsMemory(0, length), retryAfter);
    }
}

using System.Net;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Metrics.Http;

namespace PatchOperator.Notifications;

/// <summary>How one attempt ended.</summary>
/// <param name="Problem">Null where it arrived. Names no address and no key: both may be credentials.</param>
/// <param name="IsFinal">Trying again cannot help.</param>
/// <param name="RetryAfter">When the receiver asks to be tried again.</param>
internal sealed record Attempt(string? Problem, bool IsFinal = false, TimeSpan? RetryAfter = null)
{
    public static readonly Attempt Arrived = new((string?)null);
}

/// <summary>One attempt to tell one receiver, within a deadline.</summary>
internal sealed class Sender(ReceiverSettings settings, Secrets secrets, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly HttpClients clients = new(useProxy: true, time);

    /// <summary>Throws only when <paramref name="cancellation"/> was cancelled.</summary>
    public async Task<Attempt> SendAsync(Receiver receiver, Message message, bool fresh, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Deadline, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var access = await AccessOfAsync(receiver, fresh, deadline.Token);
            using var request = Formats.Of(receiver.Kind, message, access, time.GetUtcNow());
            using var response = await clients.For(await TlsOfAsync(receiver, fresh, deadline.Token)).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return Judge(response);
        }
        catch (AccessProblemException problem)
        {
            // A Secret can be made or corrected at any time.
            return new Attempt(problem.Message);
        }
        catch (HttpRequestException exception)
        {
            return new Attempt($"the request failed ({exception.HttpRequestError})");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Attempt($"no answer within {Deadline.TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Its words may quote a header or an address.
            return new Attempt($"the request could not be made ({exception.GetType().Name})");
        }
    }

    public void Dispose() => clients.Dispose();

    private static Attempt Judge(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
        {
            return Attempt.Arrived;
        }

        var problem = $"HTTP {(int)response.StatusCode}";
        var isFinal = response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed or HttpStatusCode.Gone or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity;
        return new Attempt(problem, isFinal, response.Headers.RetryAfter?.Delta);
    }

    private async Task<TlsMaterial> TlsOfAsync(Receiver receiver, bool fresh, CancellationToken cancellation) =>
        receiver.CaSecret is { } ca ? new TlsMaterial(ca.Name, await TextAsync(ca, fresh, cancellation), null) : TlsMaterial.None;

    private async Task<Access> AccessOfAsync(Receiver receiver, bool fresh, CancellationToken cancellation)
    {
        var url = receiver.UrlSecret is { } secret ? ParseUrl(secret, await TextAsync(secret, fresh, cancellation)) : receiver.Url!;
        return new Access(url, receiver.KeySecret is { } key ? await TextAsync(key, fresh, cancellation) : null);
    }

    private async Task<string> TextAsync(SecretValue secret, bool fresh, CancellationToken cancellation) =>
        (await secrets.TextAsync(new ObjectKey(settings.Namespace, secret.Name), secret.Key, fresh, cancellation)).Trim();

    private static Uri ParseUrl(SecretValue secret, string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        ? url
        : throw new AccessProblemException($"Secret {secret.Name} has no http or https address under the key {secret.Key}", terminal: true);
}

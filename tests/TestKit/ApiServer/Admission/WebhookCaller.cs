using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Calls one webhook over TLS, trusting its caBundle and nothing else. A new connection each time, so that every call sees the certificate of its moment.</summary>
internal sealed class WebhookCaller(ApiServerOptions options)
{
    public async Task<JsonObject> AskAsync(JsonObject webhook, JsonObject review, CancellationToken cancellation)
    {
        var client = webhook["clientConfig"] as JsonObject ?? [];
        // More patient than asked: one machine plays dozens of clusters at once here, and waits in the queue are not what is tested.
        using var http = new HttpClient(Handler(client)) { Timeout = TimeSpan.FromSeconds(6 * (webhook.Integer("timeoutSeconds") ?? 10)) };
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(review.Compact()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(Address(client), content, cancellation);
        response.EnsureSuccessStatusCode();
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation)) as JsonObject ?? throw new FormatException("the webhook's answer is no object");
        return answer["response"] as JsonObject is { } decision && decision.Text("uid") == review.Text("request", "uid")
            ? decision
            : throw new FormatException("the webhook's answer is to another question");
    }

    private SocketsHttpHandler Handler(JsonObject client)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, VerificationTimeIgnored = false, VerificationTime = options.TimeProvider.GetUtcNow().UtcDateTime };
        if (client.Text("caBundle") is { Length: > 0 } bundle)
        {
            policy.CustomTrustStore.ImportFromPem(Encoding.ASCII.GetString(Convert.FromBase64String(bundle)));
        }

        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        if (client["service"] is JsonObject)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(options.WebhookServices(client.Text("service", "namespace") ?? "", client.Text("service", "name") ?? ""), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return handler;
    }

    private static Uri Address(JsonObject client) => client["service"] is JsonObject service
        ? new Uri($"https://{service.Text("name")}.{service.Text("namespace")}.svc:{service.Integer("port") ?? 443}{service.Text("path")}")
        : new Uri(client.Text("url") ?? throw new FormatException("the webhook has neither url nor service"));
}

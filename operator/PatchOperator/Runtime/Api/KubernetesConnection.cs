using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using k8s;

namespace PatchOperator.Runtime;

/// <summary>Where the API server is and how to speak to it: address, TLS and credentials, and which kinds it serves.</summary>
public sealed class KubernetesConnection : IDisposable
{
    private readonly HttpClient http;
    private readonly TimeProvider time;

    public KubernetesConnection(KubernetesClientConfiguration configuration, OperatorOptions options, RuntimeMetrics metrics, TimeProvider time)
        : this(configuration, options, metrics, time, [])
    {
    }

    internal KubernetesConnection(
        KubernetesClientConfiguration configuration, OperatorOptions options, RuntimeMetrics metrics, TimeProvider time, DelegatingHandler[] handlers)
    {
        this.time = time;
        Namespace = string.IsNullOrWhiteSpace(configuration.Namespace) ? "default" : configuration.Namespace.Trim();
        http = new HttpClient(Chain(Handler(configuration), handlers)) { Timeout = Timeout.InfiniteTimeSpan };
        var version = typeof(KubernetesConnection).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        Transport = new ApiTransport(http, new Uri(configuration.Host), Kubernetes.CreateCredentials(configuration), $"{options.Name}/{version ?? "0"}", metrics, time);
    }

    /// <summary>The namespace this process runs in, or the kubeconfig's current one.</summary>
    public string Namespace { get; }

    internal ApiTransport Transport { get; }

    /// <summary>
    /// The service account's mounted files where there are any (their token is read again when it is rotated), otherwise the kubeconfig.
    /// Reading a kubeconfig costs half a second and 50 MB for its YAML, which is why it comes second.
    /// </summary>
    /// <param name="kubeconfig">Null takes KUBECONFIG or the default location; otherwise this file is taken even inside a cluster.</param>
    public static KubernetesClientConfiguration Configuration(string? kubeconfig = null) =>
        kubeconfig is null && KubernetesClientConfiguration.IsInCluster()
            ? KubernetesClientConfiguration.InClusterConfig()
            : kubeconfig is null ? KubernetesClientConfiguration.BuildDefaultConfig() : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);

    /// <summary>Discovery: whether the server knows this kind now, for example whether Gateway API is installed.</summary>
    /// <exception cref="ClusterException">The server could not be asked.</exception>
    public async Task<bool> ServesAsync(string group, string version, string plural, CancellationToken cancellation = default)
    {
        var path = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
        var request = new ApiRequest(HttpMethod.Get, "discover", new ResourceType(group, version, plural, plural), path);
        var limit = TimeSpan.FromSeconds(10);
        using var deadline = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            using var response = await Transport.SendAsync(request, both.Token);
            await using var body = await response.Content.ReadAsStreamAsync(both.Token);
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: both.Token);
            return document.RootElement.TryGetProperty("resources", out var resources)
                && resources.EnumerateArray().Any(resource => resource.GetProperty("name").GetString() == plural);
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
        {
            return false;
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException(ApiErrors.TimedOut(limit), request.ToString(), exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            throw new ClusterException(ApiErrors.FromTransport(exception), request.ToString(), exception);
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>
    /// The client library's own handler comes only with its typed operations, and with them every model of Kubernetes: 10 MB of memory for nothing.
    /// </summary>
    private static SocketsHttpHandler Handler(KubernetesClientConfiguration configuration)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // Spreads the load over API servers that came back.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            UseCookies = false,
        };
        if (configuration.SkipTlsVerify)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => configuration.SkipTlsVerify;
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            // Only the cluster's own authority is trusted, not those of the operating system.
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        var (certificate, key) = (Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath), Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath));
        if (certificate is not null && key is not null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(certificate, key)];
        }

        if (!string.IsNullOrEmpty(configuration.TlsServerName))
        {
            handler.SslOptions.TargetHost = configuration.TlsServerName;
        }

        return handler;
    }

    /// <summary>A kubeconfig holds PEM as base64, or names a file.</summary>
    private static string? Pem(string? data, string? path) =>
        !string.IsNullOrWhiteSpace(data) ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : !string.IsNullOrWhiteSpace(path) ? File.ReadAllText(path) : null;

    private static HttpMessageHandler Chain(HttpMessageHandler last, DelegatingHandler[] handlers)
    {
        foreach (var handler in handlers.Reverse())
        {
            handler.InnerHandler = last;
            last = handler;
        }

        return last;
    }
}

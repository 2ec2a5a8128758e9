using System.Reflection;
using System.Text.Json;
using k8s;

namespace PatchOperator.Runtime;

/// <summary>Where the API server is and how to speak to it: address, TLS and credentials, and which kinds it serves.</summary>
public sealed class KubernetesConnection : IDisposable
{
    private readonly Kubernetes kubernetes;
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
        configuration.FirstMessageHandlerSetup += handler =>
        {
            handler.ConnectTimeout = TimeSpan.FromSeconds(5);
            // Spreads the load over API servers that came back.
            handler.PooledConnectionLifetime = TimeSpan.FromMinutes(10);
        };
        kubernetes = new Kubernetes(configuration, handlers);
        var version = typeof(KubernetesConnection).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        Transport = new ApiTransport(kubernetes.HttpClient, kubernetes.BaseUri, kubernetes.Credentials, $"{options.Name}/{version ?? "0"}", metrics, time);
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

    public void Dispose() => kubernetes.Dispose();
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Exceptions;
using PatchOperator.Domain.Api.V1Alpha1;
using YamlDotNet.Core;

namespace PatchOperator.Cli.Cluster;

/// <summary>The requests that the commands need, with errors that a person can act on.</summary>
internal sealed class PatchClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Kubernetes kubernetes;
    private readonly string ns;

    private PatchClient(KubernetesClientConfiguration configuration, string? ns)
    {
        kubernetes = new Kubernetes(configuration);
        kubernetes.HttpClient.Timeout = Patience;
        this.ns = ns ?? (string.IsNullOrEmpty(configuration.Namespace) ? "default" : configuration.Namespace);
    }

    public static PatchClient Connect(Target target)
    {
        try
        {
            var configuration = target is { Kubeconfig: null, Context: null }
                ? KubernetesClientConfiguration.BuildDefaultConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(target.Kubeconfig ?? FirstKubeconfig(), target.Context);
            return new PatchClient(configuration, target.Namespace);
        }
        catch (Exception exception) when (exception is KubeConfigException or IOException or YamlException or UnauthorizedAccessException)
        {
            throw new ClusterException($"no usable kubeconfig: {exception.Message}", exception);
        }
    }

    /// <exception cref="ClusterException">There is none, or the cluster did not answer.</exception>
    public async Task<EmergencyPatch> GetAsync(string name, CancellationToken cancellation)
    {
        var body = await SendAsync(HttpMethod.Get, name, body: null, cancellation);
        return JsonSerializer.Deserialize(body, DomainJson.Default.EmergencyPatch) ?? throw new ClusterException($"emergencypatch {ns}/{name} came back empty");
    }

    public Task AnnotateAsync(string name, string annotation, string value, CancellationToken cancellation)
    {
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } };
        return SendAsync(HttpMethod.Patch, name, patch, cancellation);
    }

    /// <summary>Those of the patches' namespace.</summary>
    public async Task<IReadOnlyList<JsonObject>?> ListConfigMapsAsync(string labels, CancellationToken cancellation)
    {
        var body = await CallAsync(HttpMethod.Get, $"api/v1/namespaces/{Uri.EscapeDataString(ns)}/configmaps?labelSelector={Uri.EscapeDataString(labels)}", "", null, cancellation);
        return [.. (JsonNode.Parse(body)?["items"] as JsonArray ?? []).OfType<JsonObject>()];
    }

    public async Task<JsonObject?> FindConfigMapAsync(string configMapNamespace, string name, CancellationToken cancellation) => JsonNode.Parse(
        await CallAsync(HttpMethod.Get, $"api/v1/namespaces/{Uri.EscapeDataString(configMapNamespace)}/configmaps/{Uri.EscapeDataString(name)}", "", null, cancellation)) as JsonObject;

    public void Dispose() => kubernetes.Dispose();

    private Task<string> SendAsync(HttpMethod method, string name, JsonObject? body, CancellationToken cancellation) => CallAsync(
        method, $"apis/{Names.Group}/{Names.Version}/namespaces/{Uri.EscapeDataString(ns)}/{Names.EmergencyPatchPlural}/{Uri.EscapeDataString(name)}", name, body, cancellation);

    private async Task<string> CallAsync(HttpMethod method, string path, string name, JsonObject? body, CancellationToken cancellation)
    {
        var root = kubernetes.BaseUri.AbsoluteUri;
        using var request = new HttpRequestMessage(method, new Uri(new Uri(root.EndsWith('/') ? root : root + "/"), path));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/merge-patch+json"));
        }

        try
        {
            if (kubernetes.Credentials is { } credentials)
            {
                await credentials.ProcessHttpRequestAsync(request, cancellation);
            }

            using var response = await kubernetes.HttpClient.SendAsync(request, cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            return response.IsSuccessStatusCode ? text : throw new ClusterException(Explain(response.StatusCode, text, name));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ClusterException($"{kubernetes.BaseUri} did not answer: {exception.Message}", exception);
        }
    }

    private string Explain(HttpStatusCode status, string body, string name)
    {
        var said = MessageOf(body);
        return status switch
        {
            HttpStatusCode.NotFound when name.Length == 0 => said,
            HttpStatusCode.NotFound when said.Contains(name, StringComparison.Ordinal) => $"there is no emergencypatch {name} in namespace {ns}",
            HttpStatusCode.NotFound => "this cluster does not know EmergencyPatches; install the CRDs",
            HttpStatusCode.Unauthorized => "the cluster does not accept your credentials; log in again",
            _ => said,
        };
    }

    private static string MessageOf(string body)
    {
        try
        {
            return JsonNode.Parse(body)?["message"]?.ToString() ?? body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    private static string FirstKubeconfig() => Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Exceptions;
using YamlDotNet.Core;

namespace PatchOperator.Demo;

/// <summary>The few requests of the demo, the same for the server in this process and for a real cluster. Safe for concurrent use.</summary>
internal sealed class ClusterApi : IDisposable
{
    private const string Manager = "patch-operator-demo";
    private readonly Kubernetes _kubernetes;
    private readonly Uri _root;

    private ClusterApi(Kubernetes kubernetes)
    {
        _kubernetes = kubernetes;
        _kubernetes.HttpClient.Timeout = TimeSpan.FromSeconds(15);
        var root = kubernetes.BaseUri.AbsoluteUri;
        _root = new(root.EndsWith('/') ? root : root + "/");
    }

    public Uri Server => _root;

    public static ClusterApi Connect(string kubeconfig)
    {
        try
        {
            return new(new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig)));
        }
        catch (Exception error) when (error is KubeConfigException or IOException or YamlException or UnauthorizedAccessException)
        {
            throw new DemoException($"{kubeconfig} is no usable kubeconfig: {error.Message}");
        }
    }

    /// <returns>Null if there is no such object.</returns>
    public Task<JsonObject?> GetAsync(ObjectPath path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path.Uri, null, null, cancellation);

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string uri, CancellationToken cancellation) =>
        (await SendAsync(HttpMethod.Get, uri, null, null, cancellation))?["items"] is JsonArray items ? [.. items.OfType<JsonObject>()] : [];

    /// <summary>Server-side apply, as <c>kubectl apply --server-side</c>.</summary>
    public Task ApplyAsync(JsonObject manifest, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Patch, $"{ObjectPath.Of(manifest).Uri}?fieldManager={Manager}&force=true", "application/apply-patch+yaml", manifest, cancellation);

    /// <summary>Plain create: servers older than a field of the manifest drop it, where apply would refuse the whole.</summary>
    public Task CreateAsync(JsonObject manifest, CancellationToken cancellation)
    {
        var path = ObjectPath.Of(manifest).Uri;
        return SendAsync(HttpMethod.Post, $"{path[..path.LastIndexOf('/')]}?fieldManager={Manager}", "application/json", manifest, cancellation);
    }

    /// <param name="path">Of what is annotated.</param>
    /// <param name="annotation">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="by">As whom, as <c>kubectl --as</c>; null for whoever the kubeconfig names.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task AnnotateAsync(ObjectPath path, string annotation, string value, string? by, CancellationToken cancellation)
    {
        var change = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } };
        return SendAsync(HttpMethod.Patch, path.Uri, "application/merge-patch+json", change, cancellation, by);
    }

    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, path.Uri, null, null, cancellation);

    public void Dispose() => _kubernetes.Dispose();

    private async Task<JsonObject?> SendAsync(HttpMethod method, string uri, string? contentType, JsonObject? body, CancellationToken cancellation, string? by = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_root, uri));
        if (by is not null)
        {
            request.Headers.Add("Impersonate-User", by);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue(contentType!));
        }

        if (_kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellation);
        }

        try
        {
            using var response = await _kubernetes.HttpClient.SendAsync(request, cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            return response.StatusCode == HttpStatusCode.NotFound && method != HttpMethod.Patch ? null
                : response.IsSuccessStatusCode ? JsonNode.Parse(text) as JsonObject
                : throw new DemoException($"{method} {uri}: {Message(text)}");
        }
        catch (HttpRequestException error)
        {
            throw new DemoException($"{_root} does not answer: {error.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new DemoException($"{_root} did not answer {method} {uri} within {_kubernetes.HttpClient.Timeout.TotalSeconds:0} s");
        }
    }

    private static string Message(string body)
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
}

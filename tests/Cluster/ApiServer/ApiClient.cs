using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

/// <summary>The thinnest client there is: what a test sends is what goes over the wire.</summary>
internal sealed class ApiClient : IAsyncDisposable
{
    public const string Widgets = "/apis/example.io/v1/namespaces/shop/widgets";
    public const string Deployments = "/apis/apps/v1/namespaces/shop/deployments";
    public const string ConfigMaps = "/api/v1/namespaces/shop/configmaps";

    private readonly HttpClient _http;

    private ApiClient(ApiServer server)
    {
        Server = server;
        _http = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(20) };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("tester/1.0");
    }

    public ApiServer Server { get; }

    public static async Task<ApiClient> StartAsync()
    {
        var client = new ApiClient(await ApiServer.StartAsync(new ApiServerOptions()));
        var definition = YamlReader.ReadAll(WidgetDefinition)[0];
        (await client.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)).Expect(201);
        return client;
    }

    public async Task<Answer> SendAsync(string method, string path, JsonNode? body = null, string media = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(media);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await _http.SendAsync(request);
        var json = JsonNode.Parse(await response.Content.ReadAsStringAsync()) as JsonObject ?? [];
        return new Answer((int)response.StatusCode, json, response.Headers.RetryAfter?.Delta);
    }

    public Task<Answer> GetAsync(string path) => SendAsync("GET", path);

    public Task<Answer> ApplyAsync(string path, string yaml, string manager, bool force = false) => SendAsync(
        "PATCH", $"{path}?fieldManager={manager}&force={(force ? "true" : "false")}", YamlReader.ReadAll(yaml)[0], "application/apply-patch+yaml");

    public Task<Answer> MergeAsync(string path, string json) => SendAsync("PATCH", path, JsonNode.Parse(json), "application/merge-patch+json");

    public async Task<WatchReader> WatchAsync(string pathAndQuery)
    {
        var response = await _http.GetAsync(new Uri(pathAndQuery, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        return new WatchReader((int)response.StatusCode, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }

    public static JsonObject Widget(string name, string severity = "High") => new()
    {
        ["apiVersion"] = "example.io/v1",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["severity"] = severity },
    };

    private const string WidgetDefinition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.io}
        spec:
          group: example.io
          scope: Namespaced
          names: {plural: widgets, kind: Widget, shortNames: [wd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    required: [severity]
                    properties:
                      severity: {type: string, enum: [Critical, High]}
                      size: {type: integer, minimum: 1, maximum: 10, default: 3}
                      code: {type: string, pattern: '^[A-Z]+$'}
                      port: {x-kubernetes-int-or-string: true}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      parts:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [name]
                        items: {type: object, required: [name], properties: {name: {type: string}, count: {type: integer, default: 1}}}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """;
}

internal sealed record Answer(int Code, JsonObject Body, TimeSpan? RetryAfter)
{
    public JsonObject Expect(int code)
    {
        Assert.True(Code == code, $"expected {code}, got {Code}: {Body.ToJsonString()}");
        return Body;
    }
}

internal sealed class WatchReader(int code, StreamReader lines) : IDisposable
{
    public int Code => code;

    /// <summary>The next event, or null when the stream ended.</summary>
    public async Task<JsonObject?> NextAsync(double seconds = 5)
    {
        var line = await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(seconds));
        return line is null ? null : (JsonObject)JsonNode.Parse(line)!;
    }

    public void Dispose() => lines.Dispose();
}

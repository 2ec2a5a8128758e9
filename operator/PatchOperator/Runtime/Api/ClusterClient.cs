using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using Polly;
using Polly.Retry;

namespace PatchOperator.Runtime;

/// <summary>The API without regard to leadership; see <see cref="IClusterClient"/> for what the methods guarantee.</summary>
public sealed class ClusterClient : IClusterClient
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod");

    private readonly ApiTransport transport;
    private readonly ClientOptions options;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline reads;
    private readonly ResiliencePipeline repeatableWrites;
    private readonly ResiliencePipeline singleWrites;

    internal ClusterClient(ApiTransport transport, ClientOptions options, TimeProvider time)
    {
        this.transport = transport;
        this.options = options;
        this.time = time;
        reads = Pipeline(RetryWhen.ReadFailed);
        repeatableWrites = Pipeline(RetryWhen.RepeatableWriteFailed);
        singleWrites = Pipeline(RetryWhen.NothingWasDone);
    }

    public async Task<JsonObject?> FindAsync(ResourceType type, ObjectKey key, CancellationToken cancellation)
    {
        using var found = await GetAsync(type, key, cancellation);
        return found is null ? null : JsonObject.Create(found.RootElement.Clone());
    }

    public async Task<T?> FindAsync<T>(ResourceType<T> type, ObjectKey key, CancellationToken cancellation)
        where T : class, IResource
    {
        using var found = await GetAsync(type, key, cancellation);
        try
        {
            return found?.RootElement.Deserialize(type.Json);
        }
        catch (JsonException exception)
        {
            throw new ClusterException(
                new ApiError { Kind = ApiErrorKind.Other, Message = exception.Message }, $"GET {type.ObjectPath(key)}", exception);
        }
    }

    public Task<string> ReadLogAsync(ObjectKey pod, string container, int limit, CancellationToken cancellation) =>
        CallAsync(
            reads,
            new ApiRequest(HttpMethod.Get, "get", Pods, Pods.ObjectPath(pod, "log")) { Query = [("container", container), ("limitBytes", limit.ToString())] },
            async (body, token) =>
            {
                using var text = new StreamReader(body);
                return await text.ReadToEndAsync(token);
            },
            cancellation);

    public async Task<IReadOnlyList<T>> ListAsync<T>(ResourceType<T> type, string? ns, Selector? selector, CancellationToken cancellation)
        where T : class, IResource
    {
        List<T> objects = [];
        await ReadListAsync(type, ns, selector, objects.Clear, item =>
        {
            try
            {
                if (item.Deserialize(type.Json) is { } decoded)
                {
                    objects.Add(decoded);
                }
            }
            catch (JsonException)
            {
                // Left out as promised: one bad object must not hide the others.
            }
        }, cancellation);
        return objects;
    }

    public async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type, string? ns, Selector? selector, CancellationToken cancellation)
    {
        List<JsonObject> objects = [];
        await ReadListAsync(type, ns, selector, objects.Clear, item =>
        {
            if (JsonObject.Create(item.Clone()) is { } json)
            {
                objects.Add(Typed(type, json));
            }
        }, cancellation);
        return objects;
    }

    public Task<JsonObject> CreateAsync(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) =>
        WriteAsync(singleWrites, new ApiRequest(HttpMethod.Post, "create", type, type.CollectionPath(ns)) { Body = Serialize(Typed(type, body)) }, cancellation);

    public Task<JsonObject> ApplyAsync(
        ResourceType type, ObjectKey key, JsonObject body, string fieldManager, bool force, CancellationToken cancellation, string? subresource = null)
    {
        var complete = Typed(type, body);
        var metadata = complete["metadata"] as JsonObject ?? [];
        complete["metadata"] = metadata;
        metadata["name"] = key.Name;
        if (type.Namespaced)
        {
            metadata["namespace"] = key.Namespace;
        }

        return WriteAsync(repeatableWrites, new ApiRequest(HttpMethod.Patch, "patch", type, type.ObjectPath(key, subresource))
        {
            Query = [("fieldManager", fieldManager), ("force", force ? "true" : "false")],
            // JSON is YAML, so this is what the server's apply accepts in every supported version.
            ContentType = "application/apply-patch+yaml",
            Body = Serialize(complete),
        }, cancellation);
    }

    public async Task<JsonObject> JsonPatchAsync(
        ResourceType type, ObjectKey key, JsonPatch patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null)
    {
        try
        {
            return await WriteAsync(singleWrites, new ApiRequest(HttpMethod.Patch, "patch", type, type.ObjectPath(key, subresource))
            {
                Query = [("fieldManager", fieldManager)],
                ContentType = "application/json-patch+json",
                Body = Encoding.UTF8.GetBytes(GoJson.Write(patch.ToJson())),
            }, cancellation);
        }
        catch (ClusterException exception) when (patch.HasTests && IsFailedTest(exception.Error))
        {
            throw new ClusterException(exception.Error with { Kind = ApiErrorKind.Conflict }, exception.Request, exception);
        }
    }

    public Task<JsonObject> MergePatchAsync(
        ResourceType type, ObjectKey key, JsonObject patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null) =>
        WriteAsync(repeatableWrites, new ApiRequest(HttpMethod.Patch, "patch", type, type.ObjectPath(key, subresource))
        {
            Query = [("fieldManager", fieldManager)],
            ContentType = "application/merge-patch+json",
            Body = Serialize(patch),
        }, cancellation);

    public Task<JsonObject> ReplaceAsync(ResourceType type, ObjectKey key, JsonObject body, CancellationToken cancellation, string? subresource = null) =>
        WriteAsync(repeatableWrites, new ApiRequest(HttpMethod.Put, "update", type, type.ObjectPath(key, subresource))
        {
            Body = Serialize(Typed(type, body)),
        }, cancellation);

    public Task<JsonObject> ReplaceStatusAsync(
        ResourceType type, ObjectKey key, string resourceVersion, JsonObject status, CancellationToken cancellation)
    {
        // The server takes everything but the status from the stored object, so nothing else needs to be sent.
        var metadata = new JsonObject { ["name"] = key.Name, ["resourceVersion"] = resourceVersion };
        if (type.Namespaced)
        {
            metadata["namespace"] = key.Namespace;
        }

        return ReplaceAsync(type, key, new JsonObject { ["metadata"] = metadata, ["status"] = status.DeepClone() }, cancellation, "status");
    }

    public async Task<bool> DeleteAsync(ResourceType type, ObjectKey key, DeleteOptions? options, CancellationToken cancellation)
    {
        options ??= new DeleteOptions();
        var body = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = options.Propagation.ToString(),
        };
        if (options.Uid is not null || options.ResourceVersion is not null)
        {
            var preconditions = new JsonObject();
            body["preconditions"] = preconditions;
            if (options.Uid is not null)
            {
                preconditions["uid"] = options.Uid;
            }

            if (options.ResourceVersion is not null)
            {
                preconditions["resourceVersion"] = options.ResourceVersion;
            }
        }

        try
        {
            await WriteAsync(repeatableWrites, new ApiRequest(HttpMethod.Delete, "delete", type, type.ObjectPath(key)) { Body = Serialize(body) }, cancellation);
            return true;
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
        {
            return false;
        }
    }

    private async Task<JsonDocument?> GetAsync(ResourceType type, ObjectKey key, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync(reads, new ApiRequest(HttpMethod.Get, "get", type, type.ObjectPath(key)), cancellation);
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    private Task<string> ReadListAsync(
        ResourceType type, string? ns, Selector? selector, Action restart, Action<JsonElement> onItem, CancellationToken cancellation) =>
        ObjectList.ReadAsync((request, token) => CallAsync(reads, request, token), type, ns, selector, 500, restart, onItem, cancellation);

    private async Task<JsonObject> WriteAsync(ResiliencePipeline pipeline, ApiRequest request, CancellationToken cancellation)
    {
        using var written = await CallAsync(pipeline, request, cancellation);
        return JsonObject.Create(written.RootElement.Clone()) ?? [];
    }

    private Task<JsonDocument> CallAsync(ResiliencePipeline pipeline, ApiRequest request, CancellationToken cancellation) =>
        CallAsync(pipeline, request, (body, token) => JsonDocument.ParseAsync(body, ApiJson.Deep, token), cancellation);

    private async Task<T> CallAsync<T>(ResiliencePipeline pipeline, ApiRequest request, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.TotalTimeout, time);
        using var total = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await pipeline.ExecuteAsync(token => AttemptAsync(request, read, token), total.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException(ApiErrors.TimedOut(options.TotalTimeout), request.ToString(), exception);
        }
    }

    private async ValueTask<T> AttemptAsync<T>(ApiRequest request, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.AttemptTimeout, time);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            using var response = await transport.SendAsync(request, attempt.Token);
            await using var body = await response.Content.ReadAsStreamAsync(attempt.Token);
            return await read(body, attempt.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException(ApiErrors.TimedOut(options.AttemptTimeout), request.ToString(), exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            throw new ClusterException(ApiErrors.FromTransport(exception), request.ToString(), exception);
        }
    }

    private ResiliencePipeline Pipeline(Func<ApiError, bool> retryWhen) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is ClusterException exception && retryWhen(exception.Error)),
            MaxRetryAttempts = options.MaxRetries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.FirstDelay,
            MaxDelay = RetryWhen.LongestPause,
            DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as ClusterException)?.Error.RetryAfter),
        })
        .Build();

    // A patch that does not fit the object is a 422 like a field that is rejected or a policy's denial, which have causes, and a webhook's, which says so.
    private static bool IsFailedTest(ApiError error) =>
        error is { StatusCode: 422, Causes.Count: 0 } && !error.Message.Contains("denied the request", StringComparison.Ordinal) && !error.Message.Contains("denied request", StringComparison.Ordinal);

    private static JsonObject Typed(ResourceType type, JsonObject body)
    {
        var complete = body.DeepClone().AsObject();
        complete.TryAdd("apiVersion", type.ApiVersion);
        complete.TryAdd("kind", type.Kind);
        return complete;
    }

    private static ReadOnlyMemory<byte> Serialize(JsonNode node) => ApiRequest.Serialize(node);
}

using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The verbs on resources.</summary>
internal sealed class ResourceEndpoint(
    VersionedStore store,
    ResourceRegistry registry,
    KindRegistry kinds,
    WatchHub watches,
    WebhookChain webhooks,
    ApiServerOptions options)
{
    private readonly ListEndpoint _lists = new(store, options.TimeProvider);

    public async Task<ApiResponse> HandleAsync(RequestTarget target, string verb, HttpRequest request)
    {
        var kind = kinds.Find(target.Resource) ?? throw ApiException.NoSuchPath();
        if (kind.IsReview)
        {
            return verb == "create" ? Reviews.Answer(await ObjectAsync(request), options.Authorize) : throw ApiException.MethodNotAllowed();
        }

        CheckSubresource(kind, target.Subresource);
        if (target.Subresource == "scale")
        {
            return await ScaleAsync(kind, target, verb, request);
        }

        switch (verb)
        {
            case "get" when target.Subresource == "log":
                // What a test says that the containers printed.
                return ApiResponse.Text(Stored(kind, target)["metadata"]!["annotations"]?["testkit/log"]?.GetValue<string>() ?? "");
            case "get":
                return Single(kind, Stored(kind, target), request);
            case "list":
                return _lists.List(kind, Scope(target), request);
            case "watch":
                return new ApiResponse(200, default) { Watch = Watch(kind, target, request) };
            case "create" when target.Subresource == "eviction":
                registry.Delete(kind, target.Namespace, target.Name, new DeleteOptions());
                return ApiResponse.Json(Success(kind, target.Name), 201);
            case "create" when target.IsCollection:
                return await CreateAsync(kind, target, request);
            case "update" when !target.IsCollection:
                var incoming = await NewObjectAsync(kind, target, request);
                var update = Context(target, request);
                return await WriteAsync(kind, target, request, update, (_, dryRun) => registry.Update(kind, incoming, dryRun, mustNameVersion: kind.IsCustom));
            case "patch" when !target.IsCollection:
                return await PatchAsync(kind, target, request);
            case "delete":
                return await DeleteAsync(kind, target, request);
            case "deletecollection":
                return await DeleteAllAsync(kind, target, request);
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    private static void CheckSubresource(ResourceKind kind, string subresource)
    {
        var exists = subresource switch
        {
            "" => true,
            "status" => kind.HasStatus,
            "scale" => kind.HasScale,
            "eviction" or "log" => kind.Resource == ResourceName.Pods,
            _ => false,
        };
        if (!exists)
        {
            throw ApiException.NoSuchPath();
        }
    }

    private JsonObject Stored(ResourceKind kind, RequestTarget target) =>
        store.Find(kind.Resource, target.Namespace, target.Name)?.Value ?? throw ApiException.NotFound(kind, target.Name);

    private static string? Scope(RequestTarget target) => target.Namespace.Length == 0 ? null : target.Namespace;

    private ApiResponse Single(ResourceKind kind, JsonObject obj, HttpRequest request, int code = 200)
    {
        if (Negotiation.TableVersion(request) is not { } version)
        {
            return ApiResponse.Json(obj, code);
        }

        var printer = new TablePrinter(kind, version, request.Query["includeObject"].FirstOrDefault() ?? "Metadata", options.TimeProvider);
        return ApiResponse.Json(printer.Print([obj], new JsonObject { ["resourceVersion"] = obj.Text("metadata", "resourceVersion") }), code);
    }

    private WatchStream Watch(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        string? Query(string name) => request.Query[name].FirstOrDefault();
        var fields = string.Join(",", ((string?[])[Query("fieldSelector"), target.IsCollection ? null : $"metadata.name={target.Name}"]).Where(f => !string.IsNullOrEmpty(f)));
        var parameters = new WatchParameters(
            Scope(target),
            Selector.Parse(Query("labelSelector"), fields),
            Query("allowWatchBookmarks") is "true" or "1",
            int.TryParse(Query("timeoutSeconds"), out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null,
            Negotiation.TableVersion(request) is { } version
                ? new TablePrinter(kind, version, Query("includeObject") ?? "Metadata", options.TimeProvider)
                : null);

        var initial = Query("sendInitialEvents") is "true" or "1";
        long? since = null;
        if (!initial && Query("resourceVersion") is { Length: > 0 } text and not "0")
        {
            since = long.TryParse(text, out var revision)
                ? revision
                : throw ApiException.BadRequest($"Invalid resource version \"{text}\"");
        }

        var session = watches.Open(kind.Resource, Scope(target), since, endWithBookmark: initial);
        return new WatchStream(watches, session, kind, parameters, options);
    }

    private async Task<ApiResponse> PatchAsync(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        var context = Context(target, request);
        var media = (request.ContentType ?? "").Split(';')[0].Trim();
        var body = await RequestBody.ReadAsync(request) ?? throw ApiException.BadRequest("the patch is empty");
        if (media is "application/apply-patch+yaml" or "application/apply-patch+json")
        {
            return await ApplyAsync(kind, target, request, body as JsonObject ?? [], context);
        }

        Func<JsonObject, JsonObject> patch = (media, body) switch
        {
            ("application/json-patch+json", JsonArray operations) => live => JsonPatch.Apply(live, operations),
            ("application/merge-patch+json", JsonObject merge) => live => MergePatch.Apply(live, merge),
            ("application/strategic-merge-patch+json", JsonObject merge) when !kind.IsCustom => live => StrategicMergePatch.Apply(live, merge, kind.Hints),
            _ => throw ApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"),
        };
        return await WriteAsync(kind, target, request, context, (live, dryRun) =>
        {
            var patched = patch(live);
            return patched.Name() == target.Name
                ? registry.Update(kind, patched, dryRun)
                : throw ApiException.BadRequest($"the name of the object ({patched.Name()}) does not match the name on the URL ({target.Name})");
        });
    }

    private async Task<ApiResponse> CreateAsync(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        var (obj, context) = (await NewObjectAsync(kind, target, request), Context(target, request));
        var call = new AdmissionCall(kind, "CREATE", target, ClusterUser.Of(request, options), context.DryRun);
        if (webhooks.Applies(call))
        {
            obj = await webhooks.MutateAsync(call, obj, null, request.HttpContext.RequestAborted);
            await webhooks.ValidateAsync(call, registry.Create(kind, obj, context with { DryRun = true }), null, request.HttpContext.RequestAborted);
        }

        return Single(kind, registry.Create(kind, obj, context), request, 201) with { Warnings = call.Warnings };
    }

    /// <summary>A change of a stored object, and what the webhooks make of it. They are asked outside the lock, and again when somebody was faster.</summary>
    /// <param name="change">From the stored object and a context to the new one.</param>
    private async Task<ApiResponse> WriteAsync(
        ResourceKind kind, RequestTarget target, HttpRequest request, WriteContext context, Func<JsonObject, WriteContext, JsonObject> change, bool isApply = false)
    {
        var call = new AdmissionCall(kind, "UPDATE", target, ClusterUser.Of(request, options), context.DryRun);
        if (!webhooks.Applies(call))
        {
            lock (store.Gate)
            {
                return Single(kind, change(Stored(kind, target), context), request);
            }
        }

        for (var attempt = 1; ; attempt++)
        {
            call.Warnings.Clear();
            var live = Stored(kind, target).Copy();
            try
            {
                var wanted = await webhooks.MutateAsync(call, change(live, context with { DryRun = true }), live, request.HttpContext.RequestAborted);
                await webhooks.ValidateAsync(call, registry.Update(kind, wanted, context with { DryRun = true }, isApply: isApply), live, request.HttpContext.RequestAborted);
                return Single(kind, registry.Update(kind, wanted, context, isApply: isApply), request) with { Warnings = call.Warnings };
            }
            catch (ApiException e) when (e.Reason == "Conflict" && request.Method == "PATCH" && attempt < 5 && Version(Stored(kind, target)) != Version(live))
            {
                // A patch names no version of its own: the server applies it to the next one.
            }
        }

        static string? Version(JsonObject obj) => obj.Text("metadata", "resourceVersion");
    }

    private async Task<ApiResponse> ApplyAsync(ResourceKind kind, RequestTarget target, HttpRequest request, JsonObject configuration, WriteContext context)
    {
        if (string.IsNullOrEmpty(request.Query["fieldManager"]))
        {
            throw new ApiException(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        }

        CheckType(kind, configuration, mustBePresent: true);
        var force = request.Query["force"].FirstOrDefault() is "true" or "1";
        if (store.Find(kind.Resource, target.Namespace, target.Name) is not null)
        {
            return await WriteAsync(kind, target, request, context, (_, dryRun) => registry.Apply(kind, target.Namespace, target.Name, configuration, dryRun, force), isApply: true);
        }

        var call = new AdmissionCall(kind, "CREATE", target, ClusterUser.Of(request, options), context.DryRun);
        if (!webhooks.Applies(call))
        {
            return Single(kind, registry.Apply(kind, target.Namespace, target.Name, configuration, context, force), request, 201);
        }

        var applied = registry.Apply(kind, target.Namespace, target.Name, configuration, context with { DryRun = true }, force);
        foreach (var serverOwned in (string[])["uid", "creationTimestamp", "generation"])
        {
            applied.Meta().Remove(serverOwned);
        }

        var wanted = await webhooks.MutateAsync(call, applied, null, request.HttpContext.RequestAborted);
        await webhooks.ValidateAsync(call, registry.Create(kind, wanted, context with { DryRun = true }), null, request.HttpContext.RequestAborted);
        return Single(kind, registry.Create(kind, wanted, context), request, 201) with { Warnings = call.Warnings };
    }

    private async Task<ApiResponse> DeleteAsync(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        var delete = DeleteOptions.Parse(await RequestBody.ReadAsync(request) as JsonObject, name => request.Query[name].FirstOrDefault());
        var (last, removed) = registry.Delete(kind, target.Namespace, target.Name, delete);

        // Pods are answered with the object, as in Kubernetes; clients must cope with both forms.
        return removed && kind.Resource != ResourceName.Pods
            ? ApiResponse.Json(Success(kind, target.Name, last.Text("metadata", "uid")))
            : ApiResponse.Json(last);
    }

    private async Task<ApiResponse> DeleteAllAsync(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        var delete = DeleteOptions.Parse(await RequestBody.ReadAsync(request) as JsonObject, name => request.Query[name].FirstOrDefault());
        var selector = Selector.Parse(request.Query["labelSelector"], request.Query["fieldSelector"]);
        lock (store.Gate)
        {
            foreach (var doomed in store.List(kind.Resource, Scope(target)).Where(o => selector.Matches(o.Value)))
            {
                registry.Delete(kind, doomed.Value.Namespace(), doomed.Value.Name(), delete);
            }
        }

        return ApiResponse.Json(Success(kind, ""));
    }

    private async Task<ApiResponse> ScaleAsync(ResourceKind kind, RequestTarget target, string verb, HttpRequest request)
    {
        if (verb == "get")
        {
            return ApiResponse.Json(Scale.Of(Stored(kind, target)));
        }

        var body = await RequestBody.ReadAsync(request);
        lock (store.Gate)
        {
            var live = Stored(kind, target);
            var scale = (verb, body) switch
            {
                ("update", JsonObject whole) => whole,
                ("patch", JsonArray operations) => JsonPatch.Apply(Scale.Of(live), operations),
                ("patch", JsonObject merge) => MergePatch.Apply(Scale.Of(live), merge),
                _ => throw ApiException.MethodNotAllowed(),
            };
            var scaled = registry.Update(kind, Scale.Onto(live, scale), Context(target, request));
            return ApiResponse.Json(Scale.Of(scaled));
        }
    }

    private static async Task<JsonObject> ObjectAsync(HttpRequest request) =>
        await RequestBody.ReadAsync(request) as JsonObject ?? throw ApiException.BadRequest("the body is no object");

    private static async Task<JsonObject> NewObjectAsync(ResourceKind kind, RequestTarget target, HttpRequest request)
    {
        var obj = await ObjectAsync(request);
        CheckType(kind, obj, mustBePresent: kind.IsCustom);
        var meta = obj.Meta();
        if (request.Method == "POST")
        {
            meta.Remove("managedFields");
        }

        if (kind.Namespaced)
        {
            if (meta.Text("namespace") is { Length: > 0 } ns && ns != target.Namespace)
            {
                throw ApiException.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
            }

            meta["namespace"] = target.Namespace;
        }

        if (!target.IsCollection && meta.Text("name") != target.Name)
        {
            throw ApiException.BadRequest($"the name of the object ({meta.Text("name")}) does not match the name on the URL ({target.Name})");
        }

        return obj;
    }

    private static void CheckType(ResourceKind kind, JsonObject obj, bool mustBePresent)
    {
        var matches = (obj.Text("apiVersion") ?? (mustBePresent ? "" : kind.ApiVersion)) == kind.ApiVersion
            && (obj.Text("kind") ?? (mustBePresent ? "" : kind.Kind)) == kind.Kind;
        if (!matches)
        {
            throw ApiException.BadRequest($"{obj.Text("kind")} in version \"{obj.Text("apiVersion")}\" cannot be handled as a {kind.Kind} in version \"{kind.ApiVersion}\"");
        }
    }

    private WriteContext Context(RequestTarget target, HttpRequest request) => new()
    {
        Now = options.TimeProvider.GetUtcNow(),
        Manager = request.Query["fieldManager"].FirstOrDefault() is { Length: > 0 } manager
            ? manager
            : request.Headers.UserAgent.ToString().Split('/', ' ')[0] is { Length: > 0 } agent ? agent : "unknown",
        Subresource = target.Subresource,
        DryRun = request.Query["dryRun"] == "All",
        Validation = request.Query["fieldValidation"] == "Strict" ? FieldValidation.Strict : FieldValidation.Ignore,
    };

    private static JsonObject Success(ResourceKind kind, string name, string? uid = null) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["details"] = new JsonObject { ["name"] = name, ["group"] = kind.Resource.Group, ["kind"] = kind.Resource.Plural, ["uid"] = uid },
    };
}

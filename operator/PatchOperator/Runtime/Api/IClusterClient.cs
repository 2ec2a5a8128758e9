using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

public enum Propagation
{
    Background,
    Foreground,
    Orphan,
}

/// <param name="Uid">Delete only this very object, not one of the same name that took its place.</param>
/// <param name="ResourceVersion">Delete only if nobody changed it since.</param>
public sealed record DeleteOptions(string? Uid = null, string? ResourceVersion = null, Propagation Propagation = Propagation.Background);

/// <param name="Labels">A label selector, for example <c>app=shop,tier!=cache</c>.</param>
/// <param name="Fields">A field selector, for example <c>metadata.name=shop</c>.</param>
public sealed record Selector(string? Labels = null, string? Fields = null);

/// <summary>
/// The Kubernetes API, as narrow as the operator's needs. Every method throws only <see cref="ClusterException"/> or
/// <see cref="OperationCanceledException"/>, and is over within the configured total deadline. Transient failures are retried inside where
/// a repetition can do no harm; a conflict never is. Nothing is sent once <c>cancellation</c> is cancelled, also not as a repetition.
/// The instance registered as <see cref="IClusterClient"/> writes only while this process leads: a write outside a leader's term ends with
/// <see cref="OperationCanceledException"/>. Inject <c>ClusterClient</c> where a follower must write.
/// </summary>
public interface IClusterClient
{
    /// <returns>Null if there is no such object.</returns>
    Task<JsonObject?> FindAsync(ResourceType type, ObjectKey key, CancellationToken cancellation);

    /// <inheritdoc cref="FindAsync(ResourceType, ObjectKey, CancellationToken)"/>
    Task<T?> FindAsync<T>(ResourceType<T> type, ObjectKey key, CancellationToken cancellation)
        where T : class, IResource;

    /// <summary>What a container printed, both streams, from the beginning.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="container">Its name in the pod.</param>
    /// <param name="limit">No more bytes than this are asked for.</param>
    /// <param name="cancellation">Ends the request.</param>
    Task<string> ReadLogAsync(ObjectKey pod, string container, int limit, CancellationToken cancellation);

    /// <summary>All pages of a consistent list. An object that cannot be decoded is left out.</summary>
    /// <param name="type">The kind to list.</param>
    /// <param name="ns">Null lists all namespaces.</param>
    /// <param name="selector">Null lists everything.</param>
    /// <param name="cancellation">Ends the request.</param>
    Task<IReadOnlyList<T>> ListAsync<T>(ResourceType<T> type, string? ns, Selector? selector, CancellationToken cancellation)
        where T : class, IResource;

    /// <inheritdoc cref="ListAsync{T}"/>
    Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type, string? ns, Selector? selector, CancellationToken cancellation);

    /// <summary>Creates once: an attempt whose outcome is not known is not repeated but ends as Timeout or Unavailable.</summary>
    /// <param name="type">The kind; apiVersion and kind are filled in where missing.</param>
    /// <param name="ns">Ignored for cluster-scoped kinds.</param>
    /// <param name="body">The object, with metadata.name or generateName. It is not changed.</param>
    /// <param name="cancellation">Ends the request.</param>
    Task<JsonObject> CreateAsync(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation);

    /// <summary>Server-side apply: creates or changes, and touches no field but those in <paramref name="body"/>.</summary>
    /// <param name="type">The kind; apiVersion, kind and metadata.name are filled in where missing.</param>
    /// <param name="key">The object.</param>
    /// <param name="body">The fields we own. It is not changed.</param>
    /// <param name="fieldManager">Who owns them.</param>
    /// <param name="force">Take fields over from other managers; otherwise theirs end as Conflict.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <param name="subresource">For example <c>status</c>.</param>
    Task<JsonObject> ApplyAsync(
        ResourceType type, ObjectKey key, JsonObject body, string fieldManager, bool force, CancellationToken cancellation, string? subresource = null);

    /// <summary>A <c>test</c> that fails is a Conflict. Never repeated once it may have taken effect.</summary>
    Task<JsonObject> JsonPatchAsync(
        ResourceType type, ObjectKey key, JsonPatch patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null);

    /// <summary>Merge patch (RFC 7386): an explicit null removes a field; <c>metadata.resourceVersion</c> in it is a precondition.</summary>
    Task<JsonObject> MergePatchAsync(
        ResourceType type, ObjectKey key, JsonObject patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null);

    /// <summary>Replaces the whole object; <c>metadata.resourceVersion</c> in the body is the precondition.</summary>
    Task<JsonObject> ReplaceAsync(ResourceType type, ObjectKey key, JsonObject body, CancellationToken cancellation, string? subresource = null);

    /// <summary>For custom resources: replaces the whole status and nothing else. Conflict unless the object is still at <paramref name="resourceVersion"/>.</summary>
    Task<JsonObject> ReplaceStatusAsync(ResourceType type, ObjectKey key, string resourceVersion, JsonObject status, CancellationToken cancellation);

    /// <returns>False if there was no such object. Preconditions that do not hold end as Conflict.</returns>
    Task<bool> DeleteAsync(ResourceType type, ObjectKey key, DeleteOptions? options, CancellationToken cancellation);
}

public static class ClusterClientExtensions
{
    /// <exception cref="ClusterException">Among others NotFound.</exception>
    public static async Task<T> GetAsync<T>(this IClusterClient client, ResourceType<T> type, ObjectKey key, CancellationToken cancellation)
        where T : class, IResource =>
        await client.FindAsync(type, key, cancellation) ?? throw NotFound(type, key);

    /// <exception cref="ClusterException">Among others NotFound.</exception>
    public static async Task<JsonObject> GetAsync(this IClusterClient client, ResourceType type, ObjectKey key, CancellationToken cancellation) =>
        await client.FindAsync(type, key, cancellation) ?? throw NotFound(type, key);

    /// <summary>Decodes what a write returned: <c>await client.MergePatchAsync(type, …).As(type)</c>.</summary>
    /// <exception cref="ClusterException">Other, if the answer does not fit <typeparamref name="T"/>.</exception>
    public static async Task<T> As<T>(this Task<JsonObject> written, ResourceType<T> type)
        where T : class, IResource
    {
        try
        {
            return type.Decode(await written);
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new ClusterException(new ApiError { Kind = ApiErrorKind.Other, Message = exception.Message }, $"DECODE {type}", exception);
        }
    }

    private static ClusterException NotFound(ResourceType type, ObjectKey key) =>
        new(new ApiError { Kind = ApiErrorKind.NotFound, StatusCode = 404, Reason = "NotFound", Message = $"{type} {key} not found" },
            $"GET {type.ObjectPath(key)}");
}

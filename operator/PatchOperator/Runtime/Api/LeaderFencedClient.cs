using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// Lets writes through only within a leader's term, and ends the ones under way when the term ends. Reads pass, and so do reviews
/// (SubjectAccessReview and its like), which are questions in the form of a create.
/// </summary>
internal sealed class LeaderFencedClient(ClusterClient inner, ILeadership leadership) : IClusterClient
{
    public Task<JsonObject?> FindAsync(ResourceType type, ObjectKey key, CancellationToken cancellation) => inner.FindAsync(type, key, cancellation);

    public Task<T?> FindAsync<T>(ResourceType<T> type, ObjectKey key, CancellationToken cancellation)
        where T : class, IResource => inner.FindAsync(type, key, cancellation);

    public Task<string> ReadLogAsync(ObjectKey pod, string container, int limit, CancellationToken cancellation) => inner.ReadLogAsync(pod, container, limit, cancellation);

    public Task<IReadOnlyList<T>> ListAsync<T>(ResourceType<T> type, string? ns, Selector? selector, CancellationToken cancellation)
        where T : class, IResource => inner.ListAsync(type, ns, selector, cancellation);

    public Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type, string? ns, Selector? selector, CancellationToken cancellation) =>
        inner.ListAsync(type, ns, selector, cancellation);

    public Task<JsonObject> CreateAsync(ResourceType type, string? ns, JsonObject body, CancellationToken cancellation) =>
        type.Group is "authorization.k8s.io" or "authentication.k8s.io"
            ? inner.CreateAsync(type, ns, body, cancellation)
            : FencedAsync(token => inner.CreateAsync(type, ns, body, token), cancellation);

    public Task<JsonObject> ApplyAsync(
        ResourceType type, ObjectKey key, JsonObject body, string fieldManager, bool force, CancellationToken cancellation, string? subresource = null) =>
        FencedAsync(token => inner.ApplyAsync(type, key, body, fieldManager, force, token, subresource), cancellation);

    public Task<JsonObject> JsonPatchAsync(
        ResourceType type, ObjectKey key, JsonPatch patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null) =>
        FencedAsync(token => inner.JsonPatchAsync(type, key, patch, token, subresource, fieldManager), cancellation);

    public Task<JsonObject> MergePatchAsync(
        ResourceType type, ObjectKey key, JsonObject patch, CancellationToken cancellation, string? subresource = null, string? fieldManager = null) =>
        FencedAsync(token => inner.MergePatchAsync(type, key, patch, token, subresource, fieldManager), cancellation);

    public Task<JsonObject> ReplaceAsync(ResourceType type, ObjectKey key, JsonObject body, CancellationToken cancellation, string? subresource = null) =>
        FencedAsync(token => inner.ReplaceAsync(type, key, body, token, subresource), cancellation);

    public Task<JsonObject> ReplaceStatusAsync(
        ResourceType type, ObjectKey key, string resourceVersion, JsonObject status, CancellationToken cancellation) =>
        FencedAsync(token => inner.ReplaceStatusAsync(type, key, resourceVersion, status, token), cancellation);

    public Task<bool> DeleteAsync(ResourceType type, ObjectKey key, DeleteOptions? options, CancellationToken cancellation) =>
        FencedAsync(token => inner.DeleteAsync(type, key, options, token), cancellation);

    private async Task<TAnswer> FencedAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> write, CancellationToken cancellation)
    {
        var term = leadership.Current ?? throw new OperationCanceledException("This process does not lead, so it does not write");
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, term.Token);
        return await write(both.Token);
    }
}

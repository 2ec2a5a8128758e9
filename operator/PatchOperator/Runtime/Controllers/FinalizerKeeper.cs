using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>Attaches and removes the finalizers of one kind. Only our own entries of the list are touched.</summary>
internal sealed class FinalizerKeeper<T>(ResourceType<T> type, IClusterClient client, IEnumerable<IEntityFinalizer<T>> finalizers)
    where T : class, IResource
{
    private static readonly string[] Path = ["metadata", "finalizers"];

    private readonly IReadOnlyList<IEntityFinalizer<T>> finalizers = [.. finalizers];

    /// <summary>The one that must run next on a terminating object; null if none of ours is left.</summary>
    public IEntityFinalizer<T>? Next(T entity) =>
        finalizers.FirstOrDefault(finalizer => entity.Metadata.Finalizers?.Contains(finalizer.Name) == true);

    /// <summary>Those of ours that the object should have and does not.</summary>
    public IReadOnlyList<string> Missing(T entity) => entity.Metadata.IsTerminating
        ? []
        : [.. finalizers.Select(finalizer => finalizer.Name).Where(name => entity.Metadata.Finalizers?.Contains(name) != true)];

    /// <returns>The object with all our finalizers.</returns>
    public async Task<T> AttachAsync(T entity, CancellationToken cancellation)
    {
        var present = entity.Metadata.Finalizers;
        var missing = Missing(entity);
        if (missing.Count == 0)
        {
            return entity;
        }

        // The test of the version keeps a list that somebody else just began, and objects that just began to terminate, as they are.
        var patch = new JsonPatch().Test(["metadata", "resourceVersion"], entity.Metadata.ResourceVersion);
        if (present is null or { Count: 0 })
        {
            patch.Add(Path, new System.Text.Json.Nodes.JsonArray());
        }

        foreach (var name in missing)
        {
            patch.Add([.. Path, "-"], name);
        }

        return await client.JsonPatchAsync(type, ObjectKey.Of(entity), patch, cancellation).As(type);
    }

    /// <returns>The object without this finalizer; null if it is gone.</returns>
    public async Task<T?> RemoveAsync(T entity, string name, CancellationToken cancellation)
    {
        var index = (entity.Metadata.Finalizers ?? []).ToList().IndexOf(name);
        if (index < 0)
        {
            return entity;
        }

        string[] entry = [.. Path, $"{index}"];
        var patch = new JsonPatch().Test(["metadata", "uid"], entity.Metadata.Uid).Test(entry, name).Remove(entry);
        try
        {
            return await client.JsonPatchAsync(type, ObjectKey.Of(entity), patch, cancellation).As(type);
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
        {
            return null;
        }
    }
}

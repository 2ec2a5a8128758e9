using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// The content of an informer and the rules by which it changes. No I/O; every method returns the events to announce, in order.
/// Resource versions are compared as numbers, which the API has guaranteed for built-in and custom resources since conformance demands it.
/// Not thread-safe: the informer guards it.
/// </summary>
internal sealed class InformerCache<T>
    where T : class, IResource
{
    private readonly Dictionary<ObjectKey, T> objects = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> byNamespace = [];

    /// <summary>The newest version that a list or the watch has brought.</summary>
    private ulong seen;

    public int Count => objects.Count;

    public T? Get(ObjectKey key) => objects.GetValueOrDefault(key);

    public IReadOnlyCollection<T> List(string? ns, Func<T, bool>? where)
    {
        if (ns is null)
        {
            return where is null ? [.. objects.Values] : [.. objects.Values.Where(where)];
        }

        var inNamespace = byNamespace.TryGetValue(ns, out var keys) ? keys.Select(key => objects[key]) : [];
        return where is null ? [.. inNamespace] : [.. inNamespace.Where(where)];
    }

    /// <summary>A complete list at <paramref name="listVersion"/>: what is missing from it has been deleted.</summary>
    /// <param name="listed">The objects of the list.</param>
    /// <param name="unreadable">Keys that the list holds but that could not be decoded: they are not deleted.</param>
    /// <param name="listVersion">The list's resourceVersion.</param>
    public List<InformerEvent<T>> Replace(IEnumerable<T> listed, IReadOnlySet<ObjectKey> unreadable, string listVersion)
    {
        var version = Number(listVersion);
        // The server's history went back, as after a restored backup: its list is the truth, and what we remember is not.
        var wentBack = version < seen;
        List<InformerEvent<T>> events = [];
        HashSet<ObjectKey> present = [.. unreadable];
        foreach (var item in listed)
        {
            present.Add(ObjectKey.Of(item));
            Put(item, wentBack, ownWrite: false, events);
        }

        foreach (var (key, cached) in objects.Where(pair => !present.Contains(pair.Key)).ToList())
        {
            // Newer than the list: our own write that the list could not contain yet.
            if (wentBack || Version(cached) <= version)
            {
                Remove(key, events, cached);
            }
        }

        seen = version;
        return events;
    }

    /// <summary>ADDED or MODIFIED on the watch.</summary>
    public List<InformerEvent<T>> Changed(T item)
    {
        List<InformerEvent<T>> events = [];
        seen = Math.Max(seen, Version(item));
        Put(item, force: false, ownWrite: false, events);
        return events;
    }

    /// <summary>DELETED on the watch. Ignored for an object of the same name that took its place.</summary>
    public List<InformerEvent<T>> Deleted(T last)
    {
        List<InformerEvent<T>> events = [];
        seen = Math.Max(seen, Version(last));
        var key = ObjectKey.Of(last);
        if (objects.TryGetValue(key, out var cached) && (cached.Metadata.Uid == last.Metadata.Uid || Version(cached) <= Version(last)))
        {
            Remove(key, events, last);
        }

        return events;
    }

    /// <summary>DELETED of an object that could not be decoded.</summary>
    public List<InformerEvent<T>> Deleted(ObjectKey key, string uid)
    {
        List<InformerEvent<T>> events = [];
        if (objects.TryGetValue(key, out var cached) && cached.Metadata.Uid == uid)
        {
            Remove(key, events, cached);
        }

        return events;
    }

    /// <summary>A bookmark: everything up to this version has been brought.</summary>
    public void Reached(string version) => seen = Math.Max(seen, Number(version));

    /// <summary>The answer to our own write.</summary>
    public List<InformerEvent<T>> Observe(T written)
    {
        List<InformerEvent<T>> events = [];
        // Absent although the watch is past this version: deleted since, and it must not rise again.
        if (objects.ContainsKey(ObjectKey.Of(written)) || Version(written) > seen)
        {
            Put(written, force: false, ownWrite: true, events);
        }

        return events;
    }

    private void Put(T item, bool force, bool ownWrite, List<InformerEvent<T>> events)
    {
        var key = ObjectKey.Of(item);
        if (!objects.TryGetValue(key, out var cached))
        {
            objects[key] = item;
            Index(key).Add(key);
            events.Add(new InformerEvent<T>(InformerEventType.Added, item, IsOwnWrite: ownWrite));
            return;
        }

        if (item.Metadata.ResourceVersion == cached.Metadata.ResourceVersion || (!force && Version(item) < Version(cached)))
        {
            return;
        }

        objects[key] = item;
        if (item.Metadata.Uid == cached.Metadata.Uid)
        {
            events.Add(new InformerEvent<T>(InformerEventType.Modified, item, cached, ownWrite));
        }
        else
        {
            // Deleted and created again under the same name between two looks.
            events.Add(new InformerEvent<T>(InformerEventType.Deleted, cached));
            events.Add(new InformerEvent<T>(InformerEventType.Added, item, IsOwnWrite: ownWrite));
        }
    }

    private void Remove(ObjectKey key, List<InformerEvent<T>> events, T last)
    {
        objects.Remove(key);
        var index = Index(key);
        index.Remove(key);
        if (index.Count == 0)
        {
            byNamespace.Remove(key.Namespace);
        }

        events.Add(new InformerEvent<T>(InformerEventType.Deleted, last));
    }

    private HashSet<ObjectKey> Index(ObjectKey key)
    {
        if (!byNamespace.TryGetValue(key.Namespace, out var keys))
        {
            byNamespace[key.Namespace] = keys = [];
        }

        return keys;
    }

    private static ulong Version(T item) => Number(item.Metadata.ResourceVersion);

    private static ulong Number(string version) => ulong.TryParse(version, out var number) ? number : 0;
}

using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One stored version of an object. <see cref="Value"/> is shared by all readers and never mutated.</summary>
internal sealed record StoredObject(long Revision, JsonObject Value, byte[] Json);

internal sealed record Change(long Revision, StoreEventType Type, ResourceName Resource, StoredObject Now, StoredObject? Before)
{
    public string Key { get; } = VersionedStore.Key(Now.Value.Namespace(), Now.Value.Name());
}

/// <summary>
/// What etcd is to the real server: objects by key, one revision counter, and the log of changes back to the last compaction.
/// The past is rebuilt by undoing the log, so that a paged list stays pinned to its revision without snapshots.
/// </summary>
internal sealed class VersionedStore
{
    /// <summary>Bounds memory in long runs; the oldest half expires when it is reached, as in a cluster that compacts.</summary>
    private const int LongestLog = 50_000;

    private readonly Dictionary<ResourceName, SortedDictionary<string, StoredObject>> _objects = [];
    private readonly List<Change> _log = [];
    private long _expired;

    /// <summary>Held for every read-modify-write; callbacks of <see cref="Committed"/> run inside it and must be quick.</summary>
    public Lock Gate { get; } = new();

    public long Revision { get; private set; } = 1;

    public event Action<Change>? Committed;

    public static string Key(string ns, string name) => $"{ns}/{name}";

    public StoredObject? Find(ResourceName resource, string ns, string name)
    {
        lock (Gate)
        {
            return _objects.TryGetValue(resource, out var kind) && kind.TryGetValue(Key(ns, name), out var stored) ? stored : null;
        }
    }

    public IReadOnlyList<StoredObject> List(ResourceName resource, string? ns)
    {
        lock (Gate)
        {
            return _objects.TryGetValue(resource, out var kind) ? Within(kind, ns) : [];
        }
    }

    /// <summary>The objects as they were at a revision. Throws Expired when the log no longer reaches back so far.</summary>
    public IReadOnlyList<StoredObject> ListAt(ResourceName resource, string? ns, long revision)
    {
        lock (Gate)
        {
            RequireNotExpired(revision, "The provided continue parameter is too old to display a consistent list result.");
            var past = new SortedDictionary<string, StoredObject>(StringComparer.Ordinal);
            foreach (var (key, stored) in _objects.GetValueOrDefault(resource) ?? [])
            {
                past[key] = stored;
            }

            for (var i = _log.Count - 1; i >= 0 && _log[i].Revision > revision; i--)
            {
                if (_log[i].Resource != resource)
                {
                    continue;
                }

                if (_log[i].Before is { } before)
                {
                    past[_log[i].Key] = before;
                }
                else
                {
                    past.Remove(_log[i].Key);
                }
            }

            return Within(past, ns);
        }
    }

    public IReadOnlyList<Change> ChangesSince(ResourceName resource, long revision)
    {
        lock (Gate)
        {
            RequireNotExpired(revision, $"too old resource version: {revision} ({Revision})");
            var first = _log.Count;
            while (first > 0 && _log[first - 1].Revision > revision)
            {
                first--;
            }

            return [.. _log.Skip(first).Where(c => c.Resource == resource)];
        }
    }

    public StoredObject Put(ResourceName resource, JsonObject value)
    {
        lock (Gate)
        {
            var kind = KindOf(resource);
            var key = Key(value.Namespace(), value.Name());
            var before = kind.GetValueOrDefault(key);
            var stored = Seal(value);
            kind[key] = stored;
            Commit(new Change(stored.Revision, before is null ? StoreEventType.Added : StoreEventType.Modified, resource, stored, before));
            return stored;
        }
    }

    public StoredObject? Remove(ResourceName resource, string ns, string name)
    {
        lock (Gate)
        {
            if (!KindOf(resource).Remove(Key(ns, name), out var before))
            {
                return null;
            }

            // The deletion has a revision of its own, and watchers see it on the object.
            var last = Seal(before.Value.Copy());
            Commit(new Change(last.Revision, StoreEventType.Deleted, resource, last, before));
            return last;
        }
    }

    public void Compact()
    {
        lock (Gate)
        {
            // Nothing older than this revision can be read any more, not even by a watch that is up to date.
            Revision++;
            _expired = Revision;
            _log.Clear();
        }
    }

    public bool AnyIn(string ns)
    {
        lock (Gate)
        {
            return _objects.Values.Any(kind => Within(kind, ns).Count > 0);
        }
    }

    public IReadOnlyList<(ResourceName Resource, string Name)> AllIn(string ns)
    {
        lock (Gate)
        {
            return [.. _objects.SelectMany(kind => Within(kind.Value, ns).Select(o => (kind.Key, o.Value.Name())))];
        }
    }

    private void RequireNotExpired(long revision, string message)
    {
        if (revision < _expired)
        {
            throw ApiException.Expired(message);
        }
    }

    private static List<StoredObject> Within(SortedDictionary<string, StoredObject> kind, string? ns) =>
        ns is null ? [.. kind.Values] : [.. kind.Values.Where(o => o.Value.Namespace() == ns)];

    private SortedDictionary<string, StoredObject> KindOf(ResourceName resource)
    {
        if (!_objects.TryGetValue(resource, out var kind))
        {
            kind = new SortedDictionary<string, StoredObject>(StringComparer.Ordinal);
            _objects.Add(resource, kind);
        }

        return kind;
    }

    private StoredObject Seal(JsonObject value)
    {
        Revision++;
        value.Meta()["resourceVersion"] = $"{Revision}";
        var json = Encoding.UTF8.GetBytes(value.Compact());

        // Parsed again: the caller keeps its own tree, and every stored value is made of the same node types.
        return new StoredObject(Revision, (JsonObject)JsonNode.Parse(json)!, json);
    }

    private void Commit(Change change)
    {
        _log.Add(change);
        if (_log.Count > LongestLog)
        {
            _expired = _log[LongestLog / 2].Revision;
            _log.RemoveRange(0, (LongestLog / 2) + 1);
        }

        Committed?.Invoke(change);
    }
}

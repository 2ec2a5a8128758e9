using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.Tests.Cluster.Controllers;

/// <summary>The least that controllers need of a store, so that their tests do not depend on the API server's.</summary>
internal sealed class MemoryStore(TimeProvider clock) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(ResourceName, string, string), JsonObject> _objects = [];
    private readonly List<Action<StoreEvent>> _subscribers = [];
    private int _version;
    private int _conflicts;

    /// <summary>So many of the next updates fail, as if somebody else had been faster.</summary>
    public void FailNextUpdates(int count) => Volatile.Write(ref _conflicts, count);

    public JsonObject? Get(ResourceName resource, string ns, string name)
    {
        lock (_gate)
        {
            return (JsonObject?)_objects.GetValueOrDefault((resource, ns, name))?.DeepClone();
        }
    }

    public IReadOnlyList<JsonObject> List(ResourceName resource, string? ns = null)
    {
        lock (_gate)
        {
            return [.. _objects.Where(entry => entry.Key.Item1 == resource && (ns is null || entry.Key.Item2 == ns)).Select(entry => (JsonObject)entry.Value.DeepClone())];
        }
    }

    public JsonObject Create(ResourceName resource, JsonObject obj)
    {
        lock (_gate)
        {
            var stored = (JsonObject)obj.DeepClone();
            var metadata = stored["metadata"]!.AsObject();
            metadata["uid"] = Guid.NewGuid().ToString();
            metadata["creationTimestamp"] = Timestamp();
            metadata["generation"] = 1;
            if (metadata["name"] is null)
            {
                metadata["name"] = $"{metadata["generateName"]}{Guid.NewGuid().ToString("N")[..5]}";
            }

            if (_objects.ContainsKey(Key(resource, stored)))
            {
                throw new InvalidOperationException($"{metadata["name"]} already exists");
            }

            return Put(StoreEventType.Added, resource, stored);
        }
    }

    public JsonObject Update(ResourceName resource, JsonObject obj, bool statusOnly = false)
    {
        lock (_gate)
        {
            var current = _objects.GetValueOrDefault(Key(resource, obj)) ?? throw new KeyNotFoundException($"{obj["metadata"]?["name"]} is gone");
            var version = (string?)obj["metadata"]!["resourceVersion"];
            if (Interlocked.Decrement(ref _conflicts) >= 0 || (!string.IsNullOrEmpty(version) && version != (string?)current["metadata"]!["resourceVersion"]))
            {
                throw new ConflictException("The object has been modified");
            }

            var stored = (JsonObject)(statusOnly ? current : obj).DeepClone();
            var other = statusOnly ? obj : current;
            stored["status"] = other["status"]?.DeepClone();
            if (!JsonNode.DeepEquals(stored["spec"], current["spec"]))
            {
                stored["metadata"]!["generation"] = (int)current["metadata"]!["generation"]! + 1;
            }

            if (JsonNode.DeepEquals(stored, current))
            {
                return stored;
            }

            if (stored["metadata"]!["deletionTimestamp"] is not null && !HasFinalizers(stored) && HasFinalizers(current))
            {
                return Remove(resource, stored);
            }

            return Put(StoreEventType.Modified, resource, stored);
        }
    }

    public void Delete(ResourceName resource, string ns, string name, bool force = false)
    {
        lock (_gate)
        {
            if (_objects.GetValueOrDefault((resource, ns, name)) is not { } current)
            {
                return;
            }

            var graceful = resource == ResourceName.Pods && current["spec"]?["nodeName"] is not null && !force;
            if (!graceful && (force || !HasFinalizers(current)))
            {
                Remove(resource, (JsonObject)current.DeepClone());
            }
            else if (current["metadata"]!["deletionTimestamp"] is null)
            {
                var stored = (JsonObject)current.DeepClone();
                stored["metadata"]!["deletionTimestamp"] = Timestamp();
                Put(StoreEventType.Modified, resource, stored);
            }
        }
    }

    public IDisposable Subscribe(Action<StoreEvent> onEvent)
    {
        lock (_gate)
        {
            _subscribers.Add(onEvent);
            return new Subscription(this, onEvent);
        }
    }

    /// <summary>Changes an object with a function, again if somebody else was faster.</summary>
    public void Change(ResourceName resource, string name, Action<JsonObject> change)
    {
        lock (_gate)
        {
            var obj = Get(resource, TestCluster.Namespace, name)!;
            change(obj);
            Update(resource, obj);
        }
    }

    private JsonObject Put(StoreEventType type, ResourceName resource, JsonObject stored)
    {
        stored["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        _objects[Key(resource, stored)] = stored;
        Tell(new(type, resource, stored));
        return (JsonObject)stored.DeepClone();
    }

    private JsonObject Remove(ResourceName resource, JsonObject stored)
    {
        _objects.Remove(Key(resource, stored));
        Tell(new(StoreEventType.Deleted, resource, stored));
        return stored;
    }

    private void Tell(StoreEvent change) => _subscribers.ForEach(subscriber => subscriber(change));

    private static bool HasFinalizers(JsonObject obj) => obj["metadata"]!["finalizers"] is JsonArray { Count: > 0 };

    private static (ResourceName, string, string) Key(ResourceName resource, JsonObject obj) =>
        (resource, (string?)obj["metadata"]!["namespace"] ?? "", (string)obj["metadata"]!["name"]!);

    private string Timestamp() => clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private sealed class Subscription(MemoryStore store, Action<StoreEvent> onEvent) : IDisposable
    {
        public void Dispose()
        {
            lock (store._gate)
            {
                store._subscribers.Remove(onEvent);
            }
        }
    }
}

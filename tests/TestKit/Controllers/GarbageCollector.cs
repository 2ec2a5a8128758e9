using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>
/// Deletes what lost its owners, by uid. Foreground deletion removes the dependents first; orphaning cuts the references instead.
/// It learns of objects from the store's changes, so dependents of any kind are collected, custom resources included.
/// </summary>
internal sealed class GarbageCollector(IObjectStore store, WorkQueue queue) : IClusterController
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";

    private readonly Dictionary<string, (ResourceName Resource, ObjectKey Key)> _known = [];
    private readonly Dictionary<string, HashSet<string>> _dependents = [];
    private readonly Dictionary<string, HashSet<string>> _owners = [];

    public void Observe(StoreEvent change)
    {
        var obj = change.Value;
        var uid = obj.Uid();
        if (change.Type == StoreEventType.Deleted)
        {
            QueueOwners(uid);
            Link(uid, []);
            _known.Remove(uid);
            foreach (var dependent in _dependents.GetValueOrDefault(uid) ?? [])
            {
                Queue(dependent);
            }

            return;
        }

        _known[uid] = (change.Resource, obj.Key());
        var owners = obj.Items("metadata", "ownerReferences").Select(owner => owner.Text("uid") ?? "").ToHashSet();
        QueueOwners(uid);
        Link(uid, owners);
        if (owners.Count > 0 || obj.IsTerminating())
        {
            Queue(uid);
        }
    }

    /// <param name="key">Not a name but a uid: what is collected is one object, never its successor of the same name.</param>
    public void Reconcile(ObjectKey key)
    {
        if (!_known.TryGetValue(key.Name, out var place)
            || store.Get(place.Resource, place.Key.Namespace, place.Key.Name) is not { } obj || obj.Uid() != key.Name)
        {
            return;
        }

        if (obj.IsTerminating())
        {
            Finalize(place.Resource, obj);
            return;
        }

        var references = obj.Items("metadata", "ownerReferences").ToList();
        if (references.Count > 0 && references.TrueForAll(reference => IsGone(reference, place.Key.Namespace)))
        {
            store.Delete(place.Resource, place.Key.Namespace, place.Key.Name);
        }
    }

    private void Finalize(ResourceName resource, JsonObject owner)
    {
        var finalizers = owner.At("metadata", "finalizers") as JsonArray;
        var has = finalizers?.Select(finalizer => finalizer.Text()).ToHashSet() ?? [];
        if (has.Contains(Orphan))
        {
            foreach (var (kind, dependent) in Dependents(owner))
            {
                dependent.RemoveOwner(owner.Uid());
                store.Update(kind, dependent);
            }

            RemoveFinalizer(resource, owner, Orphan);
        }
        else if (has.Contains(Foreground))
        {
            var blocking = 0;
            foreach (var (kind, dependent) in Dependents(owner))
            {
                var reference = dependent.Items("metadata", "ownerReferences").First(item => item.Text("uid") == owner.Uid());
                blocking += reference.Flag("blockOwnerDeletion") ? 1 : 0;
                var keptByOthers = dependent.Items("metadata", "ownerReferences")
                    .Any(item => item.Text("uid") != owner.Uid() && !IsGone(item, dependent.Namespace()));
                if (keptByOthers)
                {
                    dependent.RemoveOwner(owner.Uid());
                    store.Update(kind, dependent);
                }
                else if (!dependent.IsTerminating())
                {
                    DeleteForeground(kind, dependent);
                }
            }

            if (blocking == 0)
            {
                RemoveFinalizer(resource, owner, Foreground);
            }
        }
    }

    /// <summary>Foreground deletion goes all the way down, so that an owner outlives its grandchildren too.</summary>
    private void DeleteForeground(ResourceName resource, JsonObject obj)
    {
        if (_dependents.GetValueOrDefault(obj.Uid()) is { Count: > 0 })
        {
            var metadata = obj.Child("metadata");
            if (metadata["finalizers"] is not JsonArray finalizers)
            {
                metadata["finalizers"] = finalizers = [];
            }

            if (!finalizers.Any(finalizer => finalizer.Text() == Foreground))
            {
                finalizers.Add((JsonNode)Foreground);
                store.Update(resource, obj);
            }
        }

        store.Delete(resource, obj.Namespace(), obj.Name());
    }

    private void RemoveFinalizer(ResourceName resource, JsonObject obj, string finalizer)
    {
        ((JsonArray)obj.At("metadata", "finalizers")!).RemoveAll(item => item.Text() == finalizer);
        store.Update(resource, obj);
        // A store removes an object with its last finalizer; asked again, it has nothing to do.
        if (store.Get(resource, obj.Namespace(), obj.Name()) is { } rest && rest.Uid() == obj.Uid()
            && rest.At("metadata", "finalizers") is not JsonArray { Count: > 0 } && resource != ResourceName.Pods)
        {
            store.Delete(resource, obj.Namespace(), obj.Name());
        }
    }

    private List<(ResourceName Resource, JsonObject Value)> Dependents(JsonObject owner)
    {
        var found = new List<(ResourceName, JsonObject)>();
        foreach (var uid in _dependents.GetValueOrDefault(owner.Uid()) ?? [])
        {
            if (_known.TryGetValue(uid, out var place) && store.Get(place.Resource, place.Key.Namespace, place.Key.Name) is { } obj && obj.Uid() == uid
                && obj.Items("metadata", "ownerReferences").Any(reference => reference.Text("uid") == owner.Uid()))
            {
                found.Add((place.Resource, obj));
            }
        }

        return found;
    }

    /// <summary>An owner that was never seen is looked up, for it may be older than this collector.</summary>
    private bool IsGone(JsonObject reference, string ns)
    {
        var uid = reference.Text("uid") ?? "";
        var name = reference.Text("name") ?? "";
        if (_known.TryGetValue(uid, out var place))
        {
            return store.Get(place.Resource, place.Key.Namespace, place.Key.Name)?.Uid() != uid;
        }

        var apiVersion = reference.Text("apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var resource = new ResourceName(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], Plural(reference.Text("kind") ?? ""));
        return store.Get(resource, ns, name)?.Uid() != uid && store.Get(resource, "", name)?.Uid() != uid;
    }

    private static string Plural(string kind)
    {
        var word = kind.ToLowerInvariant();
        return word switch
        {
            "endpoints" => word,
            _ when word.EndsWith('s') || word.EndsWith("ch", StringComparison.Ordinal) => word + "es",
            _ when word.EndsWith('y') && !word.EndsWith("ay", StringComparison.Ordinal) => word[..^1] + "ies",
            _ => word + "s",
        };
    }

    private void Link(string uid, HashSet<string> owners)
    {
        foreach (var owner in _owners.GetValueOrDefault(uid) ?? [])
        {
            if (_dependents.TryGetValue(owner, out var former) && former.Remove(uid) && former.Count == 0)
            {
                _dependents.Remove(owner);
            }
        }

        if (owners.Count == 0)
        {
            _owners.Remove(uid);
            return;
        }

        _owners[uid] = owners;
        foreach (var owner in owners)
        {
            if (!_dependents.TryGetValue(owner, out var dependents))
            {
                _dependents[owner] = dependents = [];
            }

            dependents.Add(uid);
        }
    }

    private void QueueOwners(string uid)
    {
        // An owner that is being deleted may have waited for this one.
        foreach (var owner in _owners.GetValueOrDefault(uid) ?? [])
        {
            Queue(owner);
        }
    }

    private void Queue(string uid) => queue.Add(this, new("", uid));
}

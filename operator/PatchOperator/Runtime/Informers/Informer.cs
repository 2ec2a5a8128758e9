using System.Text.Json;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>What readiness asks of an informer without knowing its type.</summary>
internal interface IInformerHealth
{
    /// <summary>Null while the copy is complete and its watch lives; otherwise one sentence.</summary>
    string? Problem { get; }
}

/// <summary>The copy and its subscribers; <see cref="Reflector{T}"/> feeds it from the server.</summary>
internal sealed class Informer<T>(ResourceType<T> type, string? ns, Selector? selector, RuntimeMetrics metrics, ILogger logger)
    : IInformer<T>
    where T : class, IResource
{
    /// <summary>Held while subscribers are told, so that each hears of every change in the order in which the copy changed.</summary>
    private readonly Lock announcing = new();

    /// <summary>Guards the copy, and never while a subscriber runs: a subscriber may read other informers whose subscribers read this one.</summary>
    private readonly Lock gate = new();

    private readonly InformerCache<T> cache = new();
    private readonly UndecodableObjects undecodable = new();
    private readonly List<Subscription> subscribers = [];
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ResourceType<T> Type { get; } = type;

    public string? Namespace { get; } = ns;

    public Selector? Selector { get; } = selector;

    public bool HasSynced => synced.Task.IsCompleted;

    public IReadOnlyList<UndecodableObject> Undecodable
    {
        get
        {
            lock (gate)
            {
                return undecodable.All;
            }
        }
    }

    public T? Get(ObjectKey key)
    {
        lock (gate)
        {
            return cache.Get(key);
        }
    }

    public IReadOnlyCollection<T> List(string? ns = null, Func<T, bool>? where = null)
    {
        lock (gate)
        {
            return cache.List(ns, where);
        }
    }

    public IDisposable Subscribe(Action<InformerEvent<T>> onEvent)
    {
        var subscription = new Subscription(this, onEvent);
        lock (announcing)
        {
            subscribers.Add(subscription);
            foreach (var item in List())
            {
                Call(subscription, new InformerEvent<T>(InformerEventType.Added, item));
            }
        }

        return subscription;
    }

    public void Observe(T written) => Update(() => cache.Observe(written));

    public Task WaitForSyncAsync(CancellationToken cancellation) => synced.Task.WaitAsync(cancellation);

    /// <summary>Takes over a complete list.</summary>
    public void Replace(IReadOnlyCollection<T> listed, IReadOnlyCollection<UndecodableObject> unreadable, string version)
    {
        Update(() =>
        {
            var keys = unreadable.Select(bad => bad.Key).ToHashSet();
            undecodable.Keep(keys);
            foreach (var bad in unreadable)
            {
                Report(bad);
            }

            return cache.Replace(listed, keys, version);
        });
        synced.TrySetResult();
    }

    /// <summary>Takes over one line of the watch that is about an object.</summary>
    /// <returns>The object's resourceVersion, from which the watch can resume; empty if it has none.</returns>
    public string Change(string change, JsonElement item)
    {
        metrics.WatchEvent(Type, change);
        T? decoded = null;
        UndecodableObject? bad = null;
        try
        {
            decoded = item.Deserialize(Type.Json) ?? throw new JsonException("The object is null");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or FormatException or InvalidOperationException)
        {
            bad = UndecodableObjects.Describe(item, exception.Message);
        }

        Update(() =>
        {
            if (decoded is not null)
            {
                undecodable.Remove(ObjectKey.Of(decoded));
                return change == "DELETED" ? cache.Deleted(decoded) : cache.Changed(decoded);
            }

            if (change == "DELETED")
            {
                undecodable.Remove(bad!.Key);
                return cache.Deleted(bad.Key, bad.Uid);
            }

            Report(bad!);
            return [];
        });
        return decoded?.Metadata.ResourceVersion ?? bad!.ResourceVersion;
    }

    /// <summary>A bookmark.</summary>
    public void Reached(string version)
    {
        lock (gate)
        {
            cache.Reached(version);
        }
    }

    private void Report(UndecodableObject bad)
    {
        if (undecodable.Add(bad))
        {
            metrics.Undecodable(Type);
            logger.LogError("{Resource} {Object} at version {ResourceVersion} does not fit its type and is left out: {Error}",
                Type.ToString(), bad.Key, bad.ResourceVersion, bad.Error);
        }
    }

    private void Update(Func<List<InformerEvent<T>>> change)
    {
        lock (announcing)
        {
            List<InformerEvent<T>> events;
            lock (gate)
            {
                events = change();
            }

            foreach (var item in events)
            {
                foreach (var subscriber in subscribers.ToArray())
                {
                    Call(subscriber, item);
                }
            }
        }
    }

    private void Call(Subscription subscriber, InformerEvent<T> change)
    {
        try
        {
            subscriber.OnEvent(change);
        }
        catch (Exception exception)
        {
            // One broken subscriber must not keep the others, or the copy, from moving on.
            logger.LogError(exception, "A subscriber of {Resource} failed on {Change} of {Object}", Type.ToString(), change.Type, ObjectKey.Of(change.Object));
        }
    }

    private sealed class Subscription(Informer<T> informer, Action<InformerEvent<T>> onEvent) : IDisposable
    {
        public Action<InformerEvent<T>> OnEvent { get; } = onEvent;

        public void Dispose()
        {
            lock (informer.announcing)
            {
                informer.subscribers.Remove(this);
            }
        }
    }
}

using System.Collections.Immutable;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Makes the server misbehave. Hooks are asked in the order they were added; the first answer that is not null counts.</summary>
public sealed class FaultInjector
{
    private readonly VersionedStore _store;
    private readonly WatchHub _watches;
    private readonly ConnectionGate _connections;
    private ImmutableList<Hook> _before = [];
    private ImmutableList<Hook> _after = [];

    internal FaultInjector(VersionedStore store, WatchHub watches, ConnectionGate connections)
    {
        _store = store;
        _watches = watches;
        _connections = connections;
    }

    public int OpenWatches => _watches.Count;

    /// <summary>Asked before a call is executed. Dispose the result to remove the hook.</summary>
    public IDisposable Before(Func<ApiRequest, FaultAction?> hook) => new Hook(hook, h => Update(ref _before, l => l.Remove(h))).AddTo(h => Update(ref _before, l => l.Add(h)));

    /// <summary>Asked after a call was executed and before it is answered; a watch counts as executed when it opens.</summary>
    public IDisposable After(Func<ApiRequest, FaultAction?> hook) => new Hook(hook, h => Update(ref _after, l => l.Remove(h))).AddTo(h => Update(ref _after, l => l.Add(h)));

    /// <summary>Ends all watches as a server that shuts down does: the stream just ends.</summary>
    public void DropWatches() => _watches.CloseAll();

    /// <summary>Open watches stay open and hear nothing more; what happens until <see cref="ResumeWatches"/> is lost to them.</summary>
    public void SilenceWatches() => _watches.Silence(true);

    public void ResumeWatches() => _watches.Silence(false);

    /// <summary>What watches bring comes this much later from now on: whoever reads from a cache acts on what is past.</summary>
    public void DelayWatches(TimeSpan by) => _watches.Lag = by;

    /// <summary>Sends a bookmark to every open watch that asked for bookmarks.</summary>
    public void SendBookmarks() => _watches.BookmarkAll();

    /// <summary>Every resource version and continue token handed out so far expires: 410 Gone.</summary>
    public void Compact() => _store.Compact();

    /// <summary>Tells every open watch 410 Expired inside its stream, then ends it.</summary>
    public void ExpireWatchesInStream() =>
        _watches.FailAll(ApiException.Expired($"too old resource version: the requested one is gone ({_store.Revision})"));

    /// <summary>While on, all connections are closed and new ones are closed at once.</summary>
    public void Outage(bool on) => _connections.Refuse(on);

    internal FaultAction? AskBefore(ApiRequest request) => Ask(_before, request);

    internal FaultAction? AskAfter(ApiRequest request) => Ask(_after, request);

    private static FaultAction? Ask(ImmutableList<Hook> hooks, ApiRequest request)
    {
        foreach (var hook in hooks)
        {
            if (hook.Ask(request) is { } action)
            {
                return action;
            }
        }

        return null;
    }

    private static void Update(ref ImmutableList<Hook> hooks, Func<ImmutableList<Hook>, ImmutableList<Hook>> change) =>
        ImmutableInterlocked.Update(ref hooks, change);

    private sealed class Hook(Func<ApiRequest, FaultAction?> ask, Action<Hook> remove) : IDisposable
    {
        public FaultAction? Ask(ApiRequest request) => ask(request);

        public Hook AddTo(Action<Hook> add)
        {
            add(this);
            return this;
        }

        public void Dispose() => remove(this);
    }
}

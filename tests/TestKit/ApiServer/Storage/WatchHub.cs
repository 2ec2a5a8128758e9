using System.Collections.Immutable;
using System.Threading.Channels;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>What a watch connection is told: a change, a bookmark at a revision, or the error that ends it.</summary>
internal abstract record WatchMessage
{
    internal sealed record Changed(Change Change) : WatchMessage;

    internal sealed record Bookmark(long Revision, bool EndsInitialEvents) : WatchMessage;

    internal sealed record Failed(ApiException Error) : WatchMessage;
}

/// <summary>One open watch; messages are queued in the order of their revisions.</summary>
internal sealed class WatchSession(ResourceName resource, TimeProvider time)
{
    private readonly Channel<(WatchMessage Message, long SentAt)> _messages = Channel.CreateUnbounded<(WatchMessage, long)>(new UnboundedChannelOptions { SingleReader = true });

    public ResourceName Resource { get; } = resource;

    /// <summary>A silenced connection loses what happens meanwhile, as behind a firewall that forgot the flow.</summary>
    public bool Silenced { get; set; }

    public ChannelReader<(WatchMessage Message, long SentAt)> Messages => _messages.Reader;

    public void Send(WatchMessage message)
    {
        if (!Silenced)
        {
            _messages.Writer.TryWrite((message, time.GetTimestamp()));
        }
    }

    public void Close() => _messages.Writer.TryComplete();
}

/// <summary>All open watches.</summary>
internal sealed class WatchHub
{
    private readonly VersionedStore _store;
    private readonly TimeProvider _time;
    private ImmutableList<WatchSession> _sessions = [];
    private long _lag;

    public WatchHub(VersionedStore store, TimeProvider time)
    {
        _store = store;
        _time = time;
        store.Committed += Deliver;
    }

    /// <summary>How long every message is under way before its watcher sees it.</summary>
    public TimeSpan Lag
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _lag));
        set => Interlocked.Exchange(ref _lag, value.Ticks);
    }

    public int Count => _sessions.Count;

    /// <summary>Opens a watch that misses nothing: the backlog and the registration happen at one revision.</summary>
    /// <param name="since">Null starts with the state of now, as synthetic additions.</param>
    public WatchSession Open(ResourceName resource, string? ns, long? since, bool endWithBookmark)
    {
        lock (_store.Gate)
        {
            var session = new WatchSession(resource, _time);
            if (since is { } revision)
            {
                foreach (var change in _store.ChangesSince(resource, revision))
                {
                    session.Send(new WatchMessage.Changed(change));
                }
            }
            else
            {
                foreach (var stored in _store.List(resource, ns))
                {
                    session.Send(new WatchMessage.Changed(new Change(stored.Revision, StoreEventType.Added, resource, stored, null)));
                }

                if (endWithBookmark)
                {
                    session.Send(new WatchMessage.Bookmark(_store.Revision, EndsInitialEvents: true));
                }
            }

            _sessions = _sessions.Add(session);
            return session;
        }
    }

    public void Remove(WatchSession session)
    {
        lock (_store.Gate)
        {
            _sessions = _sessions.Remove(session);
        }

        session.Close();
    }

    public void Bookmark(WatchSession session)
    {
        // Inside the gate: no change up to this revision may still be on its way.
        lock (_store.Gate)
        {
            session.Send(new WatchMessage.Bookmark(_store.Revision, EndsInitialEvents: false));
        }
    }

    public void BookmarkAll() => ForEach(Bookmark);

    public void CloseAll() => ForEach(session => session.Close());

    public void Silence(bool on) => ForEach(session => session.Silenced = on);

    public void FailAll(ApiException error) => ForEach(session =>
    {
        session.Send(new WatchMessage.Failed(error));
        session.Close();
    });

    private void ForEach(Action<WatchSession> action)
    {
        lock (_store.Gate)
        {
            _sessions.ForEach(action);
        }
    }

    private void Deliver(Change change)
    {
        foreach (var session in _sessions)
        {
            if (session.Resource == change.Resource)
            {
                session.Send(new WatchMessage.Changed(change));
            }
        }
    }
}

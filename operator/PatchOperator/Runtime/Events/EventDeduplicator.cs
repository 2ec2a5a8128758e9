namespace PatchOperator.Runtime;

/// <summary>What makes two events the same.</summary>
internal readonly record struct EventIdentity(string Uid, EventType Type, string Reason, string Message);

/// <param name="Name">The Event object's name.</param>
/// <param name="Count">With this repetition.</param>
/// <param name="First">When it was first published.</param>
internal readonly record struct PublishedEvent(string Name, int Count, DateTimeOffset First);

/// <summary>
/// Remembers the latest events, to count repetitions instead of creating them anew. No I/O. Holds a fixed number: the longest unused is forgotten first,
/// which costs at worst a second Event object.
/// </summary>
internal sealed class EventDeduplicator(int capacity, TimeSpan window)
{
    private readonly Lock gate = new();
    private readonly Dictionary<EventIdentity, LinkedListNode<(EventIdentity Identity, PublishedEvent Event, DateTimeOffset Last)>> known = [];
    private readonly LinkedList<(EventIdentity Identity, PublishedEvent Event, DateTimeOffset Last)> byUse = [];

    public int Count
    {
        get
        {
            lock (gate)
            {
                return known.Count;
            }
        }
    }

    /// <param name="identity">The event.</param>
    /// <param name="newName">The name to use if it is not a repetition.</param>
    /// <param name="now">The time.</param>
    /// <returns>With Count 1 if it is new or its last occurrence is longer ago than the window.</returns>
    public PublishedEvent Occurred(EventIdentity identity, string newName, DateTimeOffset now)
    {
        lock (gate)
        {
            var occurred = new PublishedEvent(newName, 1, now);
            if (known.Remove(identity, out var node))
            {
                byUse.Remove(node);
                if (now - node.Value.Last <= window)
                {
                    occurred = node.Value.Event with { Count = node.Value.Event.Count + 1 };
                }
            }

            known[identity] = byUse.AddLast((identity, occurred, now));
            if (known.Count > capacity)
            {
                known.Remove(byUse.First!.Value.Identity);
                byUse.RemoveFirst();
            }

            return occurred;
        }
    }

    /// <summary>The event could not be written or is gone from the server: the next occurrence is a new one.</summary>
    public void Forget(EventIdentity identity)
    {
        lock (gate)
        {
            if (known.Remove(identity, out var node))
            {
                byUse.Remove(node);
            }
        }
    }
}

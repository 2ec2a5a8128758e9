using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>A controller inside the simulated cluster. Both methods run on the one worker, so they need no locks.</summary>
internal interface IClusterController
{
    /// <summary>Finds out which objects a change concerns and queues them.</summary>
    void Observe(StoreEvent change);

    /// <summary>Brings one object to its desired state. May throw: conflicts are retried at once, anything else a little later.</summary>
    void Reconcile(ObjectKey key);
}

internal readonly record struct WorkItem(IClusterController Controller, ObjectKey Key);

/// <summary>
/// Changes in order, and objects to reconcile at most once each. Changes come first, so a reconcile never misses what led to it.
/// The queue knows when nothing is left to do but wait for the clock, which is what makes tests with a fake clock exact.
/// </summary>
internal sealed class WorkQueue(TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<StoreEvent> _changes = new();
    private readonly Queue<WorkItem> _items = new();
    private readonly HashSet<WorkItem> _queued = [];
    private readonly Dictionary<WorkItem, (ITimer Timer, DateTimeOffset Due)> _delayed = [];
    private readonly List<TaskCompletionSource> _idleWaiters = [];
    private TaskCompletionSource? _sleeping;
    private bool _working;
    private bool _closed;

    public void Post(StoreEvent change)
    {
        lock (_gate)
        {
            _changes.Enqueue(change);
            Wake();
        }
    }

    public void Add(IClusterController controller, ObjectKey key)
    {
        lock (_gate)
        {
            var item = new WorkItem(controller, key);
            if (_queued.Add(item))
            {
                _items.Enqueue(item);
                Wake();
            }
        }
    }

    /// <summary>Of several delays for one object the shortest counts.</summary>
    public void AddAfter(IClusterController controller, ObjectKey key, TimeSpan delay)
    {
        var item = new WorkItem(controller, key);
        if (delay <= TimeSpan.Zero)
        {
            Add(controller, key);
            return;
        }

        lock (_gate)
        {
            var due = clock.GetUtcNow() + delay;
            if (_closed || (_delayed.TryGetValue(item, out var earlier) && earlier.Due <= due))
            {
                return;
            }

            earlier.Timer?.Dispose();
            _delayed[item] = (clock.CreateTimer(_ => Fire(item, due), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Takes one change or one object; when there is neither, the caller is taken to be idle.</summary>
    public bool TryTake(out StoreEvent? change, out WorkItem item)
    {
        lock (_gate)
        {
            item = default;
            if (_changes.TryDequeue(out change))
            {
                return _working = true;
            }

            if (_items.TryDequeue(out item))
            {
                // Leaves the set before the work begins: a change that comes meanwhile queues it again.
                _queued.Remove(item);
                return _working = true;
            }

            _working = false;
            _idleWaiters.ForEach(waiter => waiter.TrySetResult());
            _idleWaiters.Clear();
            return false;
        }
    }

    public Task WaitForWorkAsync()
    {
        lock (_gate)
        {
            if (_closed || HasWork)
            {
                return Task.CompletedTask;
            }

            _sleeping = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _sleeping.Task;
        }
    }

    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (_closed || (!HasWork && !_working))
            {
                return Task.CompletedTask;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _idleWaiters.Add(waiter);
            return waiter.Task;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var (timer, _) in _delayed.Values)
            {
                timer.Dispose();
            }

            _delayed.Clear();
            _idleWaiters.ForEach(waiter => waiter.TrySetResult());
            _idleWaiters.Clear();
            Wake();
        }
    }

    private bool HasWork => _changes.Count > 0 || _items.Count > 0;

    private void Fire(WorkItem item, DateTimeOffset due)
    {
        lock (_gate)
        {
            // A timer that was replaced may still fire once.
            if (!_delayed.TryGetValue(item, out var current) || current.Due != due)
            {
                return;
            }

            current.Timer.Dispose();
            _delayed.Remove(item);
        }

        Add(item.Controller, item.Key);
    }

    private void Wake()
    {
        _sleeping?.TrySetResult();
        _sleeping = null;
    }
}

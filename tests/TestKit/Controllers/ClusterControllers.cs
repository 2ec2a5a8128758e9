using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>
/// The controllers of a small cluster around an <see cref="IObjectStore"/>: Deployments, ReplicaSets, StatefulSets, one kubelet, Services, endpoints and garbage collection.
/// One worker runs them all, driven by the store's changes; nothing polls but the kubelet, for runtimes that cannot notify.
/// </summary>
public sealed class ClusterControllers : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly ResourceName[] KnownResources =
    [
        ResourceName.Deployments, ResourceName.ReplicaSets, ResourceName.StatefulSets, ResourceName.Pods,
        ResourceName.Services, ResourceName.Endpoints, ResourceName.EndpointSlices,
    ];

    private readonly WorkQueue _queue;
    private readonly Kubelet _kubelet;
    private readonly IReadOnlyList<IClusterController> _controllers;
    private readonly ClusterControllersOptions _options;
    private readonly IDisposable _subscription;
    private readonly Task _worker;
    private volatile bool _stopping;
    private int _errors;

    public ClusterControllers(IObjectStore store, IPodRuntime runtime, TimeProvider clock, ClusterControllersOptions? options = null)
    {
        _options = options ?? new();
        _queue = new(clock);
        _kubelet = new(store, runtime, _queue, clock, _options);
        _controllers =
        [
            new GarbageCollector(store, _queue),
            new ServiceController(store, _queue, _options),
            new EndpointsController(store, _queue),
            new DeploymentController(store, _queue, clock),
            new ReplicaSetController(store, _queue, clock),
            new StatefulSetController(store, _queue),
            _kubelet,
        ];

        // Subscribed before the lists are read: a change in between is seen twice, never missed.
        _subscription = store.Subscribe(_queue.Post);
        foreach (var resource in KnownResources)
        {
            foreach (JsonObject existing in store.List(resource))
            {
                _queue.Post(new(StoreEventType.Added, resource, existing));
            }
        }

        _worker = Task.Run(WorkAsync);
    }

    /// <summary>Unexpected errors so far, conflicts not among them; tests can assert zero.</summary>
    public int Errors => Volatile.Read(ref _errors);

    /// <summary>Completes when every change the store has told of is worked off, and only the clock, a pod or a new change can bring more work.</summary>
    public Task WhenIdleAsync() => _queue.WhenIdleAsync();

    /// <summary>Stops the controllers, then kills the pods; the store keeps its objects.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        _subscription.Dispose();
        _queue.Dispose();
        await _worker;
        await _kubelet.DisposeAsync();
    }

    private async Task WorkAsync()
    {
        while (!_stopping)
        {
            if (!_queue.TryTake(out var change, out var item))
            {
                await _queue.WaitForWorkAsync();
            }
            else if (change is not null)
            {
                foreach (var controller in _controllers)
                {
                    Guard(controller, () => controller.Observe(change));
                }
            }
            else if (!Guard(item.Controller, () => item.Controller.Reconcile(item.Key), () => _queue.Add(item.Controller, item.Key)))
            {
                _queue.AddAfter(item.Controller, item.Key, RetryDelay);
            }
        }
    }

    private bool Guard(IClusterController controller, Action action, Action? onConflict = null)
    {
        try
        {
            action();
            return true;
        }
        catch (ConflictException) when (onConflict is not null)
        {
            onConflict();
            return true;
        }
        catch (Exception error)
        {
            Interlocked.Increment(ref _errors);
            _options.OnError?.Invoke(controller.GetType().Name, error);
            return false;
        }
    }
}

using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Scheduler and nodes in one: binds pods, runs them through the runtime, reports their state and takes them down in order.</summary>
internal sealed class Kubelet(IObjectStore store, IPodRuntime runtime, WorkQueue queue, TimeProvider clock, ClusterControllersOptions options)
    : IClusterController, IAsyncDisposable
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(30);

    // Touched by the worker alone.
    private readonly Dictionary<string, NodePod> _running = [];
    private readonly Dictionary<ObjectKey, string> _uids = [];

    public void Observe(StoreEvent change)
    {
        if (change.Resource == ResourceName.Pods)
        {
            queue.Add(this, change.Value.Key());
        }
    }

    public void Reconcile(ObjectKey key)
    {
        var pod = store.Get(ResourceName.Pods, key.Namespace, key.Name);
        if (_uids.TryGetValue(key, out var uid) && uid != pod?.Uid())
        {
            // Removed by force, and perhaps there is already another pod of that name.
            _uids.Remove(key);
            if (_running.Remove(uid, out var orphan))
            {
                _ = orphan.StopAsync(TimeSpan.Zero, null);
            }
        }

        if (pod is null)
        {
            return;
        }

        if (pod.IsTerminating())
        {
            TakeDown(pod);
            return;
        }

        if (pod.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return;
        }

        if (pod.Text("spec", "nodeName") is null)
        {
            pod.Child("spec")["nodeName"] = options.Nodes.MinBy(node => _running.Values.Count(running => running.Node == node));
            pod = store.Update(ResourceName.Pods, pod);
        }

        Report(pod, _running.TryGetValue(pod.Uid(), out var known) ? known : StartPod(pod));
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_running.Values.Select(pod => pod.StopAsync(TimeSpan.Zero, null)));

    private NodePod StartPod(JsonObject pod)
    {
        var key = pod.Key();
        var started = new NodePod(runtime.Start(pod.Copy()), pod.Text("spec", "nodeName")!, clock.GetUtcNow());
        _running[pod.Uid()] = started;
        _uids[key] = pod.Uid();
        if (started.Instance is IObservablePod observable)
        {
            observable.Changed += () => queue.Add(this, key);
        }

        return started;
    }

    private void Report(JsonObject pod, NodePod running)
    {
        var now = clock.GetUtcNow();
        var delay = TimeSpan.FromSeconds(pod.Items("spec", "containers")
            .Select(container => container.Number("readinessProbe", "initialDelaySeconds") ?? 0).DefaultIfEmpty(0).Max());
        var probesFrom = running.Started + delay;
        var status = PodStatus.Next(pod, running, options.HostIp, now >= probesFrom, now);
        if (!JsonNode.DeepEquals(status, pod["status"]))
        {
            pod["status"] = status;
            store.Update(ResourceName.Pods, pod, statusOnly: true);
        }

        if (now < probesFrom)
        {
            queue.AddAfter(this, pod.Key(), probesFrom - now);
        }
        else if (running.Instance is not IObservablePod)
        {
            queue.AddAfter(this, pod.Key(), options.PodPollInterval);
        }
    }

    private void TakeDown(JsonObject pod)
    {
        var key = pod.Key();
        if (!_running.TryGetValue(pod.Uid(), out var running))
        {
            Remove(pod);
        }
        else if (running.Stopped)
        {
            _running.Remove(pod.Uid());
            _uids.Remove(key);
            Remove(pod);
        }
        else
        {
            var seconds = pod.Number("metadata", "deletionGracePeriodSeconds") ?? pod.Number("spec", "terminationGracePeriodSeconds");
            var grace = seconds is { } given ? TimeSpan.FromSeconds(given) : DefaultGrace;
            _ = running.StopAsync(grace, () => queue.Add(this, key));
        }
    }

    private void Remove(JsonObject pod)
    {
        // Somebody else's finalizer keeps the object; its removal brings us back here.
        if (pod.At("metadata", "finalizers") is not JsonArray { Count: > 0 })
        {
            store.Delete(ResourceName.Pods, pod.Namespace(), pod.Name(), force: true);
        }
    }
}

/// <summary>A pod as its node sees it.</summary>
internal sealed class NodePod(IRunningPod instance, string node, DateTimeOffset started)
{
    private int _stopping;

    public IRunningPod Instance => instance;

    public string Node => node;

    public DateTimeOffset Started => started;

    public bool Stopped { get; private set; }

    /// <summary>Only the first call stops the pod; the others return at once.</summary>
    public async Task StopAsync(TimeSpan grace, Action? whenStopped)
    {
        if (Interlocked.Exchange(ref _stopping, 1) != 0)
        {
            return;
        }

        try
        {
            await instance.StopAsync(grace).ConfigureAwait(false);
            await instance.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Stopped = true;
            whenStopped?.Invoke();
        }
    }
}

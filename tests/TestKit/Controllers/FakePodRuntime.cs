using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Pods that are states only: no process runs, and all time is the given clock's. Addresses are unique, in 10/8.</summary>
public sealed class FakePodRuntime(TimeProvider clock) : IPodRuntime
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PodBehaviour> _behaviours = [];
    private readonly HashSet<FakePod> _running = [];
    private int _started;

    /// <summary>For images that have no behaviour of their own.</summary>
    public PodBehaviour Default { get; init; } = PodBehaviour.ReadyAtOnce;

    /// <summary>Pods of one key behave alike; the first container's image unless a test must tell pods of one image apart.</summary>
    public Func<JsonObject, string> KeyOf { get; init; } = ImageOf;

    /// <summary>Pods that run now, those that are stopping included.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Pods ever started.</summary>
    public int Started => Volatile.Read(ref _started);

    public int RunningOf(string image)
    {
        lock (_gate)
        {
            return _running.Count(pod => pod.Image == image);
        }
    }

    public static string ImageOf(JsonObject pod) => pod.Items("spec", "containers").FirstOrDefault().Text("image") ?? "";

    /// <summary>Takes effect at once on pods of that image (or other key) that already run.</summary>
    public void Set(string image, PodBehaviour behaviour)
    {
        List<FakePod> affected;
        lock (_gate)
        {
            _behaviours[image] = behaviour;
            affected = [.. _running.Where(pod => pod.Image == image)];
        }

        affected.ForEach(pod => pod.Behave(behaviour));
    }

    public IRunningPod Start(JsonObject pod)
    {
        var number = Interlocked.Increment(ref _started);
        var image = KeyOf(pod);
        var running = new FakePod(image, $"10.{1 + (number / 64516)}.{number / 254 % 254}.{1 + (number % 254)}", clock, Forget);
        PodBehaviour behaviour;
        lock (_gate)
        {
            _running.Add(running);
            behaviour = _behaviours.GetValueOrDefault(image, Default);
        }

        running.Behave(behaviour);
        return running;
    }

    private void Forget(FakePod pod)
    {
        lock (_gate)
        {
            _running.Remove(pod);
        }
    }
}

internal sealed class FakePod(string image, string ip, TimeProvider clock, Action<FakePod> onStopped) : IObservablePod
{
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _started = clock.GetUtcNow();
    private PodBehaviour _behaviour = PodBehaviour.NeverReady;
    private ITimer? _readyTimer;
    private ITimer? _restartTimer;

    public event Action? Changed;

    public string Image => image;

    public string Ip => ip;

    public bool Ready { get; private set; }

    public (string Reason, string Message)? Waiting { get; private set; }

    public int RestartCount { get; private set; }

    public void Behave(PodBehaviour behaviour)
    {
        lock (_gate)
        {
            _readyTimer?.Dispose();
            _restartTimer?.Dispose();
            _behaviour = behaviour;
            Waiting = behaviour.Waiting;
            var wait = _started + behaviour.ReadyAfter - clock.GetUtcNow();
            Ready = wait <= TimeSpan.Zero && Waiting is null;
            _readyTimer = wait > TimeSpan.Zero ? clock.CreateTimer(_ => BecomeReady(), null, wait.Value, Timeout.InfiniteTimeSpan) : null;
            if (behaviour.RestartEvery is { } pace)
            {
                RestartCount++;
                _restartTimer = clock.CreateTimer(_ => Restart(), null, pace, pace);
            }
        }

        Changed?.Invoke();
    }

    public async Task StopAsync(TimeSpan gracePeriod)
    {
        TimeSpan wait;
        lock (_gate)
        {
            wait = _behaviour.StopAfter < gracePeriod ? _behaviour.StopAfter : gracePeriod;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock).ConfigureAwait(false);
        }

        lock (_gate)
        {
            Ready = false;
            _readyTimer?.Dispose();
            _restartTimer?.Dispose();
        }

        onStopped(this);
    }

    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero);

    private void BecomeReady()
    {
        Ready = Waiting is null;
        Changed?.Invoke();
    }

    private void Restart()
    {
        RestartCount++;
        Changed?.Invoke();
    }
}

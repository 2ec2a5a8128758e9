using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>What an image runs: an executable of this machine.</summary>
public sealed record LaunchCommand(string File, params string[] Arguments)
{
    /// <summary>Comes before the pod's own environment, which may override it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

public sealed record ProcessPodRuntimeOptions
{
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The first restart is immediate; then this delay, doubled each time, up to <see cref="MaxRestartDelay"/>.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxRestartDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Lines of output kept per container.</summary>
    public int OutputLines { get; init; } = 500;
}

/// <summary>
/// Every container is a real process that listens on its pod's own loopback address (Linux: all of 127/8 is usable).
/// The processes end with the runtime, also when this process is killed.
/// </summary>
public sealed class ProcessPodRuntime(TimeProvider clock, ProcessPodRuntimeOptions? options = null) : IPodRuntime, IAsyncDisposable
{
    // One counter for all runtimes of this process, and a network of its own per process, so that parallel test runs do not meet.
    private static readonly int Network = 2 + (Environment.ProcessId % 200);
    private const int StoppedPodsKept = 20;
    private static int s_lastAddress;

    private readonly ConcurrentDictionary<string, LaunchCommand> _commands = new();
    private readonly ConcurrentDictionary<ProcessPod, string> _pods = new();
    private readonly ConcurrentQueue<(string Pod, IReadOnlyList<string> Output)> _stopped = new();
    private readonly ProcessReaper _reaper = new();
    private readonly HttpClient _probes = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(1) })
    {
        Timeout = TimeSpan.FromSeconds(1),
    };

    public int Running => _pods.Count;

    /// <summary>Counts for pods that start, and containers that restart, from now on. An image without a command cannot be pulled.</summary>
    public void SetCommand(string image, LaunchCommand command) => _commands[image] = command;

    public IRunningPod Start(JsonObject pod)
    {
        var number = Interlocked.Increment(ref s_lastAddress);
        var context = new ProcessPodContext(pod, $"127.{Network}.{number / 254 % 254}.{1 + (number % 254)}", _commands, _probes, _reaper, clock, options ?? new());
        var running = new ProcessPod(context, Forget);
        _pods[running] = $"{pod.Namespace()}/{pod.Name()}";
        running.Run();
        return running;
    }

    /// <summary>The last lines a pod wrote, standard error included; also of the pods that stopped last. Empty when there is no such pod.</summary>
    public IReadOnlyList<string> Output(string ns, string name) =>
        _pods.FirstOrDefault(entry => entry.Value == $"{ns}/{name}").Key?.Output
        ?? _stopped.LastOrDefault(entry => entry.Pod == $"{ns}/{name}").Output
        ?? [];

    /// <summary>Process ids of a pod's containers, for tests that kill one.</summary>
    public IReadOnlyList<int> ProcessIds(string ns, string name) =>
        _pods.FirstOrDefault(entry => entry.Value == $"{ns}/{name}").Key?.ProcessIds ?? [];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_pods.Keys.Select(pod => pod.StopAsync(TimeSpan.Zero)));
        _reaper.Dispose();
        _probes.Dispose();
    }

    private void Forget(ProcessPod pod)
    {
        if (!_pods.TryGetValue(pod, out var name))
        {
            return;
        }

        _stopped.Enqueue((name, pod.Output));
        if (_stopped.Count > StoppedPodsKept)
        {
            _stopped.TryDequeue(out _);
        }

        _pods.TryRemove(pod, out _);
    }
}

internal sealed record ProcessPodContext(
    JsonObject Pod,
    string Ip,
    ConcurrentDictionary<string, LaunchCommand> Commands,
    HttpClient Probes,
    ProcessReaper Reaper,
    TimeProvider Clock,
    ProcessPodRuntimeOptions Options);

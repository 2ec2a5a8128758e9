using System.Diagnostics;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.Controllers;
using PatchOperator.Tests.Cluster.Traffic;
using Xunit;

namespace PatchOperator.Tests.Cluster.Controllers;

/// <summary>
/// Real processes: needs Linux (all of 127/8) and /bin/sh, nothing else. The shell scripts cannot listen,
/// so where a pod must answer its probe the test listens on the pod's address in its stead.
/// </summary>
[Trait("Needs", "Linux")]
public sealed class ProcessPodRuntimeTests : IAsyncDisposable
{
    private const string Wait = "while :; do sleep 0.05; done";

    private readonly ProcessPodRuntime _runtime = new(TimeProvider.System, new() { RestartDelay = TimeSpan.FromMilliseconds(200), MaxRestartDelay = TimeSpan.FromSeconds(30) });

    public ProcessPodRuntimeTests() => Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/bin/sh"), "Needs Linux and /bin/sh");

    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

    [Fact]
    public async Task A_process_gets_its_address_and_its_environment_and_is_ready_once_its_probe_answers()
    {
        var status = 503;
        Use("echo \"$POD_NAMESPACE/$POD_NAME at $POD_IP says $GREETING\"; " + Wait);
        var pod = _runtime.Start(Pod());
        await Eventually.TrueAsync(() => Output.Contains($"shop/web-1 at {pod.Ip} says hello"));
        Assert.False(pod.Ready);

        await using var listener = await StubPod.StartAsync(context => Task.FromResult(context.Response.StatusCode = Volatile.Read(ref status)), pod.Ip);
        await Eventually.TrueAsync(() => listener.Requests.Contains("GET /healthz"));
        Assert.False(pod.Ready);
        Volatile.Write(ref status, 200);
        await Eventually.TrueAsync(() => pod.Ready);
        Volatile.Write(ref status, 500);
        await Eventually.TrueAsync(() => !pod.Ready);
    }

    [Fact]
    public async Task Stopping_sends_sigterm_and_lets_the_process_finish()
    {
        Use($"trap 'echo finished; exit 0' TERM; echo up; {Wait}");
        var pod = _runtime.Start(Pod());
        await Eventually.TrueAsync(() => Output.Contains("up"));
        using var process = Process.GetProcessById(_runtime.ProcessIds("shop", "web-1").Single());

        await pod.StopAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("finished", Output);
        Assert.True(process.HasExited);
        Assert.Equal(0, _runtime.Running);
    }

    [Fact]
    public async Task A_process_that_ignores_sigterm_is_killed_after_its_grace()
    {
        Use($"trap '' TERM; echo up; {Wait}");
        var pod = _runtime.Start(Pod());
        await Eventually.TrueAsync(() => Output.Contains("up"));
        using var process = Process.GetProcessById(_runtime.ProcessIds("shop", "web-1").Single());

        var watch = Stopwatch.StartNew();
        await pod.StopAsync(TimeSpan.FromMilliseconds(500));
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(450));
        Assert.True(process.HasExited);
    }

    [Fact]
    public async Task A_process_that_is_killed_comes_back_and_the_restart_is_counted()
    {
        Use($"echo up; {Wait}");
        var pod = _runtime.Start(Pod());
        await Eventually.TrueAsync(() => _runtime.ProcessIds("shop", "web-1").Count == 1);
        using var process = Process.GetProcessById(_runtime.ProcessIds("shop", "web-1").Single());
        process.Kill();

        await Eventually.TrueAsync(() => pod.RestartCount == 1 && _runtime.ProcessIds("shop", "web-1") is [var other] && other != process.Id);
        Assert.Null(pod.Waiting);
    }

    [Fact]
    public async Task A_process_that_cannot_stay_up_ends_in_a_crash_loop_and_one_without_a_command_cannot_be_pulled()
    {
        Use("echo out of memory; exit 3");
        var pod = _runtime.Start(Pod());
        await Eventually.TrueAsync(() => pod.RestartCount >= 2 && pod.Waiting is { Reason: "CrashLoopBackOff" });
        Assert.Contains("out of memory", Output);

        var unknown = _runtime.Start(Pod("web-2", "shop:unknown"));
        await Eventually.TrueAsync(() => unknown.Waiting is { Reason: "ImagePullBackOff" });
    }

    [Fact]
    public async Task Pods_have_addresses_of_their_own_and_all_die_with_the_runtime()
    {
        Use($"trap '' TERM; {Wait}");
        var pods = Enumerable.Range(1, 5).Select(number => _runtime.Start(Pod($"web-{number}"))).ToList();
        Assert.Equal(5, pods.Select(pod => pod.Ip).Distinct().Count());
        await Eventually.TrueAsync(() => Enumerable.Range(1, 5).All(number => _runtime.ProcessIds("shop", $"web-{number}").Count == 1));
        var processes = Enumerable.Range(1, 5).Select(number => Process.GetProcessById(_runtime.ProcessIds("shop", $"web-{number}").Single())).ToList();

        await _runtime.DisposeAsync();
        Assert.All(processes, process => Assert.True(process.HasExited));
    }

    [Fact]
    public async Task The_watched_processes_die_when_the_pipe_to_their_reaper_breaks_and_the_forgotten_ones_live()
    {
        // A broken pipe is all that is left of a parent that was killed.
        using var watched = Process.Start("/bin/sh", ["-c", Wait]);
        using var forgotten = Process.Start("/bin/sh", ["-c", Wait]);
        using (var reaper = new ProcessReaper())
        {
            reaper.Watch(forgotten.Id);
            reaper.Watch(watched.Id);
            reaper.Forget(forgotten.Id);
        }

        await Eventually.TrueAsync(() => watched.HasExited);
        Assert.False(forgotten.HasExited);
        forgotten.Kill();
    }

    private IReadOnlyList<string> Output => _runtime.Output("shop", "web-1");

    private void Use(string script) => _runtime.SetCommand("shop:1", new("/bin/sh", "-c", script));

    private static JsonObject Pod(string name = "web-1", string image = "shop:1") => JsonNode.Parse($$$"""
        {
          "apiVersion": "v1", "kind": "Pod",
          "metadata": {"name": "{{{name}}}", "namespace": "shop"},
          "spec": {"containers": [{"name": "php", "image": "{{{image}}}", "env": [{"name": "GREETING", "value": "hello"}]}]}
        }
        """)!.AsObject();
}

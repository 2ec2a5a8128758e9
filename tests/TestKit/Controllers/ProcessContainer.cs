using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Starts one process, watches it, starts it again with a growing delay when it ends by itself, and asks it for readiness.</summary>
internal sealed class ProcessContainer(ProcessPodContext context, JsonObject container, bool probedByDefault, Action onChanged)
{
    private const int SigTerm = 15;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Process? _process;
    private Task _loop = Task.CompletedTask;
    private TimeSpan _grace;

    public BoundedOutput Output { get; } = new(context.Options.OutputLines);

    public bool Ready { get; private set; }

    public (string Reason, string Message)? Waiting { get; private set; }

    public int RestartCount { get; private set; }

    public int? ProcessId
    {
        get
        {
            lock (_gate)
            {
                return _process is { HasExited: false } process ? process.Id : null;
            }
        }
    }

    /// <summary>Off the caller's thread, since a start takes milliseconds.</summary>
    public void Run() => _loop = Task.Run(LoopAsync);

    public async Task StopAsync(TimeSpan gracePeriod)
    {
        _grace = gracePeriod;
        await _stopping.CancelAsync();
        await _loop;
    }

    private async Task LoopAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            using var process = TryStart();
            if (process is not null)
            {
                await LiveAsync(process);
            }

            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (process is not null)
            {
                RestartCount++;
            }

            await BackOffAsync(failedToStart: process is null);
        }
    }

    private Process? TryStart()
    {
        var image = container.Text("image") ?? "";
        if (!context.Commands.TryGetValue(image, out var command))
        {
            Say(("ImagePullBackOff", $"Back-off pulling image \"{image}\": no launch command is set for it"));
            return null;
        }

        var start = new ProcessStartInfo(command.File, command.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in command.Environment.Concat(PodEnvironment()))
        {
            start.Environment[name] = value;
        }

        try
        {
            var process = new Process { StartInfo = start };
            process.OutputDataReceived += (_, line) => Output.Add(line.Data);
            process.ErrorDataReceived += (_, line) => Output.Add(line.Data);
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.StandardInput.Close();
            context.Reaper.Watch(process.Id);
            lock (_gate)
            {
                _process = process;
            }

            Say(null);
            return process;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            Say(("CreateContainerError", error.Message));
            return null;
        }
    }

    private Dictionary<string, string> PodEnvironment()
    {
        var values = new Dictionary<string, string>
        {
            ["POD_IP"] = context.Ip,
            ["POD_NAME"] = context.Pod.Name(),
            ["POD_NAMESPACE"] = context.Pod.Namespace(),
        };
        foreach (var entry in container.Items("env"))
        {
            var value = entry.Text("valueFrom", "fieldRef", "fieldPath") switch
            {
                "metadata.name" => context.Pod.Name(),
                "metadata.namespace" => context.Pod.Namespace(),
                "status.podIP" => context.Ip,
                _ => entry.Text("value"),
            };
            if (value is not null && entry.Text("name") is { } name)
            {
                values[name] = value;
            }
        }

        return values;
    }

    /// <summary>Returns when the process is gone, by itself or stopped.</summary>
    private async Task LiveAsync(Process process)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var probing = ProbeAsync(gone.Token);
        try
        {
            await process.WaitForExitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
        }

        await gone.CancelAsync();
        await probing;
        lock (_gate)
        {
            _process = null;
        }

        context.Reaper.Forget(process.Id);
        SetReady(false);
    }

    private async Task EndAsync(Process process)
    {
        var exit = process.WaitForExitAsync(CancellationToken.None);
        if (_grace > TimeSpan.Zero && !process.HasExited && Native.Kill(process.Id, SigTerm) == 0)
        {
            try
            {
                await exit.WaitAsync(_grace, context.Clock);
                return;
            }
            catch (TimeoutException)
            {
                Output.Add($"killed after {_grace.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s of grace");
            }
        }

        process.Kill(entireProcessTree: true);
        await exit;
    }

    private async Task ProbeAsync(CancellationToken stop)
    {
        var probe = container["readinessProbe"];
        if (probe is null && !probedByDefault)
        {
            SetReady(true);
            return;
        }

        var url = new Uri($"http://{context.Ip}:{Port(probe.At("httpGet", "port"))}{probe.Text("httpGet", "path") ?? "/healthz"}");
        var threshold = probe.Number("failureThreshold") ?? 3;
        var failures = 0;
        using var timer = new PeriodicTimer(context.Options.ProbeInterval, context.Clock);
        try
        {
            do
            {
                failures = await AnswersAsync(url, stop) ? 0 : failures + 1;
                if (failures == 0 || failures >= threshold)
                {
                    SetReady(failures == 0);
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The process is gone or being stopped; so is the question.
        }
    }

    private async Task<bool> AnswersAsync(Uri url, CancellationToken stop)
    {
        try
        {
            using var response = await context.Probes.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, stop);
            return (int)response.StatusCode is >= 200 and < 400;
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return false;
        }
    }

    private int Port(JsonNode? port) => port.Number()
        ?? container.Items("ports").FirstOrDefault(item => item.Text("name") == port.Text()).Number("containerPort")
        ?? 8080;

    private async Task BackOffAsync(bool failedToStart)
    {
        var restarts = failedToStart ? 2 : RestartCount;
        if (restarts > 1)
        {
            var delay = context.Options.RestartDelay * Math.Pow(2, Math.Min(restarts - 2, 10));
            delay = delay < context.Options.MaxRestartDelay ? delay : context.Options.MaxRestartDelay;
            if (!failedToStart)
            {
                Say(("CrashLoopBackOff", $"back-off {delay.TotalSeconds}s restarting failed container={container.Text("name")} pod={context.Pod.Name()}"));
            }

            try
            {
                await Task.Delay(delay, context.Clock, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }

        onChanged();
    }

    private void Say((string Reason, string Message)? waiting)
    {
        if (Waiting != waiting)
        {
            Waiting = waiting;
            onChanged();
        }
    }

    private void SetReady(bool ready)
    {
        if (Ready != ready)
        {
            Ready = ready;
            onChanged();
        }
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "kill")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Kill(int processId, int signal);
    }
}

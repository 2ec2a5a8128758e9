using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PatchOperator.TestKit.Controllers;

namespace PatchOperator.Demo;

/// <summary>The real operator as a process of its own, with its log in a file. It ends with the demo, also if the demo is killed.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly ProcessReaper _reaper = new();
    private readonly StreamWriter _log;

    private OperatorProcess(Process process, string logFile)
    {
        _process = process;
        LogFile = logFile;
        _log = new(logFile) { AutoFlush = true };
    }

    public string LogFile { get; }

    public int Id => _process.Id;

    /// <summary>Set when the process ended by itself.</summary>
    public string? Ended => _process.HasExited ? $"the operator ended by itself with exit code {_process.ExitCode}" : null;

    /// <summary>Returns when the operator says that its caches are filled and its watches live.</summary>
    public static async Task<OperatorProcess> StartAsync(string kubeconfig, string? watchNamespace, string folder, CancellationToken cancellation)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo("dotnet", [Programs.Operator])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };

        // In a pod the operator would take the pod's own cluster; and nobody's settings but ours may count.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PATCHOPERATOR_", StringComparison.Ordinal) || name == "KUBERNETES_SERVICE_HOST").ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["PATCHOPERATOR_LISTEN"] = address;
        start.Environment["PATCHOPERATOR_LEADERELECTION"] = "false";
        if (watchNamespace is not null)
        {
            start.Environment["PATCHOPERATOR_WATCHNAMESPACE"] = watchNamespace;
        }

        var started = new OperatorProcess(new Process { StartInfo = start }, Path.Combine(folder, "operator.log"));
        try
        {
            started.Run();
            await started.WhenReadyAsync(new Uri(address + "/readyz"), cancellation);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public IReadOnlyList<string> LogTail(int lines)
    {
        lock (_log)
        {
            return [.. File.ReadLines(LogFile).TakeLast(lines)];
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Native.Kill(_process.Id, SigTerm);
            try
            {
                await _process.WaitForExitAsync().WaitAsync(StopPatience);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _reaper.Dispose();
        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private void Run()
    {
        _process.OutputDataReceived += (_, line) => Write(line.Data);
        _process.ErrorDataReceived += (_, line) => Write(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        _reaper.Watch(_process.Id);
    }

    private void Write(string? line)
    {
        lock (_log)
        {
            if (line is not null && _log.BaseStream.CanWrite)
            {
                _log.WriteLine(line);
            }
        }
    }

    private async Task WhenReadyAsync(Uri readiness, CancellationToken cancellation)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        var since = Stopwatch.StartNew();
        while (since.Elapsed < StartPatience && Ended is null)
        {
            try
            {
                using var answer = await http.GetAsync(readiness, cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // It does not listen yet.
            }

            await Task.Delay(100, cancellation);
        }

        throw new DemoException($"{Ended ?? $"the operator was not ready within {StartPatience.TotalSeconds:0} s"}. The end of its log:\n{string.Join('\n', LogTail(30))}");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "kill")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Kill(int processId, int signal);
    }
}

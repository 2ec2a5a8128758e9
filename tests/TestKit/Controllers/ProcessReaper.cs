using System.Diagnostics;

namespace PatchOperator.TestKit.Controllers;

/// <summary>
/// Kills the watched processes when this one ends, however it ends. A small shell holds the list and reads from a pipe;
/// the kernel closes the pipe with us, even after SIGKILL, and then the shell kills what is left.
/// </summary>
public sealed class ProcessReaper : IDisposable
{
    private const string Script = """
        trap '' INT TERM HUP
        pids=' '
        while read -r op pid; do
          case $op in
            +) pids="$pids$pid " ;;
            -) case $pids in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
          esac
        done
        for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
        """;

    private readonly Lock _gate = new();
    private Process? _shell;
    private bool _disposed;

    public void Watch(int processId) => Tell($"+ {processId}");

    public void Forget(int processId) => Tell($"- {processId}");

    /// <summary>Kills what is still watched.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            if (_shell is { } shell)
            {
                shell.StandardInput.Close();
                shell.Dispose();
                _shell = null;
            }
        }
    }

    private void Tell(string line)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            if (_shell is null)
            {
                _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script]) { RedirectStandardInput = true, UseShellExecute = false })!;
                _shell.StandardInput.AutoFlush = true;
            }

            try
            {
                _shell.StandardInput.WriteLine(line);
            }
            catch (IOException)
            {
                // Somebody killed the shell: dispose still ends the processes, only our own sudden death would not.
            }
        }
    }
}

namespace PatchOperator.Runtime;

/// <summary>
/// Runs the loops that must never end. One that ends before it is told to, by an exception or by returning, ends the process with exit code 1:
/// a restart by Kubernetes is a repair, an operator that is up but deaf is an outage nobody sees.
/// </summary>
public sealed class LoopSupervisor(IHostApplicationLifetime lifetime, ILogger<LoopSupervisor> logger)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> running = [];

    /// <summary>Why the process must end; null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>0, or 1 after a loop died: what Program returns.</summary>
    public int ExitCode => Failure is null ? 0 : 1;

    /// <summary>The names of the loops that run now.</summary>
    public IReadOnlyList<string> Running
    {
        get
        {
            lock (gate)
            {
                return [.. running.Keys];
            }
        }
    }

    /// <summary>Completes, never with an exception, when the loop has ended; it should do so only when <paramref name="stop"/> is cancelled.</summary>
    public async Task RunAsync(string name, Func<CancellationToken, Task> loop, CancellationToken stop)
    {
        Count(name, 1);
        try
        {
            // Off the caller's stack, so that a loop with a long synchronous beginning cannot hold up the start.
            await Task.Run(() => loop(stop), CancellationToken.None);
            if (!stop.IsCancellationRequested)
            {
                Fail(name, null);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Ended as told.
        }
        catch (Exception exception)
        {
            Fail(name, exception);
        }
        finally
        {
            Count(name, -1);
        }
    }

    private void Fail(string name, Exception? exception)
    {
        lock (gate)
        {
            Failure ??= exception is null ? $"{name} returned" : $"{name}: {exception.Message}";
        }

        logger.LogCritical(exception, "Loop {Loop} ended unexpectedly; stopping the process", name);
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }

    private void Count(string name, int change)
    {
        lock (gate)
        {
            var count = running.GetValueOrDefault(name) + change;
            if (count == 0)
            {
                running.Remove(name);
            }
            else
            {
                running[name] = count;
            }
        }
    }
}

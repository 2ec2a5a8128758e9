namespace PatchOperator.Runtime;

/// <summary>
/// Starts every loop, and stops them in the order in which nothing is lost: no new reconciles, those under way finish (up to the drain limit),
/// the lease goes to the next process, the watches close.
/// </summary>
internal sealed class OperatorHost(
    IEnumerable<IControllerLoop> controllers, InformerFactory informers, LoopSupervisor loops, RuntimeHealth health, IServiceProvider services,
    TimeProvider time, ILogger<OperatorHost> logger) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource stopControllers = new();
    private readonly CancellationTokenSource stopElector = new();
    // Absent when leader election is off.
    private readonly LeaderElector? elector = services.GetService<LeaderElector>();
    private Task controllersDone = Task.CompletedTask;
    private Task electorDone = Task.CompletedTask;
    private bool stopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (elector is not null)
        {
            electorDone = loops.RunAsync("leader election", elector.RunAsync, stopElector.Token);
        }

        controllersDone = Task.WhenAll(controllers.Select(controller => loops.RunAsync(controller.Name, controller.RunAsync, stopControllers.Token)));
        health.Started();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        logger.LogInformation("Stopping: waiting for running reconciles");
        await stopControllers.CancelAsync();
        try
        {
            await controllersDone.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            logger.LogWarning("Reconciles are still running at the end of the stop time");
        }

        await stopElector.CancelAsync();
        await electorDone;
        if (elector is not null)
        {
            using var limit = new CancellationTokenSource(ReleaseTimeout, time);
            await elector.ReleaseAsync(limit.Token);
        }

        await informers.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        stopControllers.Dispose();
        stopElector.Dispose();
    }
}

namespace PatchOperator.TestKit.Controllers;

/// <summary>One pod of real processes: ready when all its containers are.</summary>
internal sealed class ProcessPod : IObservablePod
{
    private readonly ProcessPodContext _context;
    private readonly Action<ProcessPod> _onStopped;
    private readonly List<ProcessContainer> _containers;
    private Task? _stopped;

    public ProcessPod(ProcessPodContext context, Action<ProcessPod> onStopped)
    {
        _context = context;
        _onStopped = onStopped;
        _containers = [.. context.Pod.Items("spec", "containers")
            .Select((container, index) => new ProcessContainer(context, container, probedByDefault: index == 0, () => Changed?.Invoke()))];
    }

    public event Action? Changed;

    public string Ip => _context.Ip;

    public bool Ready => _containers.TrueForAll(container => container.Ready);

    public (string Reason, string Message)? Waiting => _containers.Select(container => container.Waiting).FirstOrDefault(waiting => waiting is not null);

    public int RestartCount => _containers.Sum(container => container.RestartCount);

    public IReadOnlyList<string> Output => [.. _containers.SelectMany(container => container.Output.Lines)];

    public IReadOnlyList<int> ProcessIds => [.. _containers.Select(container => container.ProcessId).OfType<int>()];

    public void Run() => _containers.ForEach(container => container.Run());

    public Task StopAsync(TimeSpan gracePeriod)
    {
        lock (_containers)
        {
            return _stopped ??= StopAllAsync(gracePeriod);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero);

    private async Task StopAllAsync(TimeSpan gracePeriod)
    {
        await Task.WhenAll(_containers.Select(container => container.StopAsync(gracePeriod)));
        _onStopped(this);
    }
}

namespace PatchOperator.Runtime;

/// <summary>What the probes answer. Live: no loop died. Ready: every cache is complete and its watch lives; whether this process leads is no matter.</summary>
public sealed class RuntimeHealth(LoopSupervisor loops)
{
    private readonly Lock gate = new();
    private readonly List<IInformerHealth> informers = [];
    private readonly List<Func<string?>> checks = [];
    private volatile bool started;

    /// <summary>Empty while alive; otherwise what is not.</summary>
    public IReadOnlyList<string> LivenessProblems => loops.Failure is { } failure ? [failure] : [];

    /// <summary>Empty while ready; otherwise one sentence each.</summary>
    public IReadOnlyList<string> ReadinessProblems
    {
        get
        {
            if (!started)
            {
                return ["The runtime has not started yet"];
            }

            lock (gate)
            {
                return [.. informers.Select(informer => informer.Problem).Concat(checks.Select(check => check())).OfType<string>()];
            }
        }
    }

    /// <summary>Adds a condition of readiness, for example that the webhook's certificate is there. Null means well.</summary>
    public void AddReadiness(Func<string?> check)
    {
        lock (gate)
        {
            checks.Add(check);
        }
    }

    internal void Started() => started = true;

    internal void Add(IInformerHealth informer)
    {
        lock (gate)
        {
            informers.Add(informer);
        }
    }

    internal void Remove(IInformerHealth informer)
    {
        lock (gate)
        {
            informers.Remove(informer);
        }
    }
}

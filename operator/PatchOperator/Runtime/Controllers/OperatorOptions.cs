namespace PatchOperator.Runtime;

public sealed class OperatorOptions
{
    /// <summary>Names the operator in events (reportingController), in its Lease and in the User-Agent.</summary>
    public string Name { get; set; } = "patch-operator";

    /// <summary>Unique per process: two processes of one identity would both lead.</summary>
    public string Identity { get; set; } = $"{Environment.MachineName}_{Guid.NewGuid():N}";

    /// <summary>Null watches all namespaces.</summary>
    public string? WatchNamespace { get; set; }

    /// <summary>Reconciles at once, per controller. They mostly wait: with few, some that wait for what hangs leave none for the others.</summary>
    public int Workers { get; set; } = 16;

    /// <summary>A reconcile that takes longer is cancelled and counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a stop waits for running reconciles. Keep it under the pod's grace period and the host's shutdown timeout.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    public ClientOptions Client { get; } = new();

    public InformerOptions Informers { get; } = new();

    public LeaderElectionOptions LeaderElection { get; } = new();
}

public sealed class ClientOptions
{
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For one call with all its attempts and pauses.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public int MaxRetries { get; set; } = 5;

    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(200);
}

public sealed class InformerOptions
{
    /// <summary>Objects in one answer to a list; each answer is in memory as a whole.</summary>
    public int PageSize { get; set; } = 100;

    /// <summary>How long the server is asked to keep a watch open.</summary>
    public TimeSpan WatchTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch that is not even answered with headers for this long is given up.</summary>
    public TimeSpan OpenLimit { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>A watch that brings no byte for this long is dead, whatever TCP thinks. The server sends a bookmark about every minute.</summary>
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>How long an informer runs on without leases.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch that could not be opened for this long makes the process not ready.</summary>
    public TimeSpan UnreadyAfter { get; set; } = TimeSpan.FromSeconds(30);

    public Backoff Backoff { get; set; } = Backoff.Default;
}

public sealed class LeaderElectionOptions
{
    /// <summary>False: this process leads for as long as it lives. Only for a single replica with the Recreate strategy.</summary>
    public bool Enabled { get; set; } = true;

    public string LeaseName { get; set; } = "patch-operator";

    /// <summary>Null takes the namespace the process runs in.</summary>
    public string? LeaseNamespace { get; set; }

    /// <summary>How long others wait after the last renewal they saw.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long we go on without a renewal. Shorter than the lease, so that our last write is done when others take over.</summary>
    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);
}

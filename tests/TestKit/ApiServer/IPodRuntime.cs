using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>What the simulated node runs pods on: nothing at all (tests that need only states), or real processes on loopback addresses.</summary>
public interface IPodRuntime
{
    /// <summary>Starts the pod's containers and returns at once; the node asks <see cref="IRunningPod.Ready"/> for readiness.</summary>
    IRunningPod Start(JsonObject pod);
}

public interface IRunningPod : IAsyncDisposable
{
    /// <summary>The pod's own address; ports in it are the containers' ports.</summary>
    string Ip { get; }

    bool Ready { get; }

    /// <summary>For example ImagePullBackOff or CrashLoopBackOff, with the message a kubelet would give; null while all is well.</summary>
    (string Reason, string Message)? Waiting { get; }

    int RestartCount { get; }

    /// <summary>Sends SIGTERM and completes when the processes ended or the grace period is over.</summary>
    Task StopAsync(TimeSpan gracePeriod);
}

namespace PatchOperator.TestKit.Controllers;

/// <summary>How pods of one image behave in a <see cref="FakePodRuntime"/>.</summary>
public sealed record PodBehaviour
{
    public const string UnschedulableReason = "Unschedulable";

    /// <summary>From the start of the pod; null means never.</summary>
    public TimeSpan? ReadyAfter { get; init; } = TimeSpan.Zero;

    /// <summary>Why the container does not run; null while it does.</summary>
    public (string Reason, string Message)? Waiting { get; init; }

    /// <summary>Restarts come at this pace; null means none.</summary>
    public TimeSpan? RestartEvery { get; init; }

    /// <summary>How long the process takes to end after SIGTERM; the grace period cuts it short.</summary>
    public TimeSpan StopAfter { get; init; }

    public static PodBehaviour ReadyAtOnce { get; } = new();

    public static PodBehaviour NeverReady { get; } = new() { ReadyAfter = null };

    public static PodBehaviour ReadyIn(TimeSpan delay) => new() { ReadyAfter = delay };

    public static PodBehaviour SlowStop(TimeSpan duration) => new() { StopAfter = duration };

    public static PodBehaviour ImagePullBackOff(string message) => new() { ReadyAfter = null, Waiting = ("ImagePullBackOff", message) };

    /// <summary>No node takes it, in the scheduler's words.</summary>
    public static PodBehaviour Unschedulable(string message) => new() { ReadyAfter = null, Waiting = (UnschedulableReason, message) };

    /// <summary>A container that fell over once already and does so again every ten seconds.</summary>
    public static PodBehaviour CrashLoopBackOff(string message = "back-off 10s restarting failed container") =>
        new() { ReadyAfter = null, Waiting = ("CrashLoopBackOff", message), RestartEvery = TimeSpan.FromSeconds(10) };
}

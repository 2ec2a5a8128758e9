using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>A pod that says when it changes, so that its node need not look.</summary>
public interface IObservablePod : IRunningPod
{
    /// <summary>Raised on any thread after <see cref="IRunningPod.Ready"/>, <see cref="IRunningPod.Waiting"/> or <see cref="IRunningPod.RestartCount"/> changed.</summary>
    event Action? Changed;
}

namespace PatchOperator.Runtime;

/// <summary>
/// One uninterrupted period in which this process leads. <see cref="Token"/> is cancelled at the latest when the renew deadline has passed on the
/// local monotonic clock since the last successful renewal was begun, which is before any other process may take over; in a process that was stopped
/// meanwhile, a moment after it goes on.
/// </summary>
/// <param name="Epoch">Grows with every change of leader: the Lease's leaseTransitions. 0 when leader election is off.</param>
public sealed record LeaderTerm(long Epoch, CancellationToken Token);

public interface ILeadership
{
    /// <summary>Null while another process leads. A term whose token is cancelled, or should be by the clock, is never returned.</summary>
    LeaderTerm? Current { get; }

    /// <summary>Completes when this process leads.</summary>
    Task<LeaderTerm> WaitForTermAsync(CancellationToken cancellation);
}

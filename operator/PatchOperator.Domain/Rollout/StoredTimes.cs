using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// What a clock stored that was ahead, as before it was set back or as another leader's: what a way back waits for after it would come by so much later (S1),
/// so it counts as done just now.
/// </summary>
internal static class StoredTimes
{
    /// <summary>Clocks of two machines differ by some of it without any fault.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(1);

    public static EmergencyPatchStatus NotAhead(EmergencyPatchStatus status, DateTimeOffset now)
    {
        var (timings, workloads) = (status.Timings, status.Workloads ?? []);
        return !IsAhead(timings?.PhaseStartedAt) && !IsAhead(timings?.TrafficWithdrawnAt) && !IsAhead(timings?.DeletionSeenAt) && !workloads.Any(w => IsAhead(w.ImagesSetAt) || IsAhead(w.RestoreStartedAt))
            ? status
            : status with
            {
                Timings = timings is null ? null : timings with
                {
                    PhaseStartedAt = NotAhead(timings.PhaseStartedAt),
                    TrafficWithdrawnAt = NotAhead(timings.TrafficWithdrawnAt),
                    DeletionSeenAt = NotAhead(timings.DeletionSeenAt),
                },
                Workloads = status.Workloads is null ? null : [.. workloads.Select(w => w with { ImagesSetAt = NotAhead(w.ImagesSetAt), RestoreStartedAt = NotAhead(w.RestoreStartedAt) })],
            };

        bool IsAhead(DateTimeOffset? at) => at > now + Skew;

        DateTimeOffset? NotAhead(DateTimeOffset? at) => IsAhead(at) ? now : at;
    }
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>What others have changed, by all that is seen, of what a run keeps as it is: then it is worth a request to learn who they are.</summary>
public static class Drift
{
    /// <summary>A run that is taken back waits for no answer (S1).</summary>
    public static bool Matters(EmergencyPatchStatus? status) =>
        PatchPhases.Parse(status?.Phase) is PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting or PatchPhase.Degraded && status!.Revert is null;

    /// <summary>The containers that run what the run would not have them run at this point.</summary>
    public static IReadOnlyList<string> Containers(WorkloadStatus workload, StableObservation? stable) => stable is null || stable.Uid != workload.StableUid
        ? []
        : [.. (workload.PreviousImages ?? []).Where(previous => !IsExpected(workload, previous, stable.Images.GetValueOrDefault(previous.Container))).Select(p => p.Container)];

    public static bool IsScaled(WorkloadStatus workload, CanaryObservation? canary) =>
        workload.Scale is { InPlaceAt: not null } scale && canary is { IsOurs: true, IsTerminating: false } && canary.Replicas != scale.Replicas;

    /// <summary>The containers of the canary that run what the patch does not name.</summary>
    public static IReadOnlyList<string> CanaryContainers(WorkloadStatus workload, CanaryObservation? canary) => canary is { IsOurs: true, IsTerminating: false }
        ? [.. (workload.PatchedImages ?? []).Where(p => !ImageReference.IsSame(canary.Images.GetValueOrDefault(p.Container), p.Image)).Select(p => p.Container)]
        : [];

    /// <summary>
    /// Its pod template is not as the API server stored it after our last write. Nobody knows of a write that a crash cut short, or of one before the
    /// operator kept this: then what is there counts as ours.
    /// </summary>
    public static bool HasOtherTemplate(WorkloadStatus workload, CanaryObservation? canary) => canary is { IsOurs: true, IsTerminating: false, TemplateDigest: { } found }
        && (workload.CanaryImages?.TemplateDigest ?? canary.WrittenDigest) is { } stored && found != stored;

    public static bool IsPaused(CanaryObservation? canary) => canary is { IsOurs: true, IsTerminating: false, IsPaused: true };

    public static IReadOnlyList<RouteRef> Routes(EmergencyPatchStatus status, TrafficObservation traffic) =>
        IsRoutingKept(status) ? [.. (traffic.Routes ?? []).Where(r => r is { Exists: true, IsAsAsked: false }).Select(r => r.Route)] : [];

    /// <summary>The Service that was made for the canary does not lead to it any more.</summary>
    public static bool IsTurned(EmergencyPatchStatus status, TrafficObservation traffic) => IsRoutingKept(status) && traffic is { IsKnown: true, Routes: not null, CanaryIsReachable: false };

    /// <summary>Routes that are not as they were asked to be: someone has changed them if they were that already, or are off since a change.</summary>
    public static bool IsEdit(RoutingStatus? routing) => routing is { AsAskedAt: not null } or { OffSince: not null };

    /// <summary>From when the routes were as asked to when the run itself takes the traffic away again.</summary>
    private static bool IsRoutingKept(EmergencyPatchStatus status) =>
        IsEdit(status.Step?.Routing) && status.Timings?.TrafficWithdrawnAt is null && !(status.Workloads ?? []).All(w => w.PatchedAt is not null);

    private static bool IsExpected(WorkloadStatus workload, ImageRecord previous, string? image) =>
        (workload.PatchedAt is null && !(workload.ImagesSetAt >= workload.PromotionStartedAt) && ImageReference.IsSame(image, previous.Image))
        || (workload.PromotionStartedAt is not null && (workload.PatchedImages ?? []).Any(p => p.Container == previous.Container && ImageReference.IsSame(p.Image, image)));
}

using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>One workload of a run: what was saved of it before anything was touched, and what is seen of it now.</summary>
internal sealed record Target(WorkloadStatus Status, WorkloadObservation Observed)
{
    public string Name => Status.Name;

    public WorkloadRef Workload => Status.Target();

    public WorkloadRole Role => Workloads.RoleOf(Status.Role);

    public bool HasCanary => Status.Canary ?? Workload.Kind is WorkloadKind.Deployment && Workloads.HasCanaryByDefault(Role);

    /// <summary>Null also when another object took the name of the one that the run began with.</summary>
    public StableObservation? Stable => Observed.Stable is { } stable && stable.Uid == Status.StableUid ? stable : null;

    /// <summary>Whether it exists is not known at the moment.</summary>
    public bool IsUnread => Observed is { IsUnread: true, Stable: null };

    public IReadOnlyList<ImageRecord> Previous => Status.PreviousImages!;

    public IReadOnlyList<ImageRecord> Patched => Status.PatchedImages!;

    /// <summary>Routes, and not the number of pods, split its traffic.</summary>
    public bool IsRouted => Status.Routes is { Count: > 0 };

    /// <summary>Somebody scaled it to nothing in mid-run: its canary is all that answers. An autoscaler may do so to a worker without a message to work on.</summary>
    public bool IsEmptied => HasCanary && Role is not WorkloadRole.Worker && Stable is { Replicas: 0 } && Status.StableReplicas > 0;

    public bool IsPromotionBegun => Status.PromotionStartedAt is not null;

    /// <summary>What earlier patches replaced.</summary>
    public IReadOnlyList<ImageRecord> Earlier => Status.EarlierImages ?? [];

    public bool RunsPatched => Stable is { } stable && stable.Images.RunsAll(Patched);

    public bool RunsPrevious => Stable is { } stable && stable.Images.RunsAll(Previous);

    /// <summary>Some container still has an image that only this patch gave it.</summary>
    public bool HasOurImages => Ours.Count > 0;

    /// <summary>The patched images that are there because of this patch alone.</summary>
    public IReadOnlyList<ImageRecord> Ours => Stable is { } stable ? OursIn(stable.Images) : [];

    /// <summary>The same of a Job.</summary>
    public IReadOnlyList<ImageRecord> OursIn(IReadOnlyDictionary<string, string> images) =>
        [.. Patched.Where(p => ImageReference.IsSame(images.GetValueOrDefault(p.Container), p.Image) && !ImageReference.IsSame(Previous.Single(b => b.Container == p.Container).Image, p.Image))];

    /// <summary>Containers with an image that is neither of the two, nor one that an earlier patch replaced: someone else's newer decision.</summary>
    public IEnumerable<(string Container, string? Image)> Foreign =>
        from previous in Previous
        let now = Stable?.Images.GetValueOrDefault(previous.Container)
        where !ImageReference.IsSame(now, previous.Image) && !ImageReference.IsSame(now, Patched.Single(p => p.Container == previous.Container).Image) && !IsEarlier(previous.Container, now)
        select (previous.Container, now);

    /// <summary>Containers that run what an earlier patch replaced, as after a sync from a Git that lags behind by more than this patch.</summary>
    public IEnumerable<ImageRecord> SetBack =>
        from previous in Previous
        let now = Stable?.Images.GetValueOrDefault(previous.Container)
        where now is not null && IsEarlier(previous.Container, now)
        select previous with { Image = now };

    private bool IsEarlier(string container, string? image) => Earlier.Any(e => e.Container == container && ImageReference.IsSame(e.Image, image));

    /// <summary>The first thing that keeps pods from running, in the words of who knows.</summary>
    public string? CanaryProblem => Observed.CanaryPods.Select(p => p.Problem).FirstOrDefault(p => p is not null) ?? Observed.Canary?.Problem;

    public string? StableProblem => Stable?.Obstacle ?? Stable?.RolloutFailure ?? Stable?.Problem ?? Observed.StablePods.Select(p => p.Problem).FirstOrDefault(p => p is not null);
}

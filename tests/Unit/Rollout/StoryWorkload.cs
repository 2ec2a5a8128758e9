using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>One workload of a story's world, which does at once what it is told, unless a test takes over.</summary>
internal sealed class StoryWorkload(WorkloadRef reference)
{
    public WorkloadRef Reference => reference;

    public StableObservation? Stable { get; set; } = new()
    {
        Uid = $"{reference.Name}-uid",
        Replicas = reference.Kind is WorkloadKind.CronJob ? 0 : 4,
        ReadyReplicas = reference.Kind is WorkloadKind.CronJob ? 0 : 4,
        IsRolledOut = true,
        TemplateDigest = "template-1",
        Images = new Dictionary<string, string> { ["php"] = Story.Old },
    };

    public CanaryObservation? Canary { get; set; }

    public List<PodObservation> CanaryPods { get; } = [];

    /// <summary>Only those that a test wants to be seen.</summary>
    public List<PodObservation> StablePods { get; } = [];

    public bool PodsBecomeReady { get; set; } = true;

    public bool StableRollsOut { get; set; } = true;

    /// <summary>As with the strategy Recreate: a roll-out that does not come up leaves no pod.</summary>
    public bool StableIsRecreated { get; set; }

    public bool WithdrawalWorks { get; set; } = true;

    public bool CanaryCanBeDeleted { get; set; } = true;

    public bool TrafficIsKnown { get; set; } = true;

    public string Image => Stable!.Images["php"];

    /// <summary>Null where the number of pods splits the traffic.</summary>
    public StoryRoute? Route { get; set; }

    public bool PodsAreKnown { get; set; } = true;

    /// <summary>Workloads of its kind cannot be read.</summary>
    public bool IsUnread { get; set; }

    /// <summary>What a webhook makes of an image.</summary>
    public Func<string, string> StoredAs { get; set; } = image => image;

    /// <summary>What defaults and webhooks make of a pod template: each write of it may be stored otherwise.</summary>
    public Func<EnsureCanary, string> StoredTemplate { get; set; } = ensure => $"template of {ensure.Source}";

    /// <param name="routing">What was asked of the routes.</param>
    /// <param name="pods">Whether pods and Jobs were asked for.</param>
    public WorkloadObservation Observe(ScheduledRouting? routing = null, bool pods = true) => new()
    {
        IsUnread = IsUnread,
        Stable = IsUnread ? null : Stable is { } stable && !(pods && PodsAreKnown) ? stable with { ActiveJobs = [] } : Stable,
        Canary = Canary,
        ArePodsKnown = pods && PodsAreKnown,
        CanaryPods = [.. CanaryPods],
        StablePods = pods && PodsAreKnown ? [.. StablePods] : [],
        Traffic = !pods ? new TrafficObservation() : (routing is null ? null : Route)?.Observe(routing, TrafficIsKnown, CanaryPods, Stable?.ReadyReplicas ?? 0) ?? new TrafficObservation { IsKnown = TrafficIsKnown, CanaryEndpoints = CanaryPods.Count(p => p is { Ready: true, InRotation: true }), StableEndpoints = Stable?.ReadyReplicas ?? 0 },
    };

    /// <summary>As a sync from Git would, or a person.</summary>
    public void SetByOthers(string image, string? by = null) =>
        Stable = Stable! with { Images = new Dictionary<string, string> { ["php"] = image }, OwnsImages = false, ImageOwner = by, NamedBy = image == Story.New ? by : null };

    public void Set(params JobObservation[] jobs) => Stable = Stable! with { ActiveJobs = jobs };

    public void Do(PlanAction action, DateTimeOffset now)
    {
        switch (action)
        {
            case EnsureCanary ensure:
                Make(ensure, now);
                break;
            case AdmitPods admit:
                for (var i = 0; i < CanaryPods.Count; i++)
                {
                    CanaryPods[i] = admit.Pods.Contains(CanaryPods[i].Name) ? CanaryPods[i] with { IsShut = false, Ready = PodsBecomeReady } : CanaryPods[i];
                }

                break;
            case EnsureRoutes or DeleteRouting:
                Route!.Do(action);
                break;
            case WithdrawCanaryTraffic { Routes.Count: > 0 } when WithdrawalWorks:
                Route!.Do(action);
                break;
            case WithdrawCanaryTraffic:
                for (var i = 0; i < CanaryPods.Count && WithdrawalWorks; i++)
                {
                    CanaryPods[i] = CanaryPods[i] with { InRotation = false };
                }

                break;
            case DeleteCanary when !CanaryCanBeDeleted:
                break;
            case DeleteCanary:
                Canary = null;
                CanaryPods.Clear();
                break;
            // As the JSON patch with tests does it: a third image anywhere, and nothing is changed.
            case SetStableImages set when set.Wanted.Any(w => Stable!.Images[w.Container] is var now && !ImageReference.IsSame(now, w.Image) && !ImageReference.IsSame(now, set.Expected.Single(e => e.Container == w.Container).Image)):
                break;
            case SetStableImages set when reference.Kind is WorkloadKind.CronJob && set.WasSuspended != Stable!.IsSuspended:
                break;
            case SetStableImages set:
                Stable = Stable! with
                {
                    Images = new Dictionary<string, string>([.. Stable.Images.Where(i => set.Wanted.All(w => w.Container != i.Key)), .. set.Wanted.Select(w => KeyValuePair.Create(w.Container, StoredAs(w.Image)))]),
                    IsRolledOut = StableRollsOut,
                    RolloutFailure = null,
                    MarkedBy = "cve-2025-54236",
                    OwnsImages = true,
                    NamedBy = null,
                    ReadyReplicas = StableRollsOut ? Stable.Replicas : StableIsRecreated ? 0 : Stable.Replicas - 1,
                    IsSuspended = reference.Kind is WorkloadKind.CronJob || Stable.IsSuspended,
                    OwnsSuspension = reference.Kind is WorkloadKind.CronJob && (!Stable.IsSuspended || Stable.OwnsSuspension is true),
                };
                break;
            case SuspendCronJob suspend:
                Stable = Stable! with { IsSuspended = suspend.Suspend, OwnsSuspension = true };
                break;
            case ReleaseImages release:
                Stable = Stable! with { MarkedBy = release.PreviousMark, OwnsImages = release.PreviousMark is not null, OwnsSuspension = release.PreviousMark is not null && Stable.OwnsSuspension is true };
                break;
            case EndJob end:
                Set([.. Stable!.ActiveJobs.Where(j => j.Name != end.Job)]);
                break;
            case ReplacePods replace:
                StablePods.RemoveAll(p => replace.Pods.Contains(p.Name));
                break;
            default:
                throw new InvalidOperationException(action.ToString());
        }
    }

    private void Make(EnsureCanary ensure, DateTimeOffset now)
    {
        // More or fewer of the same pods leave those that are there alone.
        var kept = Canary?.Source == ensure.Source ? CanaryPods.Take(ensure.Replicas).ToArray() : [];
        var template = StoredTemplate(ensure);
        Canary = new CanaryObservation
        {
            IsOurs = true,
            Replicas = ensure.Replicas,
            Source = ensure.Source,
            Images = ensure.Images.ToDictionary(i => i.Container, i => StoredAs(i.Image)),
            TemplateDigest = template,
            WrittenDigest = template,
        };
        CanaryPods.Clear();
        CanaryPods.AddRange(kept);
        CanaryPods.AddRange(Enumerable.Range(kept.Length, ensure.Replicas - kept.Length).Select(i => new PodObservation
        {
            Name = $"{reference.Name}-canary-{i}",
            Ip = $"10.0.0.{i + 1}",
            Ready = PodsBecomeReady && !ensure.IsGated,
            IsShut = ensure.IsGated,
            ContainersReadyAt = PodsBecomeReady ? now : null,
            InRotation = !ensure.IsRouted,
            Problem = PodsBecomeReady ? null : $"Pod {reference.Name}-canary-0, container php: ImagePullBackOff. no such image",
        }));
    }
}

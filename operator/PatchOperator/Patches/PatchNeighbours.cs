using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Which patches have to do with which workloads and with each other, and who may have waited for what another one came to.</summary>
internal sealed class PatchNeighbours : IDisposable
{
    private readonly IInformer<EmergencyPatch> patches;
    private readonly IReconcileQueue<EmergencyPatch> queue;
    private readonly IDisposable subscription;

    /// <summary>What is seen wakes, and not what was done: an end whose write the API server took and answered with an error would wake nobody.</summary>
    public PatchNeighbours(IInformer<EmergencyPatch> patches, IReconcileQueue<EmergencyPatch> queue)
    {
        (this.patches, this.queue) = (patches, queue);
        subscription = patches.Subscribe(change =>
        {
            if (change.Type is InformerEventType.Deleted)
            {
                WakeWaiting(change.Object);
            }
            else if (change.Previous is { } before)
            {
                WakeAfter(before, change.Object);
            }
        });
    }

    public void Dispose() => subscription.Dispose();

    /// <summary>The workloads a patch is about: what its run began with, else what its spec names.</summary>
    public static IEnumerable<WorkloadRef> Workloads(EmergencyPatch patch) => IsRunning(patch) && patch.Status?.Workloads is { Count: > 0 } running
        ? running.Select(w => w.Target())
        : (patch.Spec.Workloads ?? []).Select(w => w.Target()).OfType<WorkloadRef>();

    public static bool IsRunning(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase).IsRunning();

    /// <summary>It runs, or its images are held and may have to be taken back.</summary>
    public static bool IsUnderWay(EmergencyPatch patch) => IsRunning(patch) || PatchPhases.Parse(patch.Status?.Phase) is PatchPhase.Promoted;

    /// <summary>Another patch that runs on one of these workloads, or null.</summary>
    public HolderObservation? Holder(EmergencyPatch patch, IReadOnlyCollection<WorkloadRef> workloads) => patches
        .List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid)
        .OrderBy(other => patch.Spec.Supersedes?.Contains(other.Metadata.Name) is true) // Those are no obstacle, and must hide none.
        .ThenBy(other => other.Metadata.Name, StringComparer.Ordinal)
        .SelectMany(other => Held(other).Where(workloads.Contains).Select(shared => new HolderObservation(other.Metadata.Name, shared)))
        .FirstOrDefault();

    /// <summary>What other patches did to these workloads, whatever became of it.</summary>
    public IReadOnlyList<WorkloadStatus> Promotions(EmergencyPatch patch, IReadOnlyCollection<WorkloadRef> workloads) =>
        [.. patches.List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid).SelectMany(other => other.Status?.Workloads ?? []).Where(w => workloads.Contains(w.Target()))];

    /// <summary>What a run has for itself; and a CronJob that a patch keeps suspended for a moment, or the next one would take that for its user's wish.</summary>
    private static IEnumerable<WorkloadRef> Held(EmergencyPatch patch) =>
        IsRunning(patch) ? Workloads(patch) : (patch.Status?.Workloads ?? []).Where(w => w.WasSuspended is not null).Select(w => w.Target());

    /// <summary>The patches that this one's spec names, as far as they exist.</summary>
    public IReadOnlyDictionary<string, NeighbourObservation> Named(EmergencyPatch patch) => NamedIn(patch)
        .Distinct(StringComparer.Ordinal)
        .Select(name => patches.Get(new ObjectKey(patch.Metadata.Namespace ?? "", name)))
        .OfType<EmergencyPatch>()
        .ToDictionary(other => other.Metadata.Name, other => new NeighbourObservation(PatchPhases.Parse(other.Status?.Phase), Required(other), PromotedSuccessor(other)), StringComparer.Ordinal);

    /// <summary>By name, since what is required may not exist yet.</summary>
    private IReadOnlyList<string> Required(EmergencyPatch patch) =>
        Reached(patch.Spec.Requires ?? [], name => patches.Get(new ObjectKey(patch.Metadata.Namespace ?? "", name))?.Spec.Requires ?? []);

    private string? PromotedSuccessor(EmergencyPatch patch)
    {
        var all = patches.List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid && other.Spec.Supersedes is { Count: > 0 });
        return Reached(Names(patch.Metadata.Name), Names)
            .FirstOrDefault(name => all.Any(other => other.Metadata.Name == name && PatchPhases.Parse(other.Status?.Phase) is PatchPhase.Promoted or PatchPhase.Closed));

        IEnumerable<string> Names(string superseded) => all.Where(other => other.Spec.Supersedes!.Contains(superseded)).Select(other => other.Metadata.Name).Order(StringComparer.Ordinal);
    }

    private static IReadOnlyList<string> Reached(IEnumerable<string> from, Func<string, IEnumerable<string>> next)
    {
        var reached = from.Distinct(StringComparer.Ordinal).ToList();
        for (var i = 0; i < reached.Count; i++)
        {
            reached.AddRange(next(reached[i]).Except(reached, StringComparer.Ordinal).ToArray());
        }

        return reached;
    }

    /// <summary>
    /// A patch that names this one in supersedes, and whose gates before it are open, or that has started. What this one has promoted it keeps until the
    /// other is promoted too: a run can be taken back, and then somebody must hold the images.
    /// </summary>
    public string? Successor(EmergencyPatch patch) => patches
        .List(patch.Metadata.Namespace, other => other.Metadata.Uid != patch.Metadata.Uid && other.Spec.Supersedes?.Contains(patch.Metadata.Name) is true && HasTakenOver(other, patch))
        .Select(other => other.Metadata.Name)
        .Order(StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>Our own write is in the cache before anyone else decides.</summary>
    public void Observe(EmergencyPatch written) => patches.Observe(written);

    public IEnumerable<ObjectKey> Of(WorkloadKind kind, ObjectKey workload)
    {
        var named = new WorkloadRef(kind, workload.Name);
        var stable = kind is WorkloadKind.Deployment && workload.Name.EndsWith(Names.CanarySuffix, StringComparison.Ordinal)
            ? named with { Name = workload.Name[..^Names.CanarySuffix.Length] }
            : named;
        return patches.List(workload.Namespace, p => Workloads(p).Any(w => w == named || w == stable)).Select(p => ObjectKey.Of(p));
    }

    public IEnumerable<ObjectKey> RunningIn(string? ns) => patches.List(ns, p => IsRunning(p) || p.Metadata.IsTerminating).Select(p => ObjectKey.Of(p));

    /// <summary>A change of a route matters to runs, and to patches that wait for it to be there or accepted.</summary>
    public IEnumerable<ObjectKey> UsingRoutesIn(string? ns) => patches
        .List(ns, p => IsRunning(p) || p.Metadata.IsTerminating || (IsWaiting(p) && p.Spec.Canary?.Traffic is { ReplicaRatio: null }))
        .Select(p => ObjectKey.Of(p));

    private static bool IsWaiting(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase) is PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval;

    /// <summary>A run that ended frees its workloads: whoever waits for one looks again.</summary>
    private void WakeAfter(EmergencyPatch before, EmergencyPatch after)
    {
        if (Held(before).Except(Held(after)).Any())
        {
            WakeWaiting(before);
        }

        if (before.Status?.Phase != after.Status?.Phase || !(before.Status?.Superseding ?? []).SequenceEqual(after.Status?.Superseding ?? []) || !NamedIn(before).SequenceEqual(NamedIn(after)))
        {
            WakeNamed(after);
        }
    }

    /// <summary>Those that name this patch, those that it names, and those that require what it supersedes, may have waited for this.</summary>
    private void WakeNamed(EmergencyPatch patch)
    {
        foreach (var other in patches.List(patch.Metadata.Namespace, p => p.Metadata.Uid != patch.Metadata.Uid && (NamedIn(p).Contains(patch.Metadata.Name) || NamedIn(patch).Contains(p.Metadata.Name) || NamedIn(p).Intersect(NamedIn(patch)).Any())))
        {
            queue.Enqueue(ObjectKey.Of(other));
        }
    }

    private void WakeWaiting(EmergencyPatch ended)
    {
        WakeNamed(ended);
        var freed = Workloads(ended).Concat(Held(ended)).ToHashSet();
        foreach (var waiting in patches.List(ended.Metadata.Namespace, p => p.Metadata.Uid != ended.Metadata.Uid && Workloads(p).Any(freed.Contains)))
        {
            queue.Enqueue(ObjectKey.Of(waiting));
        }
    }

    private static IEnumerable<string> NamedIn(EmergencyPatch patch) => (patch.Spec.Requires ?? []).Concat(patch.Spec.Supersedes ?? []);

    private static bool HasTakenOver(EmergencyPatch successor, EmergencyPatch patch) =>
        !successor.Metadata.IsTerminating
        && PatchPhases.Parse(successor.Status?.Phase) is var phase
        && (phase is PatchPhase.Promoted or PatchPhase.Closed
            || (PatchPhases.Parse(patch.Status?.Phase) is not PatchPhase.Promoted && (phase.IsRunning() || successor.Status?.Superseding?.Contains(patch.Metadata.Name) is true)));
}

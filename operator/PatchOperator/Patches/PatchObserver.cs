using System.Collections.Concurrent;
using PatchOperator.Audit;
using PatchOperator.Compatibility;
using PatchOperator.Admission;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Notifications;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

/// <summary>Reads the world for one decision, from caches; only measurements leave the process.</summary>
internal sealed class PatchObserver(
    WorkloadCaches workloads,
    WrittenCanaries written,
    GitReader git,
    DriftReader drift,
    PodOrigins origins,
    NamespaceViews views,
    PatchNeighbours neighbours,
    TrafficRouters traffic,
    MetricReader metrics,
    ActionOutcomes outcomes,
    FactKeyStore keys,
    CompatibilityChecker compatibility,
    AuditInspector audit,
    Notifier notifier,
    TimeProvider time)
{
    /// <summary>Patches whose pods are read, by uid, and since when.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> reading = new(StringComparer.Ordinal);

    public async Task<ObservedState> ObserveAsync(EmergencyPatch patch, PatchIntent intent, Schedule schedule, CancellationToken cancellation)
    {
        var targets = schedule.Workloads.Select(w => w.Workload).ToArray();
        var unread = await workloads.UseAsync(targets, time, cancellation);
        if (unread.Count > 0 && !CanGoOnWithout(patch))
        {
            throw new InvalidOperationException($"Not all of {string.Join(", ", unread.Select(k => $"{k}s"))} could be read within {CacheWait.Patience.TotalSeconds:0} s; trying again.");
        }

        var observed = new ObservedState
        {
            Workloads = schedule.Workloads.DistinctBy(w => w.Workload).ToDictionary(w => w.Workload, w => Workload(patch, w) with { IsUnread = unread.Contains(w.Workload.Kind) }),
            HeldBy = neighbours.Holder(patch, targets),
            Neighbours = neighbours.Named(patch),
            Promotions = PatchNeighbours.IsRunning(patch) ? [] : neighbours.Promotions(patch, targets),
            SupersededBy = neighbours.Successor(patch),
            Commands = CommandAnnotations.Of(patch),
            Facts = CommandAnnotations.Facts(patch),
            Keys = keys.Current,
            AuditedThrough = AuditTrail.LastSequence(patch),
            Audit = await audit.InspectAsync(patch, cancellation),
            ActionProblem = outcomes.Of(patch),
            ImagesSet = outcomes.ImagesSet(patch),
            Delivered = notifier.OutcomesOf(patch),
            Compatibility = schedule.CheckCompatibility ? await compatibility.ObserveAsync(patch, intent, cancellation) : null,
        };
        if (!schedule.CheckCompatibility)
        {
            compatibility.Forget(patch);
        }

        var held = schedule.IsTakenBack ? [.. schedule.Workloads.Where(w => observed.Of(w.Workload).Stable?.MarkedBy == patch.Metadata.Name)] : schedule.Held;
        if (held.Count > 0)
        {
            observed = await WithOwnersAsync(patch, held, observed, cancellation);
        }

        if (!schedule.NeedsPods(observed.Workloads.Values))
        {
            Forget(patch);
            return observed;
        }

        observed = observed with { LookingSince = reading.GetOrAdd(patch.Metadata.Uid, _ => time.GetUtcNow()) };
        var view = await views.UseAsync(patch, cancellation);
        view.WatchJobs(targets.Any(w => w.Kind is WorkloadKind.CronJob));

        // A revert goes on without proof.
        if (!await view.WaitAsync(time, cancellation))
        {
            var unknown = observed.Workloads.ToDictionary(w => w.Key, w => w.Value with { Traffic = new TrafficObservation { IsKnown = false } });
            return observed with { Workloads = unknown };
        }

        var pods = schedule.Workloads.DistinctBy(w => w.Workload).Select(w => (Workload: w, Pods: WorkloadPods.Of(view, patch, w))).ToArray();
        var routes = new Dictionary<WorkloadRef, TrafficObservation>();
        var made = new Dictionary<WorkloadRef, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>();
        var services = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (workload, of) in pods)
        {
            made[workload.Workload] = await origins.ReadAsync(workload, observed.Of(workload.Workload).Stable, of.Stable, cancellation);
            var scene = new TrafficScene(patch, view, workload.Name, of.Canary, of.Stable);
            routes[workload.Workload] = await TrafficAsync(scene, workload.Routing, cancellation);
            services.UnionWith(workload.IsJudged ? CanaryServices.OfStable(scene) : []);
        }

        var now = time.GetUtcNow();
        var seen = observed with
        {
            Workloads = pods.ToDictionary(
                p => p.Workload.Workload,
                p => WithPods(observed.Of(p.Workload.Workload), view, p.Workload.Workload.Kind is not WorkloadKind.CronJob || view.JobsAreKnown, p.Pods, routes[p.Workload.Workload], made[p.Workload.Workload], now)),
        };
        seen = schedule.NameDrift ? await drift.NameAsync(patch, seen, view, cancellation) : seen;
        PodResource[] canary = [.. pods.Where(p => p.Workload.IsJudged).SelectMany(p => p.Pods.Canary)];
        PodResource[] stable = [.. pods.Where(p => p.Workload.IsJudged).SelectMany(p => p.Pods.Stable)];
        if (intent.ScrapesFirst && schedule.IsMeasured)
        {
            var waiting = seen.Workloads.Values.SelectMany(w => w.CanaryPods).Where(p => p.WaitsAtGate).Select(p => p.Name).Order(StringComparer.Ordinal).ToArray();
            seen = seen with { Scraped = metrics.LookFor(patch, waiting, stable) };
        }

        if (schedule.Measure)
        {
            var readings = metrics.Read(patch, intent, canary, stable, [.. services]);
            return seen with { Readings = readings, IsMeasuring = readings is null };
        }

        // Asking for the metrics of no pod proves nothing, and a missing workload has its own message.
        if (schedule.Preflight && observed.Workloads.Values.All(w => w.Stable is not null))
        {
            var preflight = metrics.Try(patch, intent, stable, [.. services]);
            return seen with { Preflight = preflight, IsMeasuring = preflight is null };
        }

        if (!schedule.IsMeasured)
        {
            metrics.Stop(patch);
        }

        return seen;
    }

    /// <summary>The traffic of a run goes back, and its deadlines run, whatever cannot be read; a start can wait.</summary>
    private static bool CanGoOnWithout(EmergencyPatch patch) => patch.Metadata.IsTerminating || PatchNeighbours.IsUnderWay(patch);

    /// <summary>The patch is gone.</summary>
    public void Drop(EmergencyPatch patch)
    {
        audit.Forget(patch);
        outcomes.Forget(patch);
        Forget(patch);
    }

    /// <summary>The patch needs no pods any more.</summary>
    public void Forget(EmergencyPatch patch)
    {
        metrics.Stop(patch);
        if (reading.TryRemove(patch.Metadata.Uid, out _))
        {
            views.Release(patch);
        }
    }

    private async Task<ObservedState> WithOwnersAsync(EmergencyPatch patch, IReadOnlyList<ScheduledWorkload> held, ObservedState observed, CancellationToken cancellation)
    {
        var seen = new Dictionary<WorkloadRef, WorkloadObservation>(observed.Workloads);
        foreach (var workload in held)
        {
            if (seen[workload.Workload].Stable is { } stable)
            {
                seen[workload.Workload] = seen[workload.Workload] with { Stable = await git.ReadAsync(patch.Metadata.Namespace ?? "", workload, stable, cancellation) };
            }
        }

        return observed with { Workloads = seen };
    }

    private WorkloadObservation Workload(EmergencyPatch patch, ScheduledWorkload workload)
    {
        var ns = patch.Metadata.Namespace ?? "";
        var canary = workload.HasCanary ? workloads.Deployment(new ObjectKey(ns, workload.Workload.Name + Names.CanarySuffix)) : null;
        return new WorkloadObservation
        {
            Stable = workloads.Stable(ns, workload),
            Canary = canary is null ? null : WorkloadFacts.Canary(canary, patch, written.Of(canary)),
        };
    }

    private async Task<TrafficObservation> TrafficAsync(TrafficScene scene, ScheduledRouting? routing, CancellationToken cancellation) =>
        await traffic.PrepareAsync(scene, routing, isStart: !PatchNeighbours.IsRunning(scene.Patch) && scene.Patch.Status?.Revert is null, cancellation)
            ? traffic.Observe(scene, routing)
            : new TrafficObservation { IsKnown = false };

    private static WorkloadObservation WithPods(
        WorkloadObservation observed,
        NamespaceView view,
        bool areKnown,
        WorkloadPods pods,
        TrafficObservation traffic,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> made,
        DateTimeOffset now) => observed with
        {
            ArePodsKnown = areKnown,
            Stable = observed.Stable is { } stable ? stable with { ActiveJobs = WorkloadFacts.ActiveJobs(view.Jobs, stable.Uid, job => view.Pods.List(where: p => PodFacts.IsPodOf(p, job)), now) } : null,
            CanaryPods = [.. pods.Canary.Select(p => Pod(p, view, now, p.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource) == observed.Canary?.Source))],
            StablePods = [.. pods.Stable.Select(p => Pod(p, view, now, isCurrent: true, made.GetValueOrDefault(p.Metadata.Uid)))],
            Traffic = traffic,
        };

    private static PodObservation Pod(PodResource pod, NamespaceView view, DateTimeOffset now, bool isCurrent, IReadOnlyDictionary<string, string>? made = null) => new()
    {
        Name = pod.Metadata.Name,
        Ip = pod.Status.PodIP ?? "",
        Ready = PodFacts.IsReady(pod),
        InRotation = ReplicaRatio.IsInRotation(view, pod),
        IsCurrent = isCurrent,
        Images = made ?? PodFacts.Images(pod),
        IsTerminating = pod.Metadata.IsTerminating,
        DueGoneAt = PodFacts.DueGoneAt(pod),
        HasEnded = PodFacts.HasEnded(pod),
        Problem = PodFacts.Problem(pod, now),
        HasCrashed = PodFacts.HasCrashed(pod),
        ContainersReadyAt = PodFacts.ContainersReadyAt(pod),
        IsShut = PodFacts.IsShut(pod),
    };
}

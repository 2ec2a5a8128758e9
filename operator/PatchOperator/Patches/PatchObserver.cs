using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

/// <summary>Reads the world for one decision, from caches; only measurements leave the process.</summary>
internal sealed class PatchObserver(
    IInformerFactory informers,
    OperatorOptions options,
    IReconcileQueue<EmergencyPatch> queue,
    NamespaceViews views,
    PatchNeighbours neighbours,
    ITrafficRouter router,
    MetricReader metrics,
    ActionProblems problems,
    TimeProvider time) : IDisposable
{
    /// <summary>A revert must not wait long for caches; it goes on without proof.</summary>
    private static readonly TimeSpan CachePatience = TimeSpan.FromSeconds(5);

    private readonly IInformerLease<DeploymentResource> deployments = informers.Shared(Kinds.Deployments, options.WatchNamespace);
    private readonly Lock gate = new();
    private IDisposable? subscription;
    private readonly ConcurrentDictionary<string, string> reading = new(StringComparer.Ordinal);

    public async Task<ObservedState> ObserveAsync(EmergencyPatch patch, PatchIntent intent, Schedule schedule, CancellationToken cancellation)
    {
        Subscribe();
        await deployments.Informer.WaitForSyncAsync(cancellation);
        var ns = patch.Metadata.Namespace ?? "";
        var stable = Find(ns, schedule.Deployment);
        var canary = Find(ns, schedule.Deployment + Names.CanarySuffix);
        var observed = new ObservedState
        {
            Stable = stable is null ? null : Stable(stable, schedule.Containers),
            Canary = canary is null ? null : Canary(canary, patch),
            HeldBy = neighbours.Holder(patch, schedule.Deployment),
            Commands = CommandAnnotations.Of(patch),
            AuditedThrough = AuditTrail.LastSequence(patch),
            ActionProblem = problems.Of(patch),
        };
        if (!schedule.ReadPods && !schedule.Preflight)
        {
            Forget(patch);
            return observed;
        }

        var (seen, canaryPods, stablePods) = await ObservePodsAsync(patch, schedule, observed, canary, cancellation);
        if (schedule.Measure)
        {
            return seen with { Readings = await metrics.ReadAsync(patch, intent, canaryPods, stablePods, cancellation) };
        }

        // Asking for the metrics of no pod proves nothing, and a missing Deployment has its own message.
        return schedule.Preflight && stable is not null
            ? seen with { Preflight = await metrics.TryAsync(patch, intent, stablePods, cancellation) }
            : seen;
    }

    /// <summary>The patch needs no pods any more.</summary>
    public void Forget(EmergencyPatch patch)
    {
        if (reading.TryRemove(patch.Metadata.Uid, out _))
        {
            views.Release(patch);
        }
    }

    public void Dispose()
    {
        subscription?.Dispose();
        deployments.Dispose();
    }

    /// <summary>A change of a workload wakes its patches.</summary>
    private void Subscribe()
    {
        lock (gate)
        {
            subscription ??= queue.Map(deployments.Informer, neighbours.OfDeployment);
        }
    }

    private DeploymentResource? Find(string ns, string name) => name.Length == 0 ? null : deployments.Informer.Get(new ObjectKey(ns, name));

    private async Task<(ObservedState Seen, IReadOnlyList<PodResource> Canary, IReadOnlyList<PodResource> Stable)> ObservePodsAsync(
        EmergencyPatch patch, Schedule schedule, ObservedState observed, DeploymentResource? canary, CancellationToken cancellation)
    {
        reading[patch.Metadata.Uid] = schedule.Deployment;
        var view = await views.UseAsync(patch, cancellation);
        if (!await view.WaitAsync(CachePatience, time, cancellation))
        {
            return (observed with { Traffic = new TrafficObservation { IsKnown = false } }, [], []);
        }

        var canaryPods = view.Pods.List(where: p => PodFacts.IsCanaryOf(p, patch)).ToArray();
        var stablePods = view.Pods.List(where: p => PodFacts.IsPodOf(p, schedule.Deployment)).ToArray();
        var source = canary?.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource);
        var seen = observed with
        {
            CanaryPods = [.. canaryPods.Select(p => Pod(p, view, p.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource) == source))],
            StablePods = [.. stablePods.Select(p => Pod(p, view, true))],
            Traffic = router.Observe(view, canaryPods, stablePods),
        };
        return (seen, canaryPods, stablePods);
    }

    private PodObservation Pod(PodResource pod, NamespaceView view, bool isCurrent) => new()
    {
        Name = pod.Metadata.Name,
        Ip = pod.Status.PodIP ?? "",
        Ready = PodFacts.IsReady(pod),
        InRotation = router.IsInRotation(view, pod),
        IsCurrent = isCurrent,
        IsTerminating = pod.Metadata.IsTerminating,
        Problem = PodFacts.Problem(pod),
    };

    private static StableObservation Stable(DeploymentResource deployment, IReadOnlyList<string> patched)
    {
        var wanted = deployment.Spec.Replicas ?? 1;
        var status = deployment.Status;
        var rolledOut = (status.ObservedGeneration ?? 0) >= deployment.Metadata.Generation
            && (status.UpdatedReplicas ?? 0) >= wanted
            && (status.AvailableReplicas ?? 0) >= wanted
            && (status.Replicas ?? 0) == (status.UpdatedReplicas ?? 0);
        var failure = (status.Conditions ?? []).FirstOrDefault(c => c is { Type: "Progressing", Status: "False" } or { Type: "ReplicaFailure", Status: "True" });
        return new StableObservation
        {
            Uid = deployment.Metadata.Uid,
            Replicas = wanted,
            Images = deployment.Spec.Template.Images,
            TemplateDigest = deployment.Spec.Template.DigestWithout(patched),
            ReadyReplicas = status.ReadyReplicas ?? 0,
            IsRolledOut = rolledOut,
            RolloutFailure = rolledOut || failure is null ? null : $"{failure.Reason}: {failure.Message}",
        };
    }

    private static CanaryObservation Canary(DeploymentResource deployment, EmergencyPatch patch) => new()
    {
        IsOurs = (deployment.Metadata.OwnerReferences ?? []).Any(o => o.Uid == patch.Metadata.Uid),
        Replicas = deployment.Spec.Replicas ?? 1,
        Source = deployment.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource),
        IsTerminating = deployment.Metadata.IsTerminating,
    };
}

using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// The workloads of all patches. Each kind is watched from when the first patch names one; a change of a workload wakes its patches.
/// </summary>
internal sealed class WorkloadCaches(
    IInformerFactory informers,
    OperatorOptions options,
    IReconcileQueue<EmergencyPatch> queue,
    PatchNeighbours neighbours,
    KubernetesConnection connection) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<IDisposable> held = [];
    private readonly CacheWait statefulSetWait = new();
    private readonly CacheWait cronJobWait = new();
    private ResourceType<CronJobResource>? cronJobType;
    private IInformer<DeploymentResource>? deployments;
    private IInformer<StatefulSetResource>? statefulSets;
    private IInformer<CronJobResource>? cronJobs;

    /// <summary>From here on the caches that these workloads are in are complete, but for those of the kinds that it returns.</summary>
    /// <param name="workloads">Whose kinds are needed.</param>
    /// <param name="time">The clock by which to wait for kinds that no canary is of.</param>
    /// <param name="cancellation">Ends the wait for Deployments, too.</param>
    public async Task<IReadOnlyList<WorkloadKind>> UseAsync(IEnumerable<WorkloadRef> workloads, TimeProvider time, CancellationToken cancellation)
    {
        // Canaries are Deployments, so this cache is always needed.
        await Watched(ref deployments, Kinds.Deployments, WorkloadKind.Deployment).WaitForSyncAsync(cancellation);
        var unknown = new List<WorkloadKind>();
        foreach (var kind in workloads.Select(w => w.Kind).Distinct())
        {
            var isComplete = kind switch
            {
                WorkloadKind.Deployment => true,
                WorkloadKind.StatefulSet => await statefulSetWait.ForAsync(limit => Watched(ref statefulSets, Kinds.StatefulSets, kind).WaitForSyncAsync(limit), time, cancellation),
                WorkloadKind.CronJob => await cronJobWait.ForAsync(UseCronJobsAsync, time, cancellation),
            };
            if (!isComplete)
            {
                unknown.Add(kind);
            }
        }

        return unknown;
    }

    public DeploymentResource? Deployment(ObjectKey key) => deployments?.Get(key);

    /// <param name="ns">Where the patch lives.</param>
    /// <param name="workload">What it patches.</param>
    /// <returns>Null if there is no such workload.</returns>
    public StableObservation? Stable(string ns, ScheduledWorkload workload)
    {
        var key = new ObjectKey(ns, workload.Workload.Name);
        string[] patched = [.. workload.Images.Select(i => i.Container)];
        return workload.Workload.Kind switch
        {
            WorkloadKind.Deployment => deployments?.Get(key) is { } deployment ? WorkloadFacts.Stable(deployment, patched) : null,
            WorkloadKind.StatefulSet => statefulSets?.Get(key) is { } set ? WorkloadFacts.Stable(set, patched) : null,
            WorkloadKind.CronJob => cronJobs?.Get(key) is { } cron ? WorkloadFacts.Stable(cron, patched) : null,
        };
    }

    /// <summary>Of a workload that exists.</summary>
    public string? Annotation(string ns, WorkloadRef workload, string name)
    {
        var key = new ObjectKey(ns, workload.Name);
        var metadata = workload.Kind switch
        {
            WorkloadKind.Deployment => deployments?.Get(key)?.Metadata,
            WorkloadKind.StatefulSet => statefulSets?.Get(key)?.Metadata,
            WorkloadKind.CronJob => cronJobs?.Get(key)?.Metadata,
        };
        return metadata?.Annotations?.GetValueOrDefault(name);
    }

    /// <summary>How the API server calls this kind.</summary>
    public async Task<ResourceType> TypeAsync(WorkloadKind kind, CancellationToken cancellation) => kind switch
    {
        WorkloadKind.Deployment => Kinds.Deployments,
        WorkloadKind.StatefulSet => Kinds.StatefulSets,
        WorkloadKind.CronJob => await CronJobTypeAsync(cancellation),
    };

    public void Observe(DeploymentResource written) => deployments?.Observe(written);

    /// <summary>Our own write is in the cache before anyone else decides.</summary>
    public async Task ObserveAsync(WorkloadKind kind, Task<System.Text.Json.Nodes.JsonObject> written, CancellationToken cancellation)
    {
        switch (kind)
        {
            case WorkloadKind.Deployment:
                Observe(await written.As(Kinds.Deployments));
                break;
            case WorkloadKind.StatefulSet:
                statefulSets?.Observe(await written.As(Kinds.StatefulSets));
                break;
            case WorkloadKind.CronJob:
                cronJobs?.Observe(await written.As(await CronJobTypeAsync(cancellation)));
                break;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            held.ForEach(each => each.Dispose());
        }
    }

    private async Task UseCronJobsAsync(CancellationToken cancellation)
    {
        var type = await CronJobTypeAsync(cancellation);
        await Watched(ref cronJobs, type, WorkloadKind.CronJob).WaitForSyncAsync(cancellation);
    }

    private async Task<ResourceType<CronJobResource>> CronJobTypeAsync(CancellationToken cancellation) =>
        cronJobType ??= await connection.ServesAsync(Kinds.CronJobs.Group, Kinds.CronJobs.Version, Kinds.CronJobs.Plural, cancellation) ? Kinds.CronJobs : Kinds.BetaCronJobs;

    private IInformer<T> Watched<T>(ref IInformer<T>? informer, ResourceType<T> type, WorkloadKind kind)
        where T : class, IResource
    {
        lock (gate)
        {
            if (informer is null)
            {
                var lease = informers.Shared(type, options.WatchNamespace);
                held.Add(lease);
                informer = lease.Informer;
                held.Add(queue.Map(informer, workload => neighbours.Of(kind, ObjectKey.Of(workload))));
            }

            return informer;
        }
    }
}

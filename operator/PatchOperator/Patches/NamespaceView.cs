using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

/// <summary>Pods, Services and endpoints of one namespace, watched while a run in it needs them and not a minute longer.</summary>
internal sealed class NamespaceView : IDisposable
{
    private readonly IInformerLease<PodResource> pods;
    private readonly IInformerLease<ServiceResource> services;
    private readonly IInformerLease<EndpointSliceResource>? slices;
    private readonly IInformerLease<EndpointsResource>? endpoints;
    private readonly List<IDisposable> subscriptions = [];
    private readonly Func<IInformerLease<JobResource>> watchJobs;
    private IInformerLease<JobResource>? jobs;
    private readonly CacheWait wait = new();

    public NamespaceView(IInformerFactory informers, IReconcileQueue<EmergencyPatch> queue, PatchNeighbours neighbours, KubernetesConnection connection, string ns, bool hasEndpointSlices)
    {
        Routes = new RouteWatch(informers, queue, neighbours, connection, ns);
        pods = informers.Shared(Kinds.Pods, ns);
        services = informers.Shared(Kinds.Services, ns);
        subscriptions.Add(queue.Map(pods.Informer, _ => neighbours.RunningIn(ns)));
        watchJobs = () =>
        {
            var lease = informers.Shared(Kinds.Jobs, ns);
            subscriptions.Add(queue.Map(lease.Informer, _ => neighbours.RunningIn(ns)));
            return lease;
        };
        if (hasEndpointSlices)
        {
            slices = informers.Shared(Kinds.EndpointSlices, ns);
            subscriptions.Add(queue.Map(slices.Informer, _ => neighbours.RunningIn(ns)));
        }
        else
        {
            endpoints = informers.Shared(Kinds.Endpoints, ns);
            subscriptions.Add(queue.Map(endpoints.Informer, _ => neighbours.RunningIn(ns)));
        }
    }

    public IInformer<PodResource> Pods => pods.Informer;

    public IInformer<ServiceResource> Services => services.Informer;

    /// <summary>Those that have not been deleted; none before <see cref="WatchJobs"/>.</summary>
    public IReadOnlyCollection<JobResource> Jobs => jobs?.Informer.List() ?? [];

    /// <summary>Nothing of it is watched before a patch needs it.</summary>
    public RouteWatch Routes { get; }

    public bool EndpointsAreKnown => slices?.Informer.HasSynced ?? endpoints!.Informer.HasSynced;

    /// <summary>Names of the pods that ready endpoints point at.</summary>
    public HashSet<string> ServingPods()
    {
        var names = slices is not null
            ? slices.Informer.List().SelectMany(s => s.Endpoints ?? []).Where(e => e.Conditions?.Ready ?? true).Select(e => e.TargetRef)
            : endpoints!.Informer.List().SelectMany(e => e.Subsets ?? []).SelectMany(s => s.Addresses ?? []).Select(a => a.TargetRef);
        return names.Where(t => t is { Kind: "Pod" }).Select(t => t!.Name!).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Only a patch with a CronJob needs them.</summary>
    public void WatchJobs(bool areNeeded)
    {
        lock (subscriptions)
        {
            if (areNeeded)
            {
                jobs ??= watchJobs();
            }
        }
    }

    /// <summary>That none is seen means something.</summary>
    public bool JobsAreKnown => jobs?.Informer.HasSynced is not false;

    private bool PodsAreKnown => pods.Informer.HasSynced && services.Informer.HasSynced && EndpointsAreKnown;

    /// <returns>False if pods, Services and endpoints are not there in time; for Jobs see <see cref="JobsAreKnown"/>.</returns>
    public async Task<bool> WaitAsync(TimeProvider time, CancellationToken cancellation)
    {
        if (!PodsAreKnown || !JobsAreKnown)
        {
            await wait.ForAsync(
                limit => Task.WhenAll(
                    pods.Informer.WaitForSyncAsync(limit),
                    services.Informer.WaitForSyncAsync(limit),
                    jobs?.Informer.WaitForSyncAsync(limit) ?? Task.CompletedTask,
                    slices?.Informer.WaitForSyncAsync(limit) ?? endpoints!.Informer.WaitForSyncAsync(limit)),
                time,
                cancellation);
        }

        return PodsAreKnown;
    }

    public void Dispose()
    {
        subscriptions.ForEach(s => s.Dispose());
        Routes.Dispose();
        pods.Dispose();
        services.Dispose();
        jobs?.Dispose();
        slices?.Dispose();
        endpoints?.Dispose();
    }
}

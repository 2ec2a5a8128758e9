using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>The routes of one namespace: each kind is watched from when a patch first needs it, if the cluster serves it.</summary>
internal sealed class RouteWatch(
    IInformerFactory informers, IReconcileQueue<EmergencyPatch> queue, PatchNeighbours neighbours, KubernetesConnection connection, string ns) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<IDisposable> held = [];
    private readonly CacheWait httpRouteWait = new();
    private readonly CacheWait ingressWait = new();
    private IInformer<HttpRouteResource>? httpRoutes;
    private IInformer<IngressResource>? ingresses;

    /// <summary>Null while none was asked for, or the cluster does not serve them.</summary>
    public IInformer<HttpRouteResource>? HttpRoutes => httpRoutes;

    public IInformer<IngressResource>? Ingresses => ingresses;

    /// <returns>False if the copy is not complete in time, or the server could not be asked what it serves.</returns>
    public async Task<bool> UseAsync(RouteKind kind, TimeProvider time, CancellationToken cancellation) => kind switch
    {
        RouteKind.HTTPRoute => await httpRouteWait.ForAsync(UseHttpRoutesAsync, time, cancellation),
        RouteKind.Ingress => await ingressWait.ForAsync(UseIngressesAsync, time, cancellation),
    };

    public void Dispose()
    {
        lock (gate)
        {
            held.ForEach(each => each.Dispose());
            held.Clear();
        }
    }

    private async Task UseHttpRoutesAsync(CancellationToken cancellation)
    {
        if (httpRoutes is not null || await ServesAsync(Kinds.HttpRoutes, cancellation))
        {
            await Watched(ref httpRoutes, Kinds.HttpRoutes).WaitForSyncAsync(cancellation);
        }
    }

    private async Task UseIngressesAsync(CancellationToken cancellation)
    {
        if (ingresses is not null || await ServesAsync(Kinds.Ingresses, cancellation))
        {
            await Watched(ref ingresses, Kinds.Ingresses).WaitForSyncAsync(cancellation);
        }
    }

    private Task<bool> ServesAsync(ResourceType type, CancellationToken cancellation) => connection.ServesAsync(type.Group, type.Version, type.Plural, cancellation);

    private IInformer<T> Watched<T>(ref IInformer<T>? informer, ResourceType<T> type)
        where T : class, Domain.Api.Meta.IResource
    {
        lock (gate)
        {
            if (informer is null)
            {
                var lease = informers.Shared(type, ns);
                held.Add(lease);
                informer = lease.Informer;
                held.Add(queue.Map(informer, _ => neighbours.UsingRoutesIn(ns)));
            }

            return informer;
        }
    }
}

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
    private IInformer<HttpRouteResource>? httpRoutes;
    private IInformer<IngressResource>? ingresses;

    /// <summary>Null while none was asked for, or the cluster does not serve them.</summary>
    public IInformer<HttpRouteResource>? HttpRoutes => httpRoutes;

    public IInformer<IngressResource>? Ingresses => ingresses;

    /// <returns>False if the copy is not complete in time, or the server could not be asked what it serves.</returns>
    public async Task<bool> UseAsync(RouteKind kind, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return kind switch
            {
                RouteKind.HTTPRoute => (httpRoutes is null && !await ServesAsync(Kinds.HttpRoutes, cancellation))
                    || await IsCompleteAsync(Watched(ref httpRoutes, Kinds.HttpRoutes), patience, time, cancellation),
                RouteKind.Ingress => (ingresses is null && !await ServesAsync(Kinds.Ingresses, cancellation))
                    || await IsCompleteAsync(Watched(ref ingresses, Kinds.Ingresses), patience, time, cancellation),
            };
        }
        catch (ClusterException)
        {
            // What the server serves could not be asked: an abort does not wait for the answer.
            return false;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            held.ForEach(each => each.Dispose());
            held.Clear();
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

    private static async Task<bool> IsCompleteAsync<T>(IInformer<T> informer, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
        where T : class, Domain.Api.Meta.IResource
    {
        if (informer.HasSynced)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await informer.WaitForSyncAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}

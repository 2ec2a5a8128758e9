using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>Hands out namespace views and takes them back: the last run of a namespace closes its view.</summary>
internal sealed class NamespaceViews(IInformerFactory informers, IReconcileQueue<EmergencyPatch> queue, PatchNeighbours neighbours, KubernetesConnection connection) : IDisposable
{
    private readonly Dictionary<string, (NamespaceView View, HashSet<string> Users)> views = new(StringComparer.Ordinal);
    private bool? hasEndpointSlices;

    public async Task<NamespaceView> UseAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        hasEndpointSlices ??= await connection.ServesAsync(Kinds.EndpointSlices.Group, Kinds.EndpointSlices.Version, Kinds.EndpointSlices.Plural, cancellation);
        var ns = patch.Metadata.Namespace ?? "";
        lock (views)
        {
            if (!views.TryGetValue(ns, out var entry))
            {
                views[ns] = entry = (new NamespaceView(informers, queue, neighbours, connection, ns, hasEndpointSlices.Value), new HashSet<string>(StringComparer.Ordinal));
            }

            entry.Users.Add(patch.Metadata.Uid);
            return entry.View;
        }
    }

    public void Release(EmergencyPatch patch)
    {
        lock (views)
        {
            var ns = patch.Metadata.Namespace ?? "";
            if (views.TryGetValue(ns, out var entry) && entry.Users.Remove(patch.Metadata.Uid) && entry.Users.Count == 0)
            {
                views.Remove(ns);
                entry.View.Dispose();
            }
        }
    }

    public void Dispose()
    {
        lock (views)
        {
            foreach (var (view, _) in views.Values)
            {
                view.Dispose();
            }

            views.Clear();
        }
    }
}

using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Gives every Service that wants one a cluster address of its own.</summary>
internal sealed class ServiceController(IObjectStore store, WorkQueue queue, ClusterControllersOptions options) : IClusterController
{
    public void Observe(StoreEvent change)
    {
        if (change.Resource == ResourceName.Services && change.Type != StoreEventType.Deleted && NeedsAddress(change.Value))
        {
            queue.Add(this, change.Value.Key());
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (store.Get(ResourceName.Services, key.Namespace, key.Name) is not { } service || !NeedsAddress(service))
        {
            return;
        }

        var taken = store.List(ResourceName.Services).Select(other => other.Text("spec", "clusterIP")).ToHashSet();
        var address = Enumerable.Range(0, 256 * 254)
            .Select(number => $"{options.ServiceNetwork}.{number / 254}.{(number % 254) + 1}")
            .First(candidate => !taken.Contains(candidate));
        var spec = service.Child("spec");
        spec["clusterIP"] = address;
        spec["clusterIPs"] = new JsonArray(address);
        store.Update(ResourceName.Services, service);
    }

    private static bool NeedsAddress(JsonObject service) =>
        service.Text("spec", "type") != "ExternalName" && string.IsNullOrEmpty(service.Text("spec", "clusterIP"));
}

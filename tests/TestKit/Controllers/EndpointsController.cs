using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

/// <summary>Keeps Endpoints and EndpointSlices of Services with a selector true to the pods.</summary>
internal sealed class EndpointsController(IObjectStore store, WorkQueue queue) : IClusterController
{
    public void Observe(StoreEvent change)
    {
        if (change.Resource == ResourceName.Services)
        {
            queue.Add(this, change.Value.Key());
        }
        else if (change.Resource == ResourceName.Pods)
        {
            // All Services of the namespace: a label that was removed says no longer which Service lost the pod.
            foreach (var service in store.List(ResourceName.Services, change.Value.Namespace()))
            {
                queue.Add(this, service.Key());
            }
        }
        else if (change.Resource == ResourceName.Endpoints)
        {
            queue.Add(this, change.Value.Key());
        }
        else if (change.Resource == ResourceName.EndpointSlices && change.Value.Labels().Text(EndpointObjects.ServiceNameLabel) is { } owner)
        {
            queue.Add(this, new(change.Value.Namespace(), owner));
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (store.Get(ResourceName.Services, key.Namespace, key.Name) is not { } service)
        {
            // Slices go by their owner reference; Endpoints have none.
            store.Delete(ResourceName.Endpoints, key.Namespace, key.Name);
            return;
        }

        if (service.At("spec", "selector") is not JsonObject { Count: > 0 } selector || service.Text("spec", "type") == "ExternalName")
        {
            return;
        }

        var members = store.List(ResourceName.Pods, key.Namespace)
            .Where(pod => LabelSelector.MatchesMap(selector, pod.Labels())
                && pod.Text("status", "podIP") is not null
                && pod.Text("status", "phase") is not ("Succeeded" or "Failed"))
            .OrderBy(pod => pod.Name(), StringComparer.Ordinal)
            .ToList();

        Write(ResourceName.Endpoints, EndpointObjects.Endpoints(service, members), "subsets");

        var slices = EndpointObjects.Slices(service, members);
        foreach (var slice in slices)
        {
            Write(ResourceName.EndpointSlices, slice, "endpoints", "ports");
        }

        var names = slices.Select(slice => slice.Name()).ToHashSet();
        foreach (var stale in store.List(ResourceName.EndpointSlices, key.Namespace).Where(slice =>
            slice.Labels().Text(EndpointObjects.ServiceNameLabel) == key.Name
            && slice.Labels().Text(EndpointObjects.ManagedByLabel) == EndpointObjects.Manager
            && !names.Contains(slice.Name())))
        {
            store.Delete(ResourceName.EndpointSlices, key.Namespace, stale.Name());
        }
    }

    private void Write(ResourceName resource, JsonObject wanted, params ReadOnlySpan<string> fields)
    {
        if (store.Get(resource, wanted.Namespace(), wanted.Name()) is not { } stored)
        {
            store.Create(resource, wanted);
            return;
        }

        var changed = false;
        foreach (var field in fields)
        {
            if (!JsonNode.DeepEquals(stored[field], wanted[field]))
            {
                stored[field] = wanted[field]?.DeepClone();
                changed = true;
            }
        }

        if (changed)
        {
            store.Update(resource, stored);
        }
    }
}

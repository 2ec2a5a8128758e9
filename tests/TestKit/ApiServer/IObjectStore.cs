using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Names a kind the way URLs do: <c>("", "v1", "pods")</c>, <c>("apps", "v1", "deployments")</c>.</summary>
public readonly record struct ResourceName(string Group, string Version, string Plural)
{
    public static readonly ResourceName Pods = new("", "v1", "pods");
    public static readonly ResourceName Services = new("", "v1", "services");
    public static readonly ResourceName Endpoints = new("", "v1", "endpoints");
    public static readonly ResourceName EndpointSlices = new("discovery.k8s.io", "v1", "endpointslices");
    public static readonly ResourceName Deployments = new("apps", "v1", "deployments");
    public static readonly ResourceName ReplicaSets = new("apps", "v1", "replicasets");
    public static readonly ResourceName StatefulSets = new("apps", "v1", "statefulsets");
    public static readonly ResourceName CronJobs = new("batch", "v1", "cronjobs");
    public static readonly ResourceName Jobs = new("batch", "v1", "jobs");
    public static readonly ResourceName Events = new("", "v1", "events");
    public static readonly ResourceName Leases = new("coordination.k8s.io", "v1", "leases");
}

public enum StoreEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change, in order of resource version. <see cref="Value"/> must not be mutated by the receiver.</summary>
public sealed record StoreEvent(StoreEventType Type, ResourceName Resource, JsonObject Value);

/// <summary>
/// The stored state behind the in-process API server, for controllers that run inside it (Deployment, kubelet, endpoints).
/// Objects that are returned are copies: mutate them freely, then <see cref="Update"/>.
/// </summary>
public interface IObjectStore
{
    JsonObject? Get(ResourceName resource, string ns, string name);

    /// <param name="resource">The kind to list.</param>
    /// <param name="ns">Null lists all namespaces.</param>
    IReadOnlyList<JsonObject> List(ResourceName resource, string? ns = null);

    /// <summary>Fills in uid, creationTimestamp, generation and resourceVersion. Honours <c>generateName</c>.</summary>
    JsonObject Create(ResourceName resource, JsonObject obj);

    /// <summary>Replaces an object. Throws <see cref="ConflictException"/> when its resourceVersion is not the stored one (an empty one always wins).</summary>
    JsonObject Update(ResourceName resource, JsonObject obj, bool statusOnly = false);

    /// <summary>Sets deletionTimestamp while finalizers remain, else removes. Missing objects are ignored.</summary>
    void Delete(ResourceName resource, string ns, string name, bool force = false);

    /// <summary>Calls back, on one thread and in order, for every change from now on.</summary>
    IDisposable Subscribe(Action<StoreEvent> onEvent);
}

public sealed class ConflictException(string message) : Exception(message);

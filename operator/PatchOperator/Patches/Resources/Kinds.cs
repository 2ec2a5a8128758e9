using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Patches.Resources;

/// <summary>Every kind that the controllers read.</summary>
internal static class Kinds
{
    private static readonly KindsJson Json = new(PooledJson.Of(KindsJson.Default));

    public static readonly ResourceType<EmergencyPatch> EmergencyPatches =
        new(Names.Group, Names.Version, Names.EmergencyPatchPlural, Names.EmergencyPatchKind, new DomainJson(PooledJson.Of(DomainJson.Default)).EmergencyPatch);

    public static readonly ResourceType<DeploymentResource> Deployments = new("apps", "v1", "deployments", "Deployment", Json.DeploymentResource);

    public static readonly ResourceType<StatefulSetResource> StatefulSets = new("apps", "v1", "statefulsets", "StatefulSet", Json.StatefulSetResource);

    public static readonly ResourceType<CronJobResource> CronJobs = new("batch", "v1", "cronjobs", "CronJob", Json.CronJobResource);

    /// <summary>For clusters that do not serve CronJob v1 (before 1.21).</summary>
    public static readonly ResourceType<CronJobResource> BetaCronJobs = new("batch", "v1beta1", "cronjobs", "CronJob", Json.CronJobResource);

    public static readonly ResourceType<JobResource> Jobs = new("batch", "v1", "jobs", "Job", Json.JobResource);

    public static readonly ResourceType<PodResource> Pods = new("", "v1", "pods", "Pod", Json.PodResource);

    public static readonly ResourceType<ServiceResource> Services = new("", "v1", "services", "Service", Json.ServiceResource);

    /// <summary>Watched only in namespaces where a run uses one, and only where the API is installed.</summary>
    public static readonly ResourceType<HttpRouteResource> HttpRoutes =
        new("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", Json.HttpRouteResource);

    public static readonly ResourceType<IngressResource> Ingresses = new("networking.k8s.io", "v1", "ingresses", "Ingress", Json.IngressResource);

    public static readonly ResourceType<EndpointsResource> Endpoints = new("", "v1", "endpoints", "Endpoints", Json.EndpointsResource);

    public static readonly ResourceType<EndpointSliceResource> EndpointSlices =
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", Json.EndpointSliceResource);
}

/// <summary>A member that the JSON leaves out is set to null, whatever its initializer says: hence <c>init => field = value ?? new()</c> in the parts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeploymentResource))]
[JsonSerializable(typeof(ReplicaSetResource))]
[JsonSerializable(typeof(StatefulSetResource))]
[JsonSerializable(typeof(CronJobResource))]
[JsonSerializable(typeof(JobResource))]
[JsonSerializable(typeof(PodResource))]
[JsonSerializable(typeof(ServiceResource))]
[JsonSerializable(typeof(EndpointsResource))]
[JsonSerializable(typeof(HttpRouteResource))]
[JsonSerializable(typeof(IngressResource))]
[JsonSerializable(typeof(EndpointSliceResource))]
internal sealed partial class KindsJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Patches.Resources;

/// <summary>Every kind that the controllers read.</summary>
internal static class Kinds
{
    public static readonly ResourceType<EmergencyPatch> EmergencyPatches =
        new(Names.Group, Names.Version, Names.EmergencyPatchPlural, Names.EmergencyPatchKind, DomainJson.Default.EmergencyPatch);

    public static readonly ResourceType<DeploymentResource> Deployments = new("apps", "v1", "deployments", "Deployment", KindsJson.Default.DeploymentResource);

    public static readonly ResourceType<StatefulSetResource> StatefulSets = new("apps", "v1", "statefulsets", "StatefulSet", KindsJson.Default.StatefulSetResource);

    public static readonly ResourceType<CronJobResource> CronJobs = new("batch", "v1", "cronjobs", "CronJob", KindsJson.Default.CronJobResource);

    /// <summary>For clusters that do not serve CronJob v1 (before 1.21).</summary>
    public static readonly ResourceType<CronJobResource> BetaCronJobs = new("batch", "v1beta1", "cronjobs", "CronJob", KindsJson.Default.CronJobResource);

    public static readonly ResourceType<JobResource> Jobs = new("batch", "v1", "jobs", "Job", KindsJson.Default.JobResource);

    public static readonly ResourceType<PodResource> Pods = new("", "v1", "pods", "Pod", KindsJson.Default.PodResource);

    public static readonly ResourceType<ServiceResource> Services = new("", "v1", "services", "Service", KindsJson.Default.ServiceResource);

    /// <summary>Watched only in namespaces where a run uses one, and only where the API is installed.</summary>
    public static readonly ResourceType<HttpRouteResource> HttpRoutes =
        new("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", KindsJson.Default.HttpRouteResource);

    public static readonly ResourceType<IngressResource> Ingresses = new("networking.k8s.io", "v1", "ingresses", "Ingress", KindsJson.Default.IngressResource);

    public static readonly ResourceType<EndpointsResource> Endpoints = new("", "v1", "endpoints", "Endpoints", KindsJson.Default.EndpointsResource);

    public static readonly ResourceType<EndpointSliceResource> EndpointSlices =
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", KindsJson.Default.EndpointSliceResource);
}

/// <summary>A member that the JSON leaves out is set to null, whatever its initializer says: hence <c>init => field = value ?? new()</c> in the parts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeploymentResource))]
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

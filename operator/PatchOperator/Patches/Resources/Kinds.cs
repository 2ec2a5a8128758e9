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

    public static readonly ResourceType<PodResource> Pods = new("", "v1", "pods", "Pod", KindsJson.Default.PodResource);

    public static readonly ResourceType<ServiceResource> Services = new("", "v1", "services", "Service", KindsJson.Default.ServiceResource);

    public static readonly ResourceType<EndpointsResource> Endpoints = new("", "v1", "endpoints", "Endpoints", KindsJson.Default.EndpointsResource);

    public static readonly ResourceType<EndpointSliceResource> EndpointSlices =
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", KindsJson.Default.EndpointSliceResource);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeploymentResource))]
[JsonSerializable(typeof(PodResource))]
[JsonSerializable(typeof(ServiceResource))]
[JsonSerializable(typeof(EndpointsResource))]
[JsonSerializable(typeof(EndpointSliceResource))]
internal sealed partial class KindsJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

internal static class CompatibilityKinds
{
    public static readonly ResourceType<ModuleCompatibility> ModuleCompatibilities =
        new(Names.Group, Names.Version, Names.ModuleCompatibilityPlural, Names.ModuleCompatibilityKind, new DomainJson(PooledJson.Of(DomainJson.Default)).ModuleCompatibility);

    /// <summary>Their content is read when it is needed; a cache that kept it would hold a megabyte for each.</summary>
    public static readonly ResourceType<ConfigMapHead> ConfigMaps = new("", "v1", "configmaps", "ConfigMap", CompatibilityJson.Default.ConfigMapHead);
}

/// <summary>A ConfigMap without what is in it.</summary>
internal sealed record ConfigMapHead : IResource
{
    public ObjectMeta Metadata { get; init => field = value is null ? new() : new ObjectMeta { Name = value.Name, Namespace = value.Namespace, Uid = value.Uid, ResourceVersion = value.ResourceVersion }; } = new();
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConfigMapHead))]
internal sealed partial class CompatibilityJson : JsonSerializerContext;

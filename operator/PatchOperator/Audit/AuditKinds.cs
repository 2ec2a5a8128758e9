using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>What is in them is read one by one, never cached or watched.</summary>
internal static class AuditKinds
{
    public static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap");

    public static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret");
}

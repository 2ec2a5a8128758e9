using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>Adds entries to a ConfigMap of the operator's own, entry by entry, so that two writers do not undo each other.</summary>
internal static class AuditStore
{
    public static Task<JsonObject> MergeAsync(IClusterClient client, ObjectKey key, JsonObject data, bool exists, CancellationToken cancellation) => exists
        ? client.MergePatchAsync(AuditKinds.ConfigMaps, key, new JsonObject { ["data"] = data }, cancellation, fieldManager: Names.FieldManager)
        : client.CreateAsync(AuditKinds.ConfigMaps, key.Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = key.Name }, ["data"] = data }, cancellation);
}

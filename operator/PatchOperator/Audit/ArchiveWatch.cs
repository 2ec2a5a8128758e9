using System.Text.Json.Serialization;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>
/// Which ConfigMaps hold older records, and in which version: one that is changed or deleted wakes its patch, also a patch that ended and that nothing else wakes.
/// Watched from when the first patch has any, and without what is in them: those of deleted patches stay for ever.
/// </summary>
internal sealed class ArchiveWatch(IInformerFactory informers, OperatorOptions options, IReconcileQueue<EmergencyPatch> queue, IInformer<EmergencyPatch> patches) : IDisposable
{
    private static readonly ResourceType<ArchiveHead> Heads = new("", "v1", "configmaps", "ConfigMap", AuditJson.Default.ArchiveHead) { IsMetadataOnly = true };

    private readonly Lock gate = new();
    private IInformerLease<ArchiveHead>? lease;
    private IDisposable? subscription;

    /// <summary>Differs after any change of what lies there under the patch's name.</summary>
    public string Versions(EmergencyPatch patch) => string.Join(' ', Watched()
        .List(patch.Metadata.Namespace, head => head.Patch == patch.Metadata.Name)
        .Select(head => $"{head.Metadata.Name}:{head.Metadata.ResourceVersion}")
        .Order(StringComparer.Ordinal));

    public void Dispose()
    {
        lock (gate)
        {
            subscription?.Dispose();
            lease?.Dispose();
        }
    }

    private IInformer<ArchiveHead> Watched()
    {
        lock (gate)
        {
            if (lease is null)
            {
                lease = informers.Shared(Heads, options.WatchNamespace, labelSelector: $"{Labels.AuditArchive}=true");
                subscription = queue.Map(lease.Informer, head => Owner(head) is { } owner && patches.Get(owner) is not null ? [owner] : []);
            }

            return lease.Informer;
        }
    }

    private static ObjectKey? Owner(ArchiveHead head) => head.Patch is { } name ? new ObjectKey(head.Metadata.Namespace ?? "", name) : null;
}

/// <summary>A ConfigMap as far as it says whose it is.</summary>
internal sealed record ArchiveHead : IResource
{
    public ObjectMeta Metadata
    {
        get;
        init => field = value is null ? new() : new ObjectMeta
        {
            Name = value.Name,
            Namespace = value.Namespace,
            Uid = value.Uid,
            ResourceVersion = value.ResourceVersion,
            Annotations = value.Annotations?.GetValueOrDefault(Domain.Api.V1Alpha1.Annotations.Patch) is { } patch ? new Dictionary<string, string> { [Domain.Api.V1Alpha1.Annotations.Patch] = patch } : null,
        };
    } = new();

    [JsonIgnore]
    public string? Patch => Metadata.Annotations?.GetValueOrDefault(Annotations.Patch);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ArchiveHead))]
internal sealed partial class AuditJson : JsonSerializerContext;
